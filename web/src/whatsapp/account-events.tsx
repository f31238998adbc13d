// What Meta reported about the account and its templates, newest first.
import { whatsappAccountEventsOptions } from '@client/hooks'
import { useQuery } from '@tanstack/react-query'
import { timeOfDay } from '../app/clock'
import { Failed } from '../app/parts'
import { useWords } from '../app/words'

const LOOK: Record<string, string> = { danger: 'bad', warning: 'warn' }

export function AccountEvents() {
  const { t, language } = useWords()
  const events = useQuery(whatsappAccountEventsOptions())
  if (events.isError) return <Failed error={events.error} />
  if (!events.data || events.data.length === 0) return null
  return (
    <section className="card p-4 max-w-xl" aria-label={t('whatsapp.account')}>
      <h2 className="font-semibold mb-2">{t('whatsapp.account')}</h2>
      <ul className="grid gap-1.5 text-sm">
        {events.data.map((event) => (
          <li key={event.id}>
            <span className={`pill ${LOOK[event.severity] ?? 'idle'}`}>{event.event}</span> {event.field} <span className="text-soft">{timeOfDay(event.receivedAt, language)}</span>
            <pre className="text-soft whitespace-pre-wrap break-words m-0 font-sans">{JSON.stringify(event.detail)}</pre>
          </li>
        ))}
      </ul>
    </section>
  )
}
