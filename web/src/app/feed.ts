// The live feed: one connection for the whole page. An event has the queries that show its row read again.
import type { QueryClient } from '@tanstack/react-query'
import type { BoardAnswer, LiveEvent } from '@client'
import { boardQueryKey } from '@client/hooks'
import { useSyncExternalStore } from 'react'
import { serverTime } from './clock'
import { sessionOptions } from './session'

export type Feed = { state: 'live' | 'reconnecting'; since: number }

let feed: Feed = { state: 'reconnecting', since: serverTime() }
const listeners = new Set<() => void>()

function set(state: Feed['state']): void {
  if (feed.state === state) return
  feed = { state, since: serverTime() }
  for (const each of listeners) each()
}

export function useFeed(): Feed {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => feed,
  )
}

/** The operations whose answers an event of a kind can change. */
const CHANGED: Record<string, string[]> = {
  lead: ['board', 'myOffers', 'leads', 'leadDetail', 'explainLead', 'sales'],
  attempt: ['board', 'myOffers', 'leadDetail', 'explainLead', 'sales', 'nextOfQueue'],
  message: ['leadDetail', 'explainLead', 'whatsappMessages'],
  appointment: ['appointments', 'leadDetail'],
  provider: ['board', 'myOffers', 'whatsappStatus'],
}

const isSession = (key: readonly unknown[]) => key[0] === sessionOptions.queryKey[0]

/** Whether the board shows the offer of the event as it is now: the delivery of its message, for example, changes nothing there. */
function isOnBoard({ id, attempt }: LiveEvent, board: BoardAnswer | undefined): boolean {
  if (!attempt) return false
  const seats = board?.leads.flatMap((lead) => lead.seats) ?? []
  return seats.some((seat) => seat.attemptId === id && seat.status === attempt.status && seat.ackDeadlineAt === attempt.ackDeadlineAt)
}

const GATHER_MS = 25
const RETRY_MS = 2000

/** Opens the feed, and returns what closes it. */
export function openFeed(queries: QueryClient): () => void {
  let source: EventSource | undefined
  let last: string | undefined
  let stopped = false
  let retry: ReturnType<typeof setTimeout> | undefined
  let gathering: ReturnType<typeof setTimeout> | undefined
  const due = new Set<string>()

  // Events come in bursts: a roll is an attempt that ends, one that begins and a message.
  const readAgain = (operations: string[]) => {
    for (const operation of operations) due.add(operation)
    gathering ??= setTimeout(() => {
      gathering = undefined
      const asked = [...due]
      due.clear()
      void queries.invalidateQueries({
        predicate: (query) => asked.includes((query.queryKey[0] as { _id?: string })?._id ?? ''),
      })
    }, GATHER_MS)
  }

  const open = () => {
    source = new EventSource(`/api/events${last === undefined ? '' : `?last=${encodeURIComponent(last)}`}`)
    source.onmessage = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as LiveEvent
      // What was read before the feed began may have changed in between.
      const mayHaveMissed = event.kind === 'reset' || (event.kind === 'hello' && last === undefined)
      last = event.cursor
      set('live')
      if (mayHaveMissed) void queries.invalidateQueries({ predicate: (query) => !isSession(query.queryKey) })
      else readAgain((CHANGED[event.kind] ?? []).filter((operation) => operation !== 'board' || !isOnBoard(event, queries.getQueryData(boardQueryKey()))))
    }
    source.onerror = () => {
      set('reconnecting')
      // A browser reconnects by itself, unless the answer was an error.
      if (source?.readyState === EventSource.CLOSED && !stopped) {
        clearTimeout(retry)
        retry = setTimeout(open, RETRY_MS)
      }
    }
  }

  // What changed before the feed was open, or while the device slept, is read again.
  const wake = () => {
    if (document.visibilityState === 'visible') void queries.invalidateQueries()
  }
  document.addEventListener('visibilitychange', wake)
  open()
  return () => {
    stopped = true
    clearTimeout(retry)
    clearTimeout(gathering)
    document.removeEventListener('visibilitychange', wake)
    source?.close()
  }
}
