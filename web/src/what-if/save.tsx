// Saves the order and the last round that were tried as a queue's policy, after a confirmation.
import type { Queue } from '@client'
import { queuesOptions, queuesQueryKey, setQueuePlacesMutation, updateQueueMutation } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Dialog } from '../app/dialog'
import { Failed, Field } from '../app/parts'
import { useWords } from '../app/words'

/** What was tried and can be saved. The time for an answer is a setting of the whole company. */
export type Tried = { order?: string[]; lastRound?: boolean; ackSeconds?: number }

export function SavePolicy({ tried, nameOf }: { tried: Tried; nameOf: (id: string) => string }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const queues = useQuery(queuesOptions())
  const [asks, setAsks] = useState(false)
  const [chosen, setChosen] = useState<string>()
  const ordering = useMutation(setQueuePlacesMutation())
  const setting = useMutation(updateQueueMutation())
  const [saved, setSaved] = useState(false)
  const queue = queues.data?.find((one) => one.id === chosen) ?? queues.data?.[0]
  if (!queue || (tried.order === undefined && tried.lastRound === undefined)) return null
  const order = tried.order && inOrder(queue, tried.order)
  const save = async () => {
    if (order) await ordering.mutateAsync({ path: { id: queue.id }, headers: { 'If-Match': queue.version }, body: order })
    if (tried.lastRound !== undefined) await setting.mutateAsync({ path: { id: queue.id }, body: { ...queue.settings, lastRound: tried.lastRound } })
    setSaved(true)
    setAsks(false)
    await queries.invalidateQueries({ queryKey: queuesQueryKey() })
  }
  const error = ordering.error ?? setting.error
  return (
    <div className="mt-4">
      <button type="button" className="ghost" onClick={() => setAsks(true)}>
        {t('whatIf.save')}
      </button>
      {saved && <span role="status" className="text-ok text-sm ml-3">{t('lead.saved')}</span>}
      {asks && (
        <Dialog title={t('whatIf.save')} close={() => setAsks(false)}>
          <Field label={t('whatIf.queue')}>
            <select className="field" value={queue.id} onChange={(event) => setChosen(event.currentTarget.value)}>
              {queues.data?.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.settings.name}
                </option>
              ))}
            </select>
          </Field>
          {order && <p>{t('whatIf.newOrder', { names: order.map((place) => nameOf(place.salesId)).join(', ') })}</p>}
          {tried.lastRound !== undefined && <p>{`${t('whatIf.lastRound')}: ${t(tried.lastRound ? 'whatIf.with' : 'whatIf.without')}`}</p>}
          {tried.ackSeconds !== undefined && <p className="text-soft">{t('whatIf.window', { seconds: tried.ackSeconds })}</p>}
          {error && <Failed error={error} />}
          <button type="button" className="primary mt-3" disabled={ordering.isPending || setting.isPending} onClick={() => void save().catch(() => {})}>
            {t('whatIf.confirm')}
          </button>
        </Dialog>
      )}
    </div>
  )
}

/** The queue's places in this order. Agents who are not in it stay behind the others. */
function inOrder(queue: Queue, order: string[]) {
  const at = (id: string) => (order.includes(id) ? order.indexOf(id) : order.length)
  const places = queue.places.map(({ owedThousandths: _, ...place }) => place)
  return places.sort((one, other) => at(one.salesId) - at(other.salesId))
}
