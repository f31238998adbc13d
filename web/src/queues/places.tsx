// The places of a queue. They are moved by dragging or with the arrow buttons.
import type { Place, Queue, TeamMember } from '@client'
import { nextOfQueueOptions, nextOfQueueQueryKey, queuesQueryKey, setQueuePlacesMutation } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { AvailabilityDialog } from '../availability/availability'
import { timeOfDay } from '../app/clock'
import { announce, Failed } from '../app/parts'
import { useWords } from '../app/words'
import { Members } from './members'
import { Rules } from './rules'
import { Settings } from './settings'

const isStale = (error: unknown) => (error as { code?: string } | null)?.code === 'stale'

export function Places({ queue, team }: { queue: Queue; team: TeamMember[] }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const path = { id: queue.id }
  const next = useQuery(nextOfQueueOptions({ path }))
  const changing = useMutation({
    ...setQueuePlacesMutation(),
    onSettled: () => Promise.all([queries.invalidateQueries({ queryKey: queuesQueryKey() }), queries.invalidateQueries({ queryKey: nextOfQueueQueryKey({ path }) })]),
  })
  const nameOf = (id: string) => team.find((one) => one.id === id)?.name ?? id
  const save = (places: Place[]) =>
    changing.mutate({ path, headers: { 'If-Match': queue.version }, body: places.map(({ salesId, label, active, weight }) => ({ salesId, label, ...(active === undefined ? {} : { active }), ...(weight === undefined ? {} : { weight }) })) })
  const move = (from: number, to: number) => {
    const places = [...queue.places]
    const [place] = places.splice(from, 1)
    if (!place || from === to) return
    places.splice(to, 0, place)
    announce(t('queues.moved', { name: nameOf(place.salesId), order: to + 1 }))
    save(places)
  }
  const change = (index: number, by: Partial<Place>) => save(queue.places.map((place, at) => (at === index ? { ...place, ...by } : place)))
  const [dragged, setDragged] = useState<number>()
  const sent = changing.variables?.body
  return (
    <section className="card min-w-0" aria-label={queue.settings.name} data-queue={queue.settings.name}>
      <h2 className="px-4 py-3 border-b border-line font-semibold">
        {queue.settings.name} <span className="pill idle">{t(`queues.${queue.settings.strategy ?? 'fixed'}`)}</span> {queue.isDefault && <span className="pill">{t('queues.default')}</span>}
      </h2>
      {(next.data?.length ?? 0) > 0 && <p className="px-4 pt-3 text-soft text-sm" data-next={next.data?.join(' ')}>{t('queues.next', { names: next.data?.map(nameOf).join(', ') ?? '' })}</p>}
      {changing.isError && !isStale(changing.error) && <Failed error={changing.error} />}
      {changing.isError && isStale(changing.error) && sent && (
        <div role="alert" className="card m-3 p-4 bg-warn-soft">
          <p className="font-semibold">{t('queues.stale')}</p>
          <p>{t('queues.theirs', { names: queue.places.map((place) => nameOf(place.salesId)).join(', ') })}</p>
          <p>{t('queues.yours', { names: sent.map((place) => nameOf(place.salesId)).join(', ') })}</p>
          <div className="flex gap-2 mt-2">
            <button type="button" className="ghost" onClick={() => save(sent)}>
              {t('queues.useYours')}
            </button>
            <button type="button" className="ghost" onClick={() => changing.reset()}>
              {t('queues.useTheirs')}
            </button>
          </div>
        </div>
      )}
      <ol>
        {queue.places.map((place, index) => (
          <li
            key={place.salesId}
            draggable
            onDragStart={() => setDragged(index)}
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => {
              event.preventDefault()
              if (dragged !== undefined) move(dragged, index)
              setDragged(undefined)
            }}
            className={`flex flex-wrap items-center gap-3 px-4 py-2 border-t border-line first:border-t-0 cursor-grab ${place.active === false ? 'opacity-70' : ''}`}
          >
            <Row place={place} index={index} queue={queue} agent={team.find((one) => one.id === place.salesId)} disabled={changing.isPending} move={move} change={change} />
          </li>
        ))}
      </ol>
      <Members queue={queue} team={team} />
      <Settings queue={queue} />
      <Rules queue={queue} />
    </section>
  )
}

type RowProps = {
  place: Place
  index: number
  queue: Queue
  agent: TeamMember | undefined
  disabled: boolean
  move: (from: number, to: number) => void
  change: (index: number, by: Partial<Place>) => void
}

function Row({ place, index, queue, agent, disabled, move, change }: RowProps) {
  const { t, language } = useWords()
  const [opens, setOpens] = useState(false)
  const name = agent?.name ?? place.salesId
  const active = queue.places.filter((one) => one.active !== false)
  const weights = active.reduce((sum, one) => sum + (one.weight ?? 1), 0)
  const due = place.active === false || weights === 0 ? 0 : (place.weight ?? 1) / weights
  const facts = [
    agent && t('queues.share', { share: Math.round(100 * agent.share), due: Math.round(100 * due) }),
    place.owedThousandths !== undefined && place.owedThousandths !== 0 && t('queues.owed', { turns: (place.owedThousandths / 1000).toFixed(1) }),
    agent && !agent.onDuty && `${t('board.away')}${agent.awayUntil ? ` ${t('board.awayUntil', { time: timeOfDay(agent.awayUntil, language) })}` : ''}`,
  ]
  return (
    <>
      <span className="size-8 rounded-full grid place-items-center bg-accent-soft text-accent font-semibold text-sm">{place.label}</span>
      <span className="flex-1 min-w-[120px]">
        <span className="block">{name}</span>
        <span className="block text-soft text-[13px]">{facts.filter(Boolean).join(' · ')}</span>
      </span>
      {queue.settings.strategy === 'weighted' && (
        <input
          className="field !w-16"
          type="number"
          min="1"
          max="16"
          aria-label={t('queues.weightOf', { name })}
          key={place.weight}
          defaultValue={place.weight ?? 1}
          disabled={disabled}
          onChange={(event) => event.currentTarget.checkValidity() && event.currentTarget.value && change(index, { weight: Number(event.currentTarget.value) })}
        />
      )}
      <button type="button" className="ghost" disabled={index === 0 || disabled} aria-label={t('queues.up', { name })} onClick={() => move(index, index - 1)}>
        ↑
      </button>
      <button type="button" className="ghost" disabled={index === queue.places.length - 1 || disabled} aria-label={t('queues.down', { name })} onClick={() => move(index, index + 1)}>
        ↓
      </button>
      <button type="button" className="ghost" aria-label={t('hours.of', { name })} onClick={() => setOpens(true)}>
        {t('hours.open')}
      </button>
      <label className="flex items-center gap-2 min-h-[44px]">
        <input type="checkbox" className="size-5" checked={place.active !== false} disabled={disabled} onChange={(event) => change(index, { active: event.currentTarget.checked })} />
        {t('queues.active')}
      </label>
      {opens && <AvailabilityDialog id={place.salesId} name={name} close={() => setOpens(false)} />}
    </>
  )
}
