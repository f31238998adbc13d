// What needs a person: forms without a usable number, deliveries that could not be read, leads that two agents own.
import { closeUnreadDeliveryMutation, correctMetaLeadNumberMutation, decideLeadConflictMutation, discardMetaLeadMutation, leadConflictsOptions, leadConflictsQueryKey, retryUnreadDeliveryMutation, unreadDeliveriesOptions, unreadDeliveriesQueryKey, unusableMetaLeadsOptions, unusableMetaLeadsQueryKey } from '@client/hooks'
import type { LeadConflict, UnreadDelivery, UnusableMetaLead } from '@client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { timeOfDay } from '../app/clock'
import { Failed, Heading, Loading } from '../app/parts'
import { useWords } from '../app/words'

export function AttentionScreen() {
  const { t } = useWords()
  const unusable = useQuery(unusableMetaLeadsOptions())
  const unread = useQuery(unreadDeliveriesOptions())
  const conflicts = useQuery(leadConflictsOptions())
  const error = unusable.error ?? unread.error ?? conflicts.error
  if (error) return <Failed error={error} />
  if (!unusable.data || !unread.data || !conflicts.data) return <Loading />
  const isEmpty = unusable.data.length + unread.data.length + conflicts.data.length === 0
  return (
    <>
      <Heading>{t('nav.attention')}</Heading>
      {isEmpty && <p className="card p-6 text-soft">{t('attention.nothing')}</p>}
      <Part title={t('attention.conflicts')} count={conflicts.data.length}>
        {conflicts.data.map((one) => (
          <Conflict key={one.id} conflict={one} />
        ))}
      </Part>
      <Part title={t('attention.unusable')} count={unusable.data.length}>
        {unusable.data.map((one) => (
          <Unusable key={one.id} lead={one} />
        ))}
      </Part>
      <Part title={t('attention.unread')} count={unread.data.length}>
        {unread.data.map((one) => (
          <Unread key={one.id} delivery={one} />
        ))}
      </Part>
    </>
  )
}

function Part({ title, count, children }: { title: string; count: number; children: ReactNode }) {
  if (count === 0) return null
  return (
    <section className="card mb-5" aria-label={title}>
      <h2 className="px-4 py-3 font-semibold border-b border-line">
        {title} <span className="pill warn">{count}</span>
      </h2>
      <ul>{children}</ul>
    </section>
  )
}

const ROW = 'px-4 py-3 border-t border-line first:border-t-0 grid grid-cols-1 gap-2'

function Unusable({ lead }: { lead: UnusableMetaLead }) {
  const { t, language } = useWords()
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: unusableMetaLeadsQueryKey() })
  const correct = useMutation({ ...correctMetaLeadNumberMutation(), onSuccess })
  const discard = useMutation({ ...discardMetaLeadMutation(), onSuccess })
  const error = correct.error ?? discard.error
  return (
    <li className={ROW}>
      <p>
        <b className="font-semibold">{lead.reason}</b> <span className="text-soft text-sm">{[lead.formName ?? lead.formId, timeOfDay(lead.heardAt, language)].filter(Boolean).join(' · ')}</span>
      </p>
      <pre className="text-sm text-soft whitespace-pre-wrap break-words m-0 font-sans">{lead.answers === undefined ? '' : JSON.stringify(lead.answers, null, 1)}</pre>
      <form
        className="flex flex-wrap gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          correct.mutate({ path: { id: lead.id }, body: { phone: String(new FormData(event.currentTarget).get('phone')) } })
        }}
      >
        <input className="field !w-56" name="phone" inputMode="tel" aria-label={t('play.number')} required />
        <button type="submit" className="ghost" disabled={correct.isPending}>
          {t('attention.correct')}
        </button>
        <button type="button" className="ghost text-bad" disabled={discard.isPending} onClick={() => discard.mutate({ path: { id: lead.id } })}>
          {t('attention.discard')}
        </button>
      </form>
      {error && <Failed error={error} />}
    </li>
  )
}

function Unread({ delivery }: { delivery: UnreadDelivery }) {
  const { t, language } = useWords()
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: unreadDeliveriesQueryKey() })
  const again = useMutation({ ...retryUnreadDeliveryMutation(), onSuccess })
  const close = useMutation({ ...closeUnreadDeliveryMutation(), onSuccess })
  const error = again.error ?? close.error
  return (
    <li className={ROW}>
      <p>
        <b className="font-semibold">{delivery.reason}</b> <span className="text-soft text-sm">{`${delivery.source} · ${delivery.place} · ${timeOfDay(delivery.receivedAt, language)}`}</span>
      </p>
      <p className="text-soft text-sm">{delivery.advice}</p>
      <div className="flex gap-2">
        <button type="button" className="ghost" disabled={again.isPending} onClick={() => again.mutate({ path: { id: delivery.id } })}>
          {t('attention.again')}
        </button>
        <button type="button" className="ghost" disabled={close.isPending} onClick={() => close.mutate({ path: { id: delivery.id } })}>
          {t('attention.close')}
        </button>
      </div>
      {error && <Failed error={error} />}
    </li>
  )
}

function Conflict({ conflict }: { conflict: LeadConflict }) {
  const { t, language } = useWords()
  const queries = useQueryClient()
  const decide = useMutation({ ...decideLeadConflictMutation(), onSuccess: () => queries.invalidateQueries({ queryKey: leadConflictsQueryKey() }) })
  const keep = (lead?: string) => decide.mutate({ path: { id: conflict.id }, body: lead ? { keep: lead } : {} })
  const sides = [
    [conflict.oneLeadId, conflict.oneOwnerName],
    [conflict.otherLeadId, conflict.otherOwnerName],
  ] as const
  return (
    <li className={ROW}>
      <p className="text-soft text-sm">{timeOfDay(conflict.foundAt, language)}</p>
      <div className="flex flex-wrap gap-2 items-center">
        {sides.map(([lead, owner]) => (
          <span key={lead} className="flex items-center gap-2">
            <Link href={`/leads/${lead}`}>{owner ?? t('leads.unnamed')}</Link>
            <button type="button" className="ghost" disabled={decide.isPending} onClick={() => keep(lead)}>
              {t('attention.keep', { name: owner ?? '' })}
            </button>
          </span>
        ))}
        <button type="button" className="ghost" disabled={decide.isPending} onClick={() => keep()}>
          {t('attention.keepBoth')}
        </button>
      </div>
      {decide.isError && <Failed error={decide.error} />}
    </li>
  )
}
