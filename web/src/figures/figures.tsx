// Figures of a period: the funnel, whose numbers link to their leads, each agent, and why leads were lost.
import type { FunnelGrouping, FunnelRow } from '@client'
import { agentResultsOptions, funnelOptions } from '@client/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'wouter'
import { DAY, dayOf, length, serverTime } from '../app/clock'
import { Failed, Field, Heading, Loading } from '../app/parts'
import { useWords, type Key } from '../app/words'

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
    </>
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

function Table({ caption, heads, rows }: { caption: string; heads: string[]; rows: [string, string[]][] }) {
  return (
    <div className="card mb-5 overflow-x-auto" tabIndex={0} role="region" aria-label={caption}>
      <table className="w-full text-sm">
        <caption className="text-left px-4 py-3 font-semibold">{caption}</caption>
        <thead>
          <tr className="text-soft">
            <td className="px-4 py-2" />
            {heads.map((head) => (
              <th key={head} scope="col" className="px-3 py-2 text-right font-normal">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, cells], index) => (
            <tr key={`${name}${index}`} className="border-t border-line">
              <th scope="row" className="px-4 py-2 text-left font-normal">
                {name}
              </th>
              {cells.map((cell, column) => (
                <td key={heads[column]} className="px-3 py-2 text-right">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
