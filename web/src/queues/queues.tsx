// Queues: the places in their order, who is asked, and turns owed. A change names the places that it is based on.
import type { Queue } from '@client'
import { queuesOptions, queuesQueryKey, salesOptions, updateSalesQueueMutation } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { timeOfDay } from '../app/clock'
import { announce, Failed, Heading, Loading } from '../app/parts'
import { useWords } from '../app/words'

export function QueuesScreen() {
  const { t } = useWords()
  const queues = useQuery(queuesOptions())
  if (queues.isPending) return <Loading />
  if (queues.isError && !queues.data) return <Failed error={queues.error} again={() => void queues.refetch()} />
  return (
    <>
      <Heading>{t('nav.queues')}</Heading>
      <div className="grid grid-cols-1 xl:grid-cols-2 gap-5 items-start">
        {queues.data.map((queue) => (
          <Places key={queue.id} queue={queue} />
        ))}
      </div>
    </>
  )
}

function Places({ queue }: { queue: Queue }) {
  const { t, language } = useWords()
  const queries = useQueryClient()
  const team = useQuery(salesOptions())
  const changing = useMutation({ ...updateSalesQueueMutation(), onSettled: () => queries.invalidateQueries({ queryKey: queuesQueryKey() }) })
  const agentOf = (id: string) => team.data?.find((one) => one.id === id)
  const change = (salesId: string, body: { order?: number; active?: boolean }) => {
    changing.mutate({ path: { id: salesId }, body: { queueId: queue.id, ...body } })
    if (body.order) announce(t('queues.moved', { name: agentOf(salesId)?.name ?? '', order: body.order }))
  }
  return (
    <section className="card" aria-label={queue.settings.name} data-queue={queue.settings.name}>
      <h2 className="px-4 py-3 border-b border-line font-semibold">
        {queue.settings.name} <span className="pill idle">{t(`queues.${queue.settings.strategy ?? 'fixed'}`)}</span> {queue.isDefault && <span className="pill">{t('queues.default')}</span>}
      </h2>
      {changing.isError && <Failed error={changing.error} />}
      <ol>
        {queue.places.map((place, index) => {
          const agent = agentOf(place.salesId)
          const name = agent?.name ?? place.salesId
          return (
            <li key={place.salesId} className={`flex flex-wrap items-center gap-3 px-4 py-2 border-t border-line first:border-t-0 ${place.active === false ? 'opacity-70' : ''}`}>
              <span className="size-8 rounded-full grid place-items-center bg-accent-soft text-accent font-semibold text-sm">{place.label}</span>
              <span className="flex-1 min-w-0">
                <span className="block">{name}</span>
                <span className="block text-soft text-[13px]">
                  {[
                    place.weight !== undefined && place.weight !== 1 && t('queues.weight', { weight: place.weight }),
                    place.owedThousandths !== undefined && place.owedThousandths !== 0 && t('queues.owed', { turns: (place.owedThousandths / 1000).toFixed(1) }),
                    agent && !agent.onDuty && `${t('board.away')}${agent.awayUntil ? ` ${t('board.awayUntil', { time: timeOfDay(agent.awayUntil, language) })}` : ''}`,
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
              </span>
              <button type="button" className="ghost" disabled={index === 0 || changing.isPending} aria-label={t('queues.up', { name })} onClick={() => change(place.salesId, { order: index })}>
                ↑
              </button>
              <button type="button" className="ghost" disabled={index === queue.places.length - 1 || changing.isPending} aria-label={t('queues.down', { name })} onClick={() => change(place.salesId, { order: index + 2 })}>
                ↓
              </button>
              <label className="flex items-center gap-2 min-h-[44px]">
                <input type="checkbox" className="size-5" checked={place.active !== false} disabled={changing.isPending} onChange={(event) => change(place.salesId, { active: event.currentTarget.checked })} />
                {t('queues.active')}
              </label>
            </li>
          )
        })}
      </ol>
    </section>
  )
}
