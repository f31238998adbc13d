// Who is in a queue: an agent is added at the end, or taken out.
import type { Queue, TeamMember } from '@client'
import { addQueuePlaceMutation, removeQueuePlaceMutation } from '@client/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Failed } from '../app/parts'
import { useWords } from '../app/words'

export function Members({ queue, team }: { queue: Queue; team: TeamMember[] }) {
  const { t } = useWords()
  const queries = useQueryClient()
  // Who is next and the team's places depend on it.
  const onSuccess = () => queries.invalidateQueries()
  const adding = useMutation({ ...addQueuePlaceMutation(), onSuccess })
  const removing = useMutation({ ...removeQueuePlaceMutation(), onSuccess })
  const isIn = (id: string) => queue.places.some((place) => place.salesId === id)
  const nameOf = (id: string) => team.find((one) => one.id === id)?.name ?? id
  const others = team.filter((one) => !isIn(one.id))
  const error = adding.error ?? removing.error
  return (
    <details className="border-t border-line px-4 py-2">
      <summary className="min-h-[44px] content-center cursor-pointer">{t('queues.members')}</summary>
      {others.length > 0 && (
        <form
          className="flex flex-wrap gap-2 mb-3"
          onSubmit={(event) => {
            event.preventDefault()
            adding.mutate({ path: { id: queue.id }, body: { salesId: String(new FormData(event.currentTarget).get('agent')) } })
          }}
        >
          <select className="field !w-56" name="agent" aria-label={t('lead.agent')}>
            {others.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
          <button type="submit" className="ghost" disabled={adding.isPending}>
            {t('queues.addMember')}
          </button>
        </form>
      )}
      <ul className="flex flex-wrap gap-2 mb-2">
        {queue.places.map((place) => (
          <li key={place.salesId}>
            <button type="button" className="ghost" disabled={removing.isPending} onClick={() => removing.mutate({ path: { id: queue.id, agent: place.salesId } })}>
              {t('queues.takeOut', { name: nameOf(place.salesId) })}
            </button>
          </li>
        ))}
      </ul>
      {error && <Failed error={error} />}
    </details>
  )
}
