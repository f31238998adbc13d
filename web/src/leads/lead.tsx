// A lead: its client, what is next, its visits, its story and its conversation.
import type { LeadDetail, LeadProgress } from '@client'
import { addLeadNoteMutation, bookAppointmentMutation, cancelAppointmentMutation, leadDetailOptions, leadDetailQueryKey, updateAppointmentMutation, updateLeadProgressMutation } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from 'wouter'
import { timeOfDay } from '../app/clock'
import { Failed, Field, Heading, Loading } from '../app/parts'
import { useWords } from '../app/words'
import { sessionOptions } from '../app/session'
import { Actions } from './actions'
import { Layer2 } from './layer2'
import { Story } from '../story/story'

const PROGRESS: LeadProgress[] = ['pending', 'contacted', 'follow-up', 'visit', 'negotiation', 'won', 'lost']

export function LeadScreen({ id }: { id: string }) {
  const { t, language } = useWords()
  const detail = useQuery(leadDetailOptions({ path: { id } }))
  const session = useQuery(sessionOptions)
  if (detail.isPending) return <Loading />
  if (detail.isError && !detail.data) return <Failed error={detail.error} again={() => void detail.refetch()} />
  const { lead, messages, history } = detail.data
  return (
    <>
      <p className="mb-2">
        <Link href="/leads" className="text-soft">
          ← {t('nav.leads')}
        </Link>
      </p>
      <Heading aside={<span className="pill">{t(`status.${lead.status}`)}</span>}>{lead.name ?? lead.phone ?? t('leads.unnamed')}</Heading>
      <div className="grid grid-cols-1 lg:grid-cols-[minmax(0,1fr)_320px] gap-5 items-start">
        <div className="grid grid-cols-1 gap-5 min-w-0 order-last lg:order-first">
          <section className="card p-4" aria-label={t('lead.story')}>
            <h2 className="font-semibold mb-3">{t('lead.story')}</h2>
            <Story id={id} />
          </section>
          <section className="card p-4" aria-label={t('lead.conversation')}>
            <h2 className="font-semibold mb-3">{t('lead.conversation')}</h2>
            <ul className="grid grid-cols-1 gap-2">
              {messages.map((message) => (
                <li key={message.id} className={`max-w-[85%] rounded-xl px-3 py-2 text-sm ${message.direction === 'in' ? 'bg-bg' : 'bg-accent-soft ml-auto'}`}>
                  <p className="text-soft text-xs">
                    {message.direction === 'out' ? t('lead.system') : message.kind === 'client' ? t('lead.client') : t('lead.agent')} · {timeOfDay(message.createdAt, language)} · {message.deliveryStatus}
                  </p>
                  <p className="whitespace-pre-wrap break-words">{message.editedBody ?? message.body}</p>
                </li>
              ))}
            </ul>
          </section>
        </div>
        <div className="grid grid-cols-1 gap-5">
          <Contact detail={detail.data} />
          {session.data?.role === 'admin' && !lead.erasedAt && <Actions lead={lead} />}
          {lead.status === 'claimed' && <Next detail={detail.data} />}
          {lead.status === 'claimed' && <Layer2 lead={lead} />}
          {lead.status === 'claimed' && <Visits detail={detail.data} />}
          <section className="card p-4" aria-label={t('lead.history')} hidden={history.length === 0}>
            <h2 className="font-semibold mb-2">{t('lead.history')}</h2>
            <ul className="text-sm grid gap-1.5">
              {history.map((change, index) => (
                <li key={`${change.at}${index}`}>
                  <span className="text-soft">{timeOfDay(change.at, language)}</span> {change.byName} {change.field}: {change.oldValue ?? '–'} → {change.newValue ?? '–'} {change.note}
                </li>
              ))}
            </ul>
          </section>
        </div>
      </div>
    </>
  )
}

function Contact({ detail: { lead } }: { detail: LeadDetail }) {
  const { t, language } = useWords()
  return (
    <section className="card p-4" aria-label={t('lead.client')}>
      <p className="font-semibold">{lead.phone ?? '–'}</p>
      {lead.erasedAt && <p className="pill idle mb-2">{t('lead.erased', { time: timeOfDay(lead.erasedAt, language) })}</p>}
      <p className="text-soft text-sm mb-3">{[lead.project, lead.area, lead.sourceAds].filter(Boolean).join(' · ')}</p>
      {lead.phone && (
        <div className="flex gap-2">
          <a className="ghost content-center no-underline flex-1 text-center" href={`https://wa.me/${lead.phone.replace('+', '')}`} target="_blank" rel="noreferrer">
            {t('offers.chat')}
          </a>
          <a className="ghost content-center no-underline flex-1 text-center" href={`tel:${lead.phone}`}>
            {t('offers.call')}
          </a>
        </div>
      )}
    </section>
  )
}

function Next({ detail: { lead } }: { detail: LeadDetail }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: leadDetailQueryKey({ path: { id: lead.id } }) })
  const progress = useMutation({ ...updateLeadProgressMutation(), onSuccess })
  const note = useMutation({ ...addLeadNoteMutation(), onSuccess })
  return (
    <section className="card p-4" aria-label={t('lead.progress')}>
      <Field label={t('lead.progress')}>
        <select
          className="field"
          value={lead.progress}
          disabled={progress.isPending}
          onChange={(event) => progress.mutate({ path: { id: lead.id }, body: { progress: event.currentTarget.value as LeadProgress } })}
        >
          {PROGRESS.map((one) => (
            <option key={one} value={one}>
              {t(`progress.${one}`)}
            </option>
          ))}
        </select>
      </Field>
      {progress.isError && <Failed error={progress.error} />}
      {progress.isSuccess && (
        <p role="status" className="text-ok text-sm">
          {t('lead.saved')}
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const form = event.currentTarget
          note.mutate({ path: { id: lead.id }, body: { note: String(new FormData(form).get('note')) } }, { onSuccess: () => form.reset() })
        }}
      >
        <Field label={t('lead.note')}>
          <textarea className="field" name="note" rows={2} required />
        </Field>
        {note.isError && <Failed error={note.error} />}
        <button type="submit" className="ghost" disabled={note.isPending}>
          {t('lead.addNote')}
        </button>
      </form>
    </section>
  )
}

function Visits({ detail: { lead, appointments } }: { detail: LeadDetail }) {
  const { t, language } = useWords()
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: leadDetailQueryKey({ path: { id: lead.id } }) })
  const booking = useMutation({ ...bookAppointmentMutation(), onSuccess })
  const cancelling = useMutation({ ...cancelAppointmentMutation(), onSuccess })
  const moving = useMutation({ ...updateAppointmentMutation(), onSuccess })
  return (
    <section className="card p-4" aria-label={t('lead.visits')}>
      <h2 className="font-semibold mb-2">{t('lead.visits')}</h2>
      {appointments.length === 0 && <p className="text-soft text-sm">{t('lead.noVisits')}</p>}
      <ul className="grid gap-2 mb-3">
        {appointments.map((visit) => (
          <li key={visit.id} className="text-sm">
            <p>
              {timeOfDay(visit.startsAt, language)} · {visit.place ?? '–'} {visit.status === 'cancelled' && <span className="pill idle">{t('lead.cancelled')}</span>}
            </p>
            {visit.status !== 'cancelled' && (
              <form
                className="flex gap-2 my-1"
                onSubmit={(event) => {
                  event.preventDefault()
                  const time = String(new FormData(event.currentTarget).get('time'))
                  moving.mutate({ path: { id: visit.id }, body: { startsAt: new Date(time).toISOString() } })
                }}
              >
                <input className="field min-w-0" type="datetime-local" name="time" aria-label={t('lead.newTime')} required />
                <button type="submit" className="ghost" disabled={moving.isPending}>
                  {t('lead.moveVisit')}
                </button>
              </form>
            )}
            {visit.status !== 'cancelled' && (
              <button type="button" className="ghost" disabled={cancelling.isPending} onClick={() => cancelling.mutate({ path: { id: visit.id }, body: {} })}>
                {t('lead.cancelVisit')}
              </button>
            )}
          </li>
        ))}
      </ul>
      {moving.isError && <Failed error={moving.error} />}
      {cancelling.isError && <Failed error={cancelling.error} />}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const target = event.currentTarget
          const form = new FormData(target)
          const place = String(form.get('place'))
          booking.mutate(
            { path: { id: lead.id }, body: { startsAt: new Date(String(form.get('time'))).toISOString(), ...(place ? { place } : {}) } },
            { onSuccess: () => target.reset() },
          )
        }}
      >
        <Field label={t('lead.visitTime')}>
          <input className="field" type="datetime-local" name="time" required />
        </Field>
        <Field label={t('lead.visitPlace')}>
          <input className="field" name="place" />
        </Field>
        {booking.isError && <Failed error={booking.error} />}
        <button type="submit" className="ghost" disabled={booking.isPending}>
          {t('lead.book')}
        </button>
      </form>
    </section>
  )
}
