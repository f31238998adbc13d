// How late offers rolled after their deadlines. The histogram of one day is read again every five seconds.
import { latenessOptions } from '@client/hooks'
import { useQuery } from '@tanstack/react-query'
import { length } from '../app/clock'
import { Failed } from '../app/parts'
import { useWords } from '../app/words'

export function LatenessOfRolls({ period }: { period: { from: string; to: string } }) {
  const { t } = useWords()
  const lateness = useQuery({ ...latenessOptions({ query: period }), placeholderData: (old) => old, refetchInterval: period.from === period.to ? 5000 : 60_000 })
  if (lateness.isError && !lateness.data) return <Failed error={lateness.error} />
  if (!lateness.data) return null
  const { buckets, p50, p99, most, breaches } = lateness.data
  const highest = Math.max(1, ...buckets.map((bucket) => bucket.count))
  const facts = [
    p50 !== undefined && `p50 ${length(p50)}`,
    p99 !== undefined && `p99 ${length(p99)}`,
    most !== undefined && t('lateness.most', { time: length(most) }),
    t('lateness.breaches', { count: breaches }),
  ].filter(Boolean)
  return (
    <section className="card p-4 mb-5" aria-label={t('lateness.title')}>
      <h2 className="font-semibold text-sm">{t('lateness.title')}</h2>
      <p className={`text-sm mb-3 ${breaches > 0 ? 'text-bad' : 'text-soft'}`}>{facts.join(' · ')}</p>
      <ul className="grid gap-1">
        {buckets.map((bucket, index) => (
          <li key={bucket.below ?? 'last'} className="grid grid-cols-[90px_1fr_60px] gap-3 items-center text-sm">
            <span className="text-soft">{bucket.below === undefined ? `≥ ${length(buckets[index - 1]?.below ?? 0)}` : `< ${length(bucket.below)}`}</span>
            <svg className="w-full h-3 block" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">
              <rect width="100" height="3" rx="1" className="fill-line" />
              <rect width={(100 * bucket.count) / highest} height="3" rx="1" className="fill-accent" />
            </svg>
            <span className="text-right">{bucket.count}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
