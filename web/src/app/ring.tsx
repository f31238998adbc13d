// The ring: what is left of an offer's window, by the server's clock.
import { useEffect, useRef } from 'react'
import { countdown, onTick, serverTime } from './clock'

const AROUND = 2 * Math.PI * 20
/** The ring changes its colour in the last minute, and in the last third of a shorter window. */
const LATE_MS = 60_000

type Window = { from: string; until: string; stopped?: boolean | undefined }

/** What the ring shows at an instant. */
function look({ from, until, stopped }: Window, now: number) {
  const end = Date.parse(until)
  const left = Math.max(0, end - now)
  const whole = Math.max(end - Date.parse(from), left, 1)
  return {
    seconds: Math.ceil(left / 1000),
    isLate: left < Math.min(LATE_MS, whole / 3),
    offset: AROUND * (1 - left / whole),
    text: stopped ? '❄' : countdown(left),
  }
}

// A ring that is not seen is not painted, and is painted when it comes into view.
const painters = new Map<Element, () => void>()
const seen = new Set<Element>()
const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) seen.add(target)
    else seen.delete(target)
    painters.get(target)?.()
  }
})

/** Hundreds of rings tick at once, so that a tick writes to the page itself, and only what another second changes. */
export function Ring({ from, until, stopped, big }: Window & { big?: boolean }) {
  const ring = useRef<HTMLDivElement>(null)
  const first = look({ from, until, stopped }, serverTime())
  useEffect(() => {
    const element = ring.current
    if (!element) return
    let shown = -1
    const paint = (now: number) => {
      if (!seen.has(element)) return
      const { seconds, isLate, offset, text } = look({ from, until, stopped }, now)
      if (seconds === shown) return
      shown = seconds
      element.dataset.left = String(seconds)
      element.classList.toggle('late', isLate)
      element.querySelector('.left')?.setAttribute('stroke-dashoffset', String(offset))
      const words = element.querySelector('.text')
      if (words) words.textContent = text
    }
    painters.set(element, () => paint(serverTime()))
    observer.observe(element)
    const stop = onTick(paint)
    return () => {
      stop()
      observer.unobserve(element)
      painters.delete(element)
      seen.delete(element)
    }
  }, [from, until, stopped])
  return (
    <div ref={ring} className={`clock${big ? ' big' : ''}${first.isLate ? ' late' : ''}`} role="timer" data-left={first.seconds}>
      <svg viewBox="0 0 46 46" aria-hidden="true">
        <circle className="track" cx="23" cy="23" r="20" />
        <circle className="left" cx="23" cy="23" r="20" strokeDasharray={AROUND} strokeDashoffset={first.offset} />
      </svg>
      <span className="text">{first.text}</span>
    </div>
  )
}
