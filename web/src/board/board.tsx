// The board: every lead in flight, its relay A → B → … → F, its ring, and the team.
import type { BoardLead, BoardSeat, TeamMember } from '@client'
import { distributeLeadMutation, salesOptions, whatsappStatusOptions } from '@client/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { memo, useEffect, useMemo, useRef, useState } from 'react'
import { Link } from 'wouter'
import { AssignDialog } from '../app/assign'
import { length, timeOfDay } from '../app/clock'
import { boardOptions } from '../app/early'
import { announce, Failed, Heading, Loading } from '../app/parts'
import { Ring } from '../app/ring'
import { useWords, type Say } from '../app/words'
import { PlayPanel } from '../play/play'

/** How many rows are painted at first: more than a phone shows. */
const FIRST = 8

const isInFlight = (lead: BoardLead) => lead.status === 'open' || lead.status === 'held'

export function BoardScreen() {
  const { t, language } = useWords()
  const board = useQuery(boardOptions)
  const team = useQuery(salesOptions())
  const whatsapp = useQuery({ ...whatsappStatusOptions(), staleTime: Number.POSITIVE_INFINITY, refetchInterval: false })
  const plays = whatsapp.data?.provider === 'dummy'
  useAnnouncements(board.data?.leads)
  const away = useMemo(() => new Set((team.data ?? []).filter((agent) => !agent.onDuty).map((agent) => agent.id)), [team.data])
  const [assigns, setAssigns] = useState<BoardLead>()
  // The most urgent rows are painted first, the others a moment later.
  const [showsAll, setShowsAll] = useState(false)
  const isRead = board.data !== undefined
  useEffect(() => {
    if (!isRead) return
    const later = requestAnimationFrame(() => setTimeout(() => setShowsAll(true)))
    return () => cancelAnimationFrame(later)
  }, [isRead])
  // The same lists until the board is read again, so that a dialog that opens renders no row.
  const [running, ended] = useMemo(() => {
    const leads = board.data?.leads ?? []
    const inFlight = leads.filter(isInFlight)
    return showsAll ? [inFlight, leads.filter((lead) => !isInFlight(lead))] : [inFlight.slice(0, FIRST), []]
  }, [board.data, showsAll])
  if (board.isPending) return <Loading />
  if (board.isError && !board.data) return <Failed error={board.error} again={() => void board.refetch()} />
  const data = board.data
  const rate = data.claimedLastHour + data.hangusLastHour
  return (
    <>
      <Heading>{t('nav.board')}</Heading>
      {data.frozenSince && (
        <p role="alert" className="card p-3.5 mb-4 bg-warn-soft text-warn">
          {t('board.frozen', { time: timeOfDay(data.frozenSince, language) })}
        </p>
      )}
      <dl className="grid grid-cols-2 lg:grid-cols-4 gap-3 mb-5">
        <Figure name={t('board.offered')} value={String(data.offered)} more={data.held > 0 ? t('board.heldCount', { count: data.held }) : ''} />
        <Figure name={t('board.claimed')} value={String(data.claimedLastHour)} more={rate > 0 ? `${Math.round((100 * data.claimedLastHour) / rate)} %` : ''} />
        <Figure name={t('board.hangus')} value={String(data.hangusLastHour)} more="" />
        <Figure
          name={t('board.median')}
          value={data.claimSecondsP50 === undefined ? '–' : length(data.claimSecondsP50 * 1000)}
          more={data.claimSecondsP90 === undefined ? '' : `p90 ${length(data.claimSecondsP90 * 1000)}`}
        />
      </dl>
      <div className="grid grid-cols-1 lg:grid-cols-[minmax(0,1fr)_264px] gap-5 items-start">
        <section className="card min-w-0" aria-label={t('board.running')}>
          <h2 className="flex gap-4 px-4 py-3 border-b border-line text-[13px] font-semibold">
            {t('board.running')} <span className="text-soft font-normal">{t('board.urgent')}</span>
          </h2>
          {running.length === 0 && <p className="p-6 text-soft">{t(plays ? 'board.emptyPlay' : 'board.empty')}</p>}
          <Rows leads={running} away={away} frozen={data.frozenSince !== undefined} assign={setAssigns} />
          {ended.length > 0 && <h2 className="px-4 py-3 border-y border-line text-[13px] font-semibold">{t('board.ended')}</h2>}
          <Rows leads={ended} away={away} frozen={false} assign={setAssigns} />
        </section>
        <div className="grid gap-5">
          <Team team={team.data ?? []} />
          {plays && <PlayPanel team={team.data ?? []} />}
        </div>
      </div>
      {assigns && <AssignDialog id={assigns.leadId} name={nameOf(assigns, t)} team={team.data ?? []} close={() => setAssigns(undefined)} />}
    </>
  )
}

function Figure({ name, value, more }: { name: string; value: string; more: string }) {
  return (
    <div className="card px-4 py-3.5 flex flex-col-reverse justify-end">
      <dd className="m-0 text-2xl font-semibold tracking-tight">
        {value} <span className="text-soft text-[13px] font-normal whitespace-nowrap">{more}</span>
      </dd>
      <dt className="text-soft text-[12.5px]">{name}</dt>
    </div>
  )
}

const nameOf = (lead: BoardLead, t: Say) => lead.name ?? lead.phone ?? t('leads.unnamed')
const holderOf = (lead: BoardLead) => lead.seats.find((seat) => seat.status === 'open')

type RowsProps = { leads: BoardLead[]; away: Set<string>; frozen: boolean; assign: (lead: BoardLead) => void }

const Rows = memo(function Rows({ leads, away, frozen, assign }: RowsProps) {
  return (
    <ul>
      {leads.map((lead) => (
        <Row key={lead.cycleId} lead={lead} away={away} frozen={frozen} assign={assign} />
      ))}
    </ul>
  )
})

type RowProps = { lead: BoardLead; away: Set<string>; frozen: boolean; assign: (lead: BoardLead) => void }

// A row that did not change is not rendered again, and one that is not seen is not laid out.
const Row = memo(function Row({ lead, away, frozen, assign }: RowProps) {
  const { t, language } = useWords()
  const holder = holderOf(lead)
  const about = [lead.project, lead.sourceAds].filter(Boolean).join(' · ')
  return (
    <li
      className="grid grid-cols-[58px_minmax(0,1fr)_auto] md:grid-cols-[58px_minmax(0,1.15fr)_minmax(0,1.5fr)_auto] gap-x-4 gap-y-2 items-center px-4 py-3 border-t border-line first:border-t-0 [content-visibility:auto] [contain-intrinsic-size:auto_68px]"
      data-lead={lead.leadId}
      data-holder={holder?.label ?? ''}
      data-status={lead.status}
    >
      <Mark lead={lead} holder={holder} frozen={frozen} />
      <div className="min-w-0">
        <Link href={`/leads/${lead.leadId}`} className="font-semibold text-ink no-underline hover:underline block truncate min-h-[24px]">
          {nameOf(lead, t)}
        </Link>
        <p className="text-soft text-[13px] truncate">
          {lead.status === 'held'
            ? lead.resumeAt
              ? t('board.heldUntil', { time: timeOfDay(lead.resumeAt, language) })
              : t('board.held')
            : `${about}${about ? ' · ' : ''}${timeOfDay(lead.startedAt, language)}`}
        </p>
      </div>
      <div className="col-span-3 md:col-span-1 order-last md:order-none min-w-0">
        <Relay seats={lead.seats} away={away} />
        {lead.next.length > 0 && (
          <p className="text-soft text-[13px] truncate" data-next={lead.next.join(' ')}>
            {t('board.next', { names: lead.next.map((id) => lead.seats.find((seat) => seat.salesId === id)?.name ?? '').join(', ') })}
          </p>
        )}
      </div>
      <Action lead={lead} assign={assign} />
    </li>
  )
})

function Mark({ lead, holder, frozen }: { lead: BoardLead; holder: BoardSeat | undefined; frozen: boolean }) {
  const { t, language } = useWords()
  if (holder?.ackDeadlineAt && holder.assignedAt) {
    return <Ring from={holder.assignedAt} until={holder.ackDeadlineAt} stopped={frozen} />
  }
  if (lead.status === 'held') return <span className="pill warn">{lead.resumeAt ? timeOfDay(lead.resumeAt, language) : t('board.held')}</span>
  if (lead.status === 'hangus') return <span className="pill bad">{t('board.hangusPill')}</span>
  if (lead.status === 'cancelled') return <span className="pill idle">{t('board.cancelled')}</span>
  if (!lead.closedAt) return <span className="pill idle">…</span>
  return <span className="pill ok">{length(Date.parse(lead.closedAt) - Date.parse(lead.startedAt))}</span>
}

function Relay({ seats, away }: { seats: BoardSeat[]; away: Set<string> }) {
  const { t } = useWords()
  const look = (seat: BoardSeat): [string, string] => {
    const values = { label: seat.label, name: seat.name }
    switch (seat.status) {
      case 'open':
        return ['now', t('seat.now', values)]
      case 'timed_out':
        return ['passed', t('seat.passed', values)]
      case 'declined':
        return ['passed', t('seat.declined', values)]
      case 'undeliverable':
        return ['passed', t('seat.failed', values)]
      case 'withdrawn':
        return ['passed', t('seat.withdrawn', values)]
      case 'accepted':
      case 'assigned':
        return ['won', t('seat.won', values)]
      default:
        return away.has(seat.salesId) ? ['away', t('seat.away', values)] : ['', t('seat.waiting', values)]
    }
  }
  return (
    <ol className="relay" tabIndex={seats.length > 8 ? 0 : undefined}>
      {seats.map((seat) => {
        const [style, says] = look(seat)
        return (
          <li key={seat.salesId}>
            <span className={`seat ${style}`} title={says} role="img" aria-label={says}>
              {seat.label}
            </span>
          </li>
        )
      })}
    </ol>
  )
}

function Action({ lead, assign }: { lead: BoardLead; assign: (lead: BoardLead) => void }) {
  const { t } = useWords()
  const again = useMutation(distributeLeadMutation())
  if (lead.status === 'accepted') return <span className="pill ok">{t('board.taken', { name: lead.owner ?? '' })}</span>
  if (lead.status === 'assigned') return <span className="pill ok">{t('board.assigned', { name: lead.owner ?? '' })}</span>
  if (lead.status === 'cancelled') return <span />
  return (
    <div className="text-right">
      {lead.status === 'hangus' && (
        <button type="button" className="ghost" disabled={again.isPending} onClick={() => again.mutate({ path: { id: lead.leadId } })}>
          {t('board.again')}
        </button>
      )}
      {lead.status !== 'hangus' && (
        <button type="button" className="ghost" onClick={() => assign(lead)}>
          {t('board.assign')}
        </button>
      )}
      {again.isError && <Failed error={again.error} />}
    </div>
  )
}

function Team({ team }: { team: TeamMember[] }) {
  const { t, language } = useWords()
  const most = Math.max(1, ...team.map((agent) => agent.openOffers + agent.openLeads))
  return (
    <section className="card px-4 py-3.5" aria-label={t('board.team')}>
      <h2 className="text-[13px] text-soft mb-2">{t('board.team')}</h2>
      <ul className="max-h-[420px] overflow-y-auto" tabIndex={team.length > 8 ? 0 : undefined}>
        {team.map((agent) => (
          <li key={agent.id} className="grid grid-cols-[28px_1fr] gap-2.5 items-center py-1.5">
            <span className={`size-7 rounded-full grid place-items-center text-xs font-semibold ${agent.onDuty ? 'bg-accent-soft text-accent' : 'bg-idle text-idle-ink'}`} aria-hidden="true">
              {agent.places[0]?.label ?? '–'}
            </span>
            <div>
              <p>{agent.name}</p>
              <p className="text-soft text-[13px]">
                {agent.onDuty ? '' : `${t('board.away')}${agent.awayUntil ? ` ${t('board.awayUntil', { time: timeOfDay(agent.awayUntil, language) })}` : ''} · `}
                {t('board.load', { offers: agent.openOffers, leads: agent.openLeads })}
              </p>
              <meter className="sr-only" value={agent.openOffers + agent.openLeads} max={most} aria-label={agent.name} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Says a roll and a claim to people who do not see the board. */
function useAnnouncements(leads: BoardLead[] | undefined) {
  const { t } = useWords()
  const before = useRef<Map<string, string>>(undefined)
  useEffect(() => {
    if (!leads) return
    const now = new Map(leads.map((lead) => [lead.cycleId, `${lead.status}:${holderOf(lead)?.name ?? ''}`]))
    for (const lead of leads) {
      const was = before.current?.get(lead.cycleId)
      if (before.current === undefined || was === now.get(lead.cycleId)) continue
      const holder = holderOf(lead)
      if (holder) announce(t('board.rolled', { name: nameOf(lead, t), agent: holder.name }))
      else if (lead.status === 'accepted') announce(t('board.claimedSay', { name: nameOf(lead, t), agent: lead.owner ?? '' }))
    }
    before.current = now
  }, [leads, t])
}
