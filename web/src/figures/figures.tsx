// Figures of a period: how soon leads are claimed, the funnel, whose numbers link to their leads, each agent, why leads were lost,
// and how late offers rolled.
import type { ChartSlice, FunnelGrouping, FunnelRow } from '@client'
import { agentResultsOptions, funnelOptions, layer2StatusChartOptions, rejectedReasonChartOptions } from '@client/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'wouter'
import { DAY, dayOf, length, serverTime } from '../app/clock'
import { Failed, Field, Heading, Loading } from '../app/parts'
import { useWords, type Key } from '../app/words'
import { Claims } from './claims'
import { LatenessOfRolls } from './lateness'
import { Table } from './table'

const STEPS = ['leads', 'offered', 'claimed', 'contacted', 'visit', 'won', 'lost', 'hangus'] as const
const GROUPS: FunnelGrouping[] = ['source', 'campaign', 'project']
export function FiguresScreen() {
  const { t } = useWords()
  const [search, setSearch] = useSearchParams()
  const from = search.get('from') ?? dayOf(serverTime() - 29 * DAY)
  const to = search.get('to') ?? dayOf(serverTime())
  const by = GROUPS.find((one) => one === search.get('by')) ?? 'source'
  const funnel = useQuery({ ...funnelOptions({ query: { from, to, by } }), placeholderData: (before) => before })
  const agents = useQuery({ ...agentResultsOptions({ query: { from, to } }), placeholderData: (before) => before })
  const layer2 = useQuery({ ...layer2StatusChartOptions({ query: { from, to } }), placeholderData: (before) => before })
  const reasons = useQuery({ ...rejectedReasonChartOptions({ query: { from, to } }), placeholderData: (before) => before })
  const set = (name: string, value: string) => setSearch((before) => ({ ...Object.fromEntries(before), [name]: value }))
  return (
    <>
      <Heading>{t('nav.figures')}</Heading>
      <div className="flex flex-wrap gap-3 items-end">
        <Field label={t('figures.from')}>
          <input className="field" type="date" value={from} max={to} onChange={(event) => event.currentTarget.value && set('from', event.currentTarget.value)} />
        </Field>
        <Field label={t('figures.to')}>
          <input className="field" type="date" value={to} min={from} onChange={(event) => event.currentTarget.value && set('to', event.currentTarget.value)} />
        </Field>
        <Field label={t('figures.by')}>
          <select className="field" value={by} onChange={(event) => set('by', event.currentTarget.value)}>
            {GROUPS.map((one) => (
              <option key={one} value={one}>
                {t(`figures.${one}`)}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <Claims period={{ from, to }} />
      {funnel.isPending && <Loading />}
      {funnel.isError && <Failed error={funnel.error} again={() => void funnel.refetch()} />}
      {funnel.data && (
        <>
          <Bars row={funnel.data.total} link={(step) => `/leads?step=${step === 'leads' ? 'lead' : step}&from=${from}&to=${to}`} />
          <Table
            caption={t(`figures.${by}`)}
            heads={STEPS.map((step) => t(`figures.${step}`))}
            rows={funnel.data.groups.map((row) => [row.value ?? t('figures.none'), STEPS.map((step) => String(row[step]))])}
          />
          {funnel.data.lostReasons.length > 0 && (
            <Table caption={t('figures.lostReasons')} heads={[t('figures.leads')]} rows={funnel.data.lostReasons.map((one) => [one.label ?? t('figures.none'), [String(one.count)]])} />
          )}
        </>
      )}
      {agents.isError && <Failed error={agents.error} again={() => void agents.refetch()} />}
      {agents.data && (
        <Table
          caption={t('figures.agents')}
          heads={AGENT_COLUMNS.map((column) => t(`figures.${column}` as Key))}
          rows={agents.data.map((agent) => [
            agent.name,
            AGENT_COLUMNS.map((column) => {
              if (column === 'p50' || column === 'p90') {
                const seconds = column === 'p50' ? agent.answerSecondsP50 : agent.answerSecondsP90
                return seconds === undefined ? '–' : length(seconds * 1000)
              }
              return String(agent[column])
            }),
          ])}
        />
      )}
      <div className="grid grid-cols-1 lg:grid-cols-2 gap-x-5">
        {layer2.data && <Slices title={t('layer2.title')} slices={layer2.data} link={(id) => `/leads?layer2=${encodeURIComponent(id)}&from=${from}&to=${to}`} />}
        {reasons.data && <Slices title={t('layer2.reason')} slices={reasons.data} />}
      </div>
      <LatenessOfRolls period={{ from, to }} />
    </>
  )
}

/** Parts of a total as bars. */
function Slices({ title, slices, link }: { title: string; slices: ChartSlice[]; link?: (id: string) => string }) {
  const most = Math.max(1, ...slices.map((slice) => slice.count))
  return (
    <section className="card p-4 mb-5" aria-label={title}>
      <h2 className="font-semibold text-sm mb-2">{title}</h2>
      <ul className="grid gap-1">
        {slices.map((slice) => (
          <li key={slice.id} className="grid grid-cols-[minmax(90px,1fr)_2fr_40px] gap-3 items-center text-sm">
            <span className="break-words">{slice.label}</span>
            <svg className="w-full h-3 block" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">
              <rect width="100" height="3" rx="1" className="fill-line" />
              <rect width={(100 * slice.count) / most} height="3" rx="1" className="fill-accent" />
            </svg>
            <span className="text-right">{link ? <Link href={link(slice.id)} aria-label={`${slice.label}: ${slice.count}`}>{slice.count}</Link> : slice.count}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

const AGENT_COLUMNS = ['offered', 'claimed', 'passed', 'silent', 'p50', 'p90', 'visits', 'won', 'lost'] as const

/** The funnel as bars, each a part of the leads. */
function Bars({ row, link }: { row: FunnelRow; link: (step: string) => string }) {
  const { t } = useWords()
  const part = (count: number) => (row.leads === 0 ? 0 : Math.round((100 * count) / row.leads))
  return (
    <dl className="card p-4 mb-5 grid gap-2">
      {STEPS.map((step) => (
        <div key={step} className="grid grid-cols-[110px_1fr_90px] gap-3 items-center">
          <dt className="text-soft text-sm">{t(`figures.${step}`)}</dt>
          <dd className="m-0">
            <svg className="w-full h-3 block" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">
              <rect width="100" height="3" rx="1" className="fill-line" />
              <rect width={part(row[step])} height="3" rx="1" className={step === 'lost' || step === 'hangus' ? 'fill-bad' : 'fill-accent'} />
            </svg>
          </dd>
          <dd className="m-0 text-right">
            <Link href={link(step)} aria-label={`${t(`figures.${step}`)}: ${row[step]}`}>
              {row[step]}
            </Link>{' '}
            <span className="text-soft text-sm">{part(row[step])} %</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}
