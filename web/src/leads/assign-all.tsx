// Every lead that matches the filters, for one agent: a preview with the count, then ten seconds to take it back.
import type { BulkAnswer, LeadFilter, TeamMember } from '@client'
import { assignLeadsMutation, cancelLeadsAssignmentMutation, leadsAssignmentOptions, salesOptions } from '@client/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Agents } from '../app/assign'
import { useServerTime } from '../app/clock'
import { Dialog } from '../app/dialog'
import { Failed } from '../app/parts'
import { useWords } from '../app/words'

export function AssignAll({ filter, count }: { filter: LeadFilter; count: number }) {
  const { t } = useWords()
  const team = useQuery(salesOptions())
  const [asks, setAsks] = useState(false)
  const [agent, setAgent] = useState<TeamMember>()
  const [begun, setBegun] = useState<BulkAnswer>()
  const previewing = useMutation(assignLeadsMutation())
  const assigning = useMutation(assignLeadsMutation())
  const close = () => {
    setAsks(false)
    setAgent(undefined)
    previewing.reset()
    assigning.reset()
  }
  const choose = (chosen: TeamMember) => {
    setAgent(chosen)
    previewing.mutate({ body: { salesId: chosen.id, filter } })
  }
  const preview = previewing.data
  return (
    <>
      <button type="button" className="ghost" disabled={count === 0} onClick={() => setAsks(true)}>
        {t('bulk.open', { count })}
      </button>
      {asks && (
        <Dialog title={t('bulk.title')} close={close}>
          {previewing.isError && <Failed error={previewing.error} />}
          {assigning.isError && <Failed error={assigning.error} />}
          {!agent && <Agents team={team.data ?? []} disabled={previewing.isPending} choose={choose} />}
          {agent && preview && (
            <>
              <p className="mb-3">{t('bulk.preview', { count: preview.count, name: agent.name })}</p>
              <button
                type="button"
                className="primary w-full"
                disabled={assigning.isPending || preview.count === 0}
                onClick={() =>
                  assigning.mutate(
                    { body: { salesId: agent.id, filter, count: preview.count } },
                    {
                      onSuccess: (bulk) => {
                        setBegun(bulk)
                        close()
                      },
                    },
                  )
                }
              >
                {t('bulk.go', { count: preview.count })}
              </button>
            </>
          )}
        </Dialog>
      )}
      {begun?.id && <Undo id={begun.id} key={begun.id} close={() => setBegun(undefined)} />}
    </>
  )
}

/** Counts down until the assignment begins, and says what became of it. */
function Undo({ id, close }: { id: string; close: () => void }) {
  const { t } = useWords()
  const now = useServerTime()
  const options = leadsAssignmentOptions({ path: { id } })
  const bulk = useQuery({ ...options, refetchInterval: (query) => (query.state.data?.endedAt ?? query.state.data?.cancelledAt ? false : 1000) })
  const cancelling = useMutation({ ...cancelLeadsAssignmentMutation(), onSettled: () => void bulk.refetch() })
  const data = bulk.data
  if (!data?.beginsAt) return null
  const left = Math.max(0, Math.ceil((Date.parse(data.beginsAt) - now) / 1000))
  const said = () => {
    if (data.cancelledAt) return t('bulk.cancelled')
    if (data.endedAt) return `${t('bulk.done', { count: data.assigned, skipped: data.alreadyTheirs + data.gone })}${data.refused > 0 ? ` ${t('bulk.refused', { count: data.refused })}` : ''}`
    return left > 0 ? t('bulk.begins', { count: data.count, seconds: left }) : t('bulk.runs', { count: data.assigned, of: data.count })
  }
  return (
    <div role="status" className="card fixed z-20 bottom-20 md:bottom-6 inset-x-4 md:left-auto md:w-96 p-4 flex flex-wrap gap-3 items-center justify-between" data-bulk={id}>
      <p className="min-w-0">{said()}</p>
      {!data.cancelledAt && !data.endedAt && left > 0 ? (
        <button type="button" className="primary" disabled={cancelling.isPending} onClick={() => cancelling.mutate({ path: { id } })}>
          {t('bulk.undo')}
        </button>
      ) : (
        <button type="button" className="ghost" onClick={close}>
          {t('close')}
        </button>
      )}
      {cancelling.isError && <Failed error={cancelling.error} />}
    </div>
  )
}
