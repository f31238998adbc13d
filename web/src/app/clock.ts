// The server's clock. Countdowns never use the device's own time of day, which can be wrong by minutes.
import { queryOptions } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'

/** The server's time at an instant of this page's own steady clock, and how long the answer took. */
let known: { server: number; at: number; took: number } | undefined

/** Learns the server's time from an answer. Of recent answers the quickest is the most exact. */
function learnTime(serverNow: string, sentAt: number, receivedAt = performance.now()): void {
  const took = receivedAt - sentAt
  const isOld = known !== undefined && receivedAt - known.at > 60_000
  if (known === undefined || isOld || took <= known.took) {
    known = { server: Date.parse(serverNow) + took / 2, at: receivedAt, took }
  }
}

/** How soon an answer with the server's time is wanted again, in milliseconds: soon, while the best one was slow. */
function learnAgainIn(): number {
  const isRough = known === undefined || known.took > 400
  return isRough ? 2000 : 60_000
}

/** The options of a query whose answer has the server's time, and teaches it. */
export function timed<Key extends readonly unknown[], Answer extends { serverNow: string }>(queryKey: Key, read: (options: { signal: AbortSignal; throwOnError: true }) => Promise<{ data: Answer }>) {
  return queryOptions({
    queryKey,
    queryFn: async ({ signal }) => {
      const sent = performance.now()
      const { data } = await read({ signal, throwOnError: true })
      learnTime(data.serverNow, sent)
      return data
    },
    refetchInterval: learnAgainIn,
  })
}

/** The server's time now, in milliseconds. Before the first answer: the device's. */
export function serverTime(): number {
  return known === undefined ? Date.now() : known.server + performance.now() - known.at
}

// One timer for all countdowns.
const listeners = new Set<(now: number) => void>()
let timer: ReturnType<typeof setInterval> | undefined
let ticked = serverTime()

/** Calls the listener with the server's time four times a second, until what it returns is called. */
export function onTick(listener: (now: number) => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    ticked = serverTime()
    for (const each of listeners) each(ticked)
  }, 250)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** The server's time, four times a second. */
export function useServerTime(): number {
  return useSyncExternalStore(onTick, () => ticked)
}

/** Milliseconds as `4:59`. A part of a second counts as a whole one, as people count down. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  const rest = String(seconds % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

/** An instant as a time of day in the reader's language; with its day if that is not today. */
export function timeOfDay(instant: string | number, language: string, precise: 'minutes' | 'seconds' | 'milliseconds' = 'minutes'): string {
  const date = new Date(instant)
  const locale = language === 'en' ? 'en-GB' : 'id-ID'
  const today = new Date(serverTime()).toDateString() === date.toDateString()
  return date.toLocaleString(locale, {
    ...(today ? {} : { day: 'numeric', month: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(precise === 'minutes' ? {} : { second: '2-digit' }),
    ...(precise === 'milliseconds' ? { fractionalSecondDigits: 3 } : {}),
  })
}

/** A length of time as people read it: `4 ms`, `12.6 s`, `5:00`. */
export function length(milliseconds: number): string {
  const size = Math.abs(milliseconds)
  if (size < 1000) return `${Math.round(size)} ms`
  if (size < 60_000) return `${(size / 1000).toFixed(1)} s`
  return countdown(size)
}

export const DAY = 86_400_000

/** A day as the api and an address have it, `2026-11-28`, by the device's calendar. */
export const dayOf = (time: number | Date) => new Date(time).toLocaleDateString('sv-SE')
