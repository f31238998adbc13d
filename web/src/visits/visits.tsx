// Visits of a week, by day. An agent sees their own, an admin everybody's.
import { appointmentsOptions } from '@client/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'wouter'
import { DAY, dayOf, serverTime } from '../app/clock'
import { Failed, Heading, Loading } from '../app/parts'
import { useWords } from '../app/words'

/** Midnight of the Monday of the week of a day. */
function monday(of: string | null): Date {
  const day = of ? new Date(`${of}T00:00`) : new Date(serverTime())
  const start = Number.isNaN(day.getTime()) ? new Date(serverTime()) : day
  start.setHours(0, 0, 0, 0)
  start.setDate(start.getDate() - ((start.getDay() + 6) % 7))
  return start
}

export function VisitsScreen() {
  const { t, language } = useWords()
  const [search, setSearch] = useSearchParams()
  const start = monday(search.get('week'))
  const end = new Date(start.getTime() + 7 * DAY)
  const visits = useQuery({ ...appointmentsOptions({ query: { from: start.toISOString(), to: end.toISOString() } }), placeholderData: (before) => before })
  const locale = language === 'en' ? 'en-GB' : 'id-ID'
  const go = (days: number) => setSearch({ week: dayOf(start.getTime() + days * DAY + DAY / 2) })
  const days = Array.from({ length: 7 }, (_, index) => new Date(start.getTime() + index * DAY))
  const ofDay = (day: Date) => (visits.data ?? []).filter((visit) => new Date(visit.startsAt).toDateString() === day.toDateString())
  return (
    <>
      <Heading
        aside={
          <>
            <button type="button" className="ghost" onClick={() => go(-7)} aria-label={t('visits.before')}>
              ←
            </button>
            <span>
              {start.toLocaleDateString(locale, { day: 'numeric', month: 'short' })} – {new Date(end.getTime() - 1).toLocaleDateString(locale, { day: 'numeric', month: 'short' })}
            </span>
            <button type="button" className="ghost" onClick={() => go(7)} aria-label={t('visits.after')}>
              →
            </button>
          </>
        }
      >
        {t('nav.visits')}
      </Heading>
      {visits.isPending && <Loading />}
      {visits.isError && <Failed error={visits.error} again={() => void visits.refetch()} />}
      <div className="grid grid-cols-1 lg:grid-cols-7 gap-3 items-start">
        {days.map((day) => (
          <section key={day.toISOString()} className="card p-3 min-w-0" aria-label={day.toLocaleDateString(locale, { weekday: 'long', day: 'numeric' })}>
            <h2 className="text-soft text-[13px] mb-2">{day.toLocaleDateString(locale, { weekday: 'short', day: 'numeric' })}</h2>
            {ofDay(day).length === 0 && <p className="text-soft text-sm">–</p>}
            <ul className="grid grid-cols-1 gap-2">
              {ofDay(day).map((visit) => (
                <li key={visit.id} className={`rounded-lg px-2.5 py-2 text-sm ${visit.status === 'cancelled' ? 'bg-idle text-idle-ink line-through' : 'bg-accent-soft'}`}>
                  <b className="font-semibold">{new Date(visit.startsAt).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' })}</b>{' '}
                  <Link href={`/leads/${visit.leadId}`} className="text-ink break-words">
                    {visit.leadName ?? t('leads.unnamed')}
                  </Link>
                  <span className="block">{visit.salesName}</span>
                  {visit.place && <span className="block break-words">{visit.place}</span>}
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </>
  )
}
