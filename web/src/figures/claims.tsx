// How soon leads are claimed: beside the period before, and by weekday and hour.
import type { ClaimRow, DashboardStats } from '@client'
import { claimsOptions, dashboardStatsOptions } from '@client/hooks'
import { useQuery } from '@tanstack/react-query'
import { DAY, dayOf, length } from '../app/clock'
import { Failed } from '../app/parts'
import { useWords } from '../app/words'
import { saveCsv } from './csv'

type Period = { from: string; to: string }

/** The period of the same length that ends where this one begins. */
function before({ from, to }: Period): Period {
  const start = Date.parse(`${from}T00:00`)
  const days = Math.round((Date.parse(`${to}T00:00`) - start) / DAY) + 1
  // Noon of the day, so that no change of the clock makes it another one.
  return { from: dayOf(start - days * DAY + DAY / 2), to: dayOf(start - DAY / 2) }
}

const sum = (rows: ClaimRow[], field: 'cycles' | 'claimed' | 'withinOneMinute' | 'withinThreeMinutes' | 'withinFiveMinutes') =>
  rows.reduce((total, row) => total + row[field], 0)

export function Claims({ period }: { period: Period }) {
  const { t } = useWords()
  const now = useQuery({ ...claimsOptions({ query: period }), placeholderData: (old) => old })
  // The period before has ended: its figures are read once.
  const then = useQuery({ ...claimsOptions({ query: before(period) }), placeholderData: (old) => old, refetchInterval: false })
  const stats = useQuery({ ...dashboardStatsOptions({ query: period }), placeholderData: (old) => old })
  const statsThen = useQuery({ ...dashboardStatsOptions({ query: before(period) }), placeholderData: (old) => old, refetchInterval: false })
  const error = now.error ?? then.error ?? stats.error ?? statsThen.error
  if (error) return <Failed error={error} />
  if (!now.data || !then.data || !stats.data || !statsThen.data) return null
  const part = (rows: ClaimRow[], field: 'withinOneMinute' | 'withinThreeMinutes' | 'withinFiveMinutes') => {
    const cycles = sum(rows, 'cycles')
    return cycles === 0 ? undefined : (100 * sum(rows, field)) / cycles
  }
  const percent = (value: number | undefined) => (value === undefined ? '–' : `${Math.round(value)} %`)
  const seconds = (value: number | undefined) => (value === undefined ? '–' : length(value * 1000))
  const rate = (figures: DashboardStats) => (figures.cycles === 0 ? undefined : 100 * figures.hangusRate)
  const facts: [string, number | undefined, number | undefined, (value: number | undefined) => string][] = [
    [t('figures.leads'), stats.data.newLeads, statsThen.data.newLeads, (value) => String(value ?? '–')],
    [t('claims.within', { minutes: 1 }), part(now.data.hours, 'withinOneMinute'), part(then.data.hours, 'withinOneMinute'), percent],
    [t('claims.within', { minutes: 3 }), part(now.data.hours, 'withinThreeMinutes'), part(then.data.hours, 'withinThreeMinutes'), percent],
    [t('claims.within', { minutes: 5 }), part(now.data.hours, 'withinFiveMinutes'), part(then.data.hours, 'withinFiveMinutes'), percent],
    [t('claims.p50'), stats.data.claimSecondsP50, statsThen.data.claimSecondsP50, seconds],
    [t('claims.p90'), stats.data.claimSecondsP90, statsThen.data.claimSecondsP90, seconds],
    [t('claims.hangusRate'), rate(stats.data), rate(statsThen.data), percent],
  ]
  return (
    <>
      <dl className="grid grid-cols-2 lg:grid-cols-4 gap-3 mb-5">
        {facts.map(([name, value, old, show]) => (
          <div key={name} className="card px-4 py-3.5 flex flex-col-reverse justify-end">
            <dd className="m-0 text-2xl font-semibold tracking-tight">
              {show(value)} <span className="text-soft text-[13px] font-normal whitespace-nowrap">{t('claims.before', { value: show(old) })}</span>
            </dd>
            <dt className="text-soft text-[12.5px]">{name}</dt>
          </div>
        ))}
      </dl>
      <Heat rows={now.data.hours} />
    </>
  )
}

const HOURS = Array.from({ length: 24 }, (_, hour) => hour)
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7]

/** How many leads came in each hour of the week. The darker a cell, the more; its title says how many were claimed in time. */
function Heat({ rows }: { rows: ClaimRow[] }) {
  const { t, language } = useWords()
  const most = Math.max(1, ...rows.map((row) => row.cycles))
  const at = (weekday: number, hour: number) => rows.find((row) => row.weekday === weekday && row.hour === hour)
  // 5 January 2026 is a Monday.
  const dayName = (weekday: number) => new Date(2026, 0, 4 + weekday).toLocaleDateString(language === 'en' ? 'en-GB' : 'id-ID', { weekday: 'short' })
  const says = (row: ClaimRow | undefined) => (row ? t('claims.cell', { count: row.cycles, claimed: row.withinFiveMinutes, hangus: row.hangus }) : '0')
  const save = () =>
    saveCsv(
      t('claims.heat'),
      HOURS.map(String),
      WEEKDAYS.map((weekday) => [dayName(weekday), HOURS.map((hour) => String(at(weekday, hour)?.cycles ?? 0))]),
    )
  return (
    <div className="card relative mb-5 overflow-x-auto" tabIndex={0} role="region" aria-label={t('claims.heat')}>
      <table className="text-xs w-full border-separate border-spacing-[2px] px-3 pb-3">
        <caption className="text-left px-1 py-2 font-semibold text-sm">
          {t('claims.heat')}
          <button type="button" className="ghost ml-3 font-normal" onClick={save}>
            {t('figures.csv')}
          </button>
        </caption>
        <thead>
          <tr className="text-soft">
            <td />
            {HOURS.map((hour) => (
              <th key={hour} scope="col" className="font-normal">
                {hour}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {WEEKDAYS.map((weekday) => (
            <tr key={weekday}>
              <th scope="row" className="text-soft font-normal text-left pr-2">
                {dayName(weekday)}
              </th>
              {HOURS.map((hour) => {
                const row = at(weekday, hour)
                return (
                  <td key={hour} className="h-7 min-w-6 p-0" title={says(row)}>
                    <svg className="w-full h-full block" aria-hidden="true">
                      <rect width="100%" height="100%" rx="4" className={row ? 'fill-accent' : 'fill-line'} opacity={row ? 0.2 + (0.8 * row.cycles) / most : 0.5} />
                    </svg>
                    <span className="sr-only">{says(row)}</span>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
