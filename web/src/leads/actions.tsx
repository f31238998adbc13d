// What an admin does with a lead: assign, put back into distribution, merge with a lead of the same person.
import type { LeadEntry, SimilarLead } from '@client'
import { distributeLeadMutation, leadDetailQueryKey, leadMergesOptions, leadMergesQueryKey, mergeLeadMutation, salesOptions, similarLeadsOptions, similarLeadsQueryKey, undoLeadMergeMutation } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { AssignDialog } from '../app/assign'
import { timeOfDay } from '../app/clock'
import { Dialog } from '../app/dialog'
import { Failed } from '../app/parts'
import { useWords } from '../app/words'

export function Actions({ lead }: { lead: LeadEntry }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const team = useQuery(salesOptions())
  const [assigns, setAssigns] = useState(false)
  const onSuccess = () => queries.invalidateQueries({ queryKey: leadDetailQueryKey({ path: { id: lead.id } }) })
  const again = useMutation({ ...distributeLeadMutation(), onSuccess })
  const name = lead.name ?? lead.phone ?? t('leads.unnamed')
  return (
    <section className="card p-4" aria-label={t('lead.actions')}>
      <p className="text-soft text-sm mb-2">{lead.ownerName ? t('leads.owner', { name: lead.ownerName }) : t('lead.noOwner')}</p>
      <div className="flex flex-wrap gap-2">
        <button type="button" className="ghost" onClick={() => setAssigns(true)}>
          {t('board.assign')}
        </button>
        {lead.status !== 'distributing' && (
          <button type="button" className="ghost" disabled={again.isPending} onClick={() => again.mutate({ path: { id: lead.id } })}>
            {t('board.again')}
          </button>
        )}
      </div>
      {again.isError && <Failed error={again.error} />}
      {assigns && (
        <AssignDialog
          id={lead.id}
          name={name}
          team={team.data ?? []}
          close={() => {
            setAssigns(false)
            void onSuccess()
          }}
        />
      )}
      <Similar lead={lead} />
    </section>
  )
}

/** Leads that may be the same person, and the merges that can be undone. A person decides. */
function Similar({ lead }: { lead: LeadEntry }) {
  const { t, language } = useWords()
  const queries = useQueryClient()
  const path = { id: lead.id }
  const similar = useQuery(similarLeadsOptions({ path }))
  const merges = useQuery(leadMergesOptions({ path }))
  const [asks, setAsks] = useState<SimilarLead>()
  const onSuccess = async () => {
    setAsks(undefined)
    for (const queryKey of [leadDetailQueryKey({ path }), similarLeadsQueryKey({ path }), leadMergesQueryKey({ path })]) await queries.invalidateQueries({ queryKey })
  }
  const merging = useMutation({ ...mergeLeadMutation(), onSuccess })
  const undoing = useMutation({ ...undoLeadMergeMutation(), onSuccess })
  const nameOf = (one: { name?: string; phone?: string }) => one.name ?? one.phone ?? t('leads.unnamed')
  return (
    <>
      {(similar.data?.length ?? 0) > 0 && <h3 className="text-sm font-semibold mt-4 mb-1">{t('merge.title')}</h3>}
      <ul className="text-sm grid gap-1.5">
        {similar.data?.map((one) => (
          <li key={one.lead.id} className="flex flex-wrap gap-2 items-center">
            <Link href={`/leads/${one.lead.id}`} className="min-w-0 break-words">
              {nameOf(one.lead)}
            </Link>
            <span className="text-soft">{[one.lead.phone, t(`merge.same.${one.same}`), one.lead.ownerName].filter(Boolean).join(' · ')}</span>
            <button type="button" className="ghost" onClick={() => setAsks(one)}>
              {t('merge.open')}
            </button>
          </li>
        ))}
        {merges.data?.map((one) => (
          <li key={one.id} className="flex flex-wrap gap-2 items-center">
            <span>{t('merge.merged', { name: nameOf(one), time: timeOfDay(one.at, language) })}</span>
            <button type="button" className="ghost" disabled={undoing.isPending} onClick={() => undoing.mutate({ path: { id: lead.id, merge: one.id } })}>
              {t('merge.undo')}
            </button>
          </li>
        ))}
      </ul>
      {undoing.isError && <Failed error={undoing.error} />}
      {asks && (
        <Dialog title={t('merge.open')} close={() => setAsks(undefined)}>
          <p className="mb-3">{t('merge.ask', { lose: nameOf(asks.lead), keep: nameOf(lead) })}</p>
          {merging.isError && <Failed error={merging.error} />}
          <button type="button" className="primary" disabled={merging.isPending} onClick={() => merging.mutate({ path, body: { leadId: asks.lead.id } })}>
            {t('merge.go')}
          </button>
        </Dialog>
      )}
    </>
  )
}
