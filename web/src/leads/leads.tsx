// Leads: all of them for an admin, one's own for an agent. Every filter is in the address.
import type { FunnelStep, LeadFilter, LeadStatus } from '@client'
import { leadsInfiniteOptions, salesOptions } from '@client/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'wouter'
import { timeOfDay } from '../app/clock'
import { confirmed } from '../app/confirm'
import { Failed, Heading, Loading } from '../app/parts'
import type { User } from '../app/session'
import { useWords, type Key } from '../app/words'
import { AssignAll } from './assign-all'

const STATUSES: LeadStatus[] = ['new', 'distributing', 'claimed', 'hangus', 'closed']
const LOOK: Record<LeadStatus, string> = { new: 'idle', distributing: '', claimed: 'ok', hangus: 'bad', closed: 'idle' }

/** Filters that a figure's link sets: which step, of which period and ad. */
const OF_FIGURES = ['step', 'from', 'to', 'source', 'campaign', 'project', 'layer2'] as const

function filterOf(search: URLSearchParams): LeadFilter {
  const status = STATUSES.find((one) => one === search.get('status'))
  const more = OF_FIGURES.flatMap((name) => (search.has(name) ? [[name, search.get(name)]] : []))
  const filter = Object.fromEntries(more) as { step?: FunnelStep }
  const q = search.get('q')
  const owner = search.get('owner')
  return { ...filter, ...(status ? { status: [status] } : {}), ...(q ? { q } : {}), ...(owner ? { owner } : {}) }
}

/** The same filter as a query of the export. */
const exportOf = (search: URLSearchParams) => new URLSearchParams(Object.entries(filterOf(search)).map(([name, value]) => [name, String(value)])).toString()

/** Whose leads are listed. */
function Owner({ chosen, choose }: { chosen: string; choose: (id: string) => void }) {
  const { t } = useWords()
  const team = useQuery(salesOptions())
  return (
    <select className="field !w-48" aria-label={t('leads.ofWhom')} value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="">{t('leads.ofAll')}</option>
      {team.data?.map((one) => (
        <option key={one.id} value={one.id}>
          {one.name}
        </option>
      ))}
    </select>
  )
}

/** A file of the api, for which the password is asked first unless it was given lately. */
function Export({ href, label }: { href: string; label: string }) {
  return (
    <a
      className="ghost content-center no-underline"
      href={href}
      download
      onClick={(event) => {
        event.preventDefault()
        void confirmed().then((can) => can && location.assign(href))
      }}
    >
      {label}
    </a>
  )
}

export function LeadsScreen({ user }: { user: User }) {
  const { t, language } = useWords()
  const [search, setSearch] = useSearchParams()
  const status = STATUSES.find((one) => one === search.get('status'))
  const q = search.get('q') ?? ''
  const leads = useInfiniteQuery({
    ...leadsInfiniteOptions({ query: filterOf(search) }),
    initialPageParam: {},
    getNextPageParam: (page) => (page.nextCursor ? { query: { cursor: page.nextCursor } } : undefined),
    placeholderData: (before) => before,
  })
  const set = (name: string, value: string) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before)
        if (value) after.set(name, value)
        else after.delete(name)
        return after
      },
      { replace: name === 'q' },
    )
  const counts = leads.data?.pages[0]?.counts ?? []
  const matching = status ? (counts.find((one) => one.status === status)?.count ?? 0) : counts.reduce((total, one) => total + one.count, 0)
  const items = leads.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      <Heading>{user.role === 'admin' ? t('nav.leads') : t('nav.myLeads')}</Heading>
      <div className="flex flex-wrap gap-3 mb-4">
        <input className="field !w-72" type="search" aria-label={t('leads.search')} placeholder={t('leads.search')} value={q} onChange={(event) => set('q', event.currentTarget.value)} />
        <div className="flex flex-wrap gap-1" role="group" aria-label={t('leads.status')}>
          <button type="button" className="ghost" aria-pressed={!status} onClick={() => set('status', '')}>
            {t('leads.all')}
          </button>
          {STATUSES.map((one) => (
            <button key={one} type="button" className={`ghost ${one === status ? '!bg-accent-soft' : ''}`} aria-pressed={one === status} onClick={() => set('status', one)}>
              {t(`status.${one}`)} <span className="text-soft">{counts.find((count) => count.status === one)?.count ?? 0}</span>
            </button>
          ))}
        </div>
        {user.role === 'admin' && <Owner chosen={search.get('owner') ?? ''} choose={(id) => set('owner', id)} />}
        <Export href={`/api/leads/export.xlsx?${exportOf(search)}`} label={t('leads.excel')} />
        <Export href={`/api/leads/export?${exportOf(search)}`} label={t('leads.csv')} />
        {user.role === 'admin' && <AssignAll filter={filterOf(search)} count={matching} />}
      </div>
      {OF_FIGURES.some((name) => search.has(name)) && (
        <p className="flex flex-wrap gap-2 items-center mb-4">
          {OF_FIGURES.map((name) => search.has(name) && <span key={name} className="pill">{`${t(`figures.${name}`)}: ${name === 'step' ? t(`figures.${search.get('step')}` as Key) : search.get(name)}`}</span>)}
          <button type="button" className="ghost" onClick={() => setSearch({})}>
            {t('leads.all')}
          </button>
        </p>
      )}
      {leads.isPending && <Loading />}
      {leads.isError && <Failed error={leads.error} again={() => void leads.refetch()} />}
      {leads.data && items.length === 0 && <p className="card p-6 text-soft">{t('leads.none')}</p>}
      <ul className="card empty:hidden">
        {items.map((lead) => (
          <li key={lead.id} className="border-t border-line first:border-t-0">
            <Link href={`/leads/${lead.id}`} className="grid grid-cols-[minmax(0,1fr)_auto] gap-3 items-center px-4 py-3 text-ink no-underline hover:bg-accent-soft">
              <span className="min-w-0">
                <span className="block font-semibold truncate">{lead.name ?? lead.phone ?? t('leads.unnamed')}</span>
                <span className="block text-soft text-[13px] truncate">
                  {[lead.project, lead.sourceAds, lead.ownerName && t('leads.owner', { name: lead.ownerName }), timeOfDay(lead.createdAt, language)].filter(Boolean).join(' · ')}
                </span>
              </span>
              <span className="flex flex-col items-end gap-1">
                <span className={`pill ${LOOK[lead.status]}`}>{t(`status.${lead.status}`)}</span>
                {lead.status === 'claimed' && <span className="text-soft text-[13px]">{t(`progress.${lead.progress}`)}</span>}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {leads.hasNextPage && (
        <button type="button" className="ghost mt-4" disabled={leads.isFetchingNextPage} onClick={() => void leads.fetchNextPage()}>
          {t('leads.more')}
        </button>
      )}
    </>
  )
}
