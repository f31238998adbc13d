// The working hours of a week: from and to for each day; an empty day is a day off.
import type { WorkingHours } from '@client'
import { useWords } from '../app/words'

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7]

/** The fields of a week. Hours beyond the first ones of a day are kept as they are. */
export function HoursFields({ hours, empty }: { hours: WorkingHours[]; empty: string }) {
  const { t, language } = useWords()
  // 5 January 2026 is a Monday.
  const dayName = (weekday: number, size: 'short' | 'long' = 'long') => new Date(2026, 0, 4 + weekday).toLocaleDateString(language === 'en' ? 'en-GB' : 'id-ID', { weekday: size })
  return (
    <fieldset className="border-0 p-0 m-0 mb-3 min-w-0">
      <legend className="text-soft text-sm">{t('hours.week', { empty })}</legend>
      {WEEKDAYS.map((weekday) => {
        const [first, ...more] = hours.filter((one) => one.weekday === weekday)
        return (
          <div key={weekday} className="grid grid-cols-[40px_minmax(0,1fr)_minmax(0,1fr)] gap-2 items-center mb-1">
            <span>{dayName(weekday, 'short')}</span>
            <input className="field" type="time" name={`opens${weekday}`} aria-label={t('hours.opens', { day: dayName(weekday) })} defaultValue={first?.opens ?? ''} />
            <input className="field" type="time" name={`closes${weekday}`} aria-label={t('hours.closes', { day: dayName(weekday) })} defaultValue={first?.closes ?? ''} />
            <input type="hidden" name={`more${weekday}`} value={JSON.stringify(more)} />
          </div>
        )
      })}
    </fieldset>
  )
}

/** The hours that the fields of a form say. */
export function hoursOf(form: FormData): WorkingHours[] {
  return WEEKDAYS.flatMap((weekday) => {
    const opens = String(form.get(`opens${weekday}`))
    const closes = String(form.get(`closes${weekday}`))
    const more = JSON.parse(String(form.get(`more${weekday}`))) as WorkingHours[]
    return opens && closes ? [{ weekday, opens, closes }, ...more] : more
  })
}
