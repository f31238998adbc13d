// The ring: what is left of an offer's window, by the server's clock.
import { countdown, useServerTime } from './clock'

const AROUND = 2 * Math.PI * 20
/** The ring changes its colour in the last minute, and in the last third of a shorter window. */
const LATE_MS = 60_000

export function Ring({ from, until, stopped, big }: { from: string; until: string; stopped?: boolean; big?: boolean }) {
  const now = useServerTime()
  const end = Date.parse(until)
  const left = Math.max(0, end - now)
  const whole = Math.max(end - Date.parse(from), left, 1)
  return (
    <div className={`clock${big ? ' big' : ''}${left < Math.min(LATE_MS, whole / 3) ? ' late' : ''}`} role="timer" data-left={Math.ceil(left / 1000)}>
      <svg viewBox="0 0 46 46" aria-hidden="true">
        <circle className="track" cx="23" cy="23" r="20" />
        <circle className="left" cx="23" cy="23" r="20" strokeDasharray={AROUND} strokeDashoffset={AROUND * (1 - left / whole)} />
      </svg>
      <span className="text">{stopped ? '❄' : countdown(left)}</span>
    </div>
  )
}
