// The company's calendar: the hours of agents who have none of their own, and the holidays.
import { companyHoursOptions, holidaysOptions, setCompanyHoursMutation, setHolidaysMutation } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Failed, Loading } from '../app/parts'
import { useWords } from '../app/words'
import { HoursFields, hoursOf } from './hours'

export function Calendar() {
  const { t } = useWords()
  const queries = useQueryClient()
  const hours = useQuery({ ...companyHoursOptions(), refetchInterval: false })
  const holidays = useQuery(holidaysOptions())
  // Who is on duty and who is next depend on both.
  const onSuccess = () => queries.invalidateQueries()
  const savingHours = useMutation({ ...setCompanyHoursMutation(), onSuccess })
  const savingDays = useMutation({ ...setHolidaysMutation(), onSuccess })
  const error = hours.error ?? holidays.error
  if (error) return <Failed error={error} />
  if (!hours.data || !holidays.data) return <Loading />
  const days = holidays.data
  return (
    <section className="card min-w-0 p-4" aria-label={t('hours.company')}>
      <h2 className="font-semibold mb-3">{t('hours.company')}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          savingHours.mutate({ body: hoursOf(new FormData(event.currentTarget)) })
        }}
      >
        <HoursFields hours={hours.data} empty={t('hours.always')} />
        {savingHours.isError && <Failed error={savingHours.error} />}
        <button type="submit" className="ghost" disabled={savingHours.isPending}>
          {t('queues.save')}
        </button>
        {savingHours.isSuccess && <span role="status" className="text-ok text-sm ml-3">{t('lead.saved')}</span>}
      </form>
      <h3 className="font-semibold mt-5 mb-2">{t('hours.holidays')}</h3>
      <ul className="grid gap-1 mb-3">
        {days.map((holiday) => (
          <li key={holiday.day} className="flex flex-wrap gap-3 items-center">
            <span className="flex-1">{`${holiday.day} · ${holiday.name}`}</span>
            <button type="button" className="ghost" disabled={savingDays.isPending} onClick={() => savingDays.mutate({ body: days.filter((one) => one.day !== holiday.day) })}>
              {t('queues.removeRule')}
            </button>
          </li>
        ))}
      </ul>
      <form
        className="flex flex-wrap gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          const form = event.currentTarget
          const given = new FormData(form)
          const holiday = { day: String(given.get('day')), name: String(given.get('name')) }
          savingDays.mutate({ body: [...days.filter((one) => one.day !== holiday.day), holiday] }, { onSuccess: () => form.reset() })
        }}
      >
        <input className="field !w-40" type="date" name="day" aria-label={t('hours.day')} required />
        <input className="field !w-48" name="name" aria-label={t('users.name')} placeholder={t('users.name')} required />
        <button type="submit" className="ghost" disabled={savingDays.isPending}>
          {t('hours.add')}
        </button>
      </form>
      {savingDays.isError && <Failed error={savingDays.error} />}
    </section>
  )
}
