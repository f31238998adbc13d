// What if: another policy on the leads of a period, beside what happened. Nothing is written.
import type { PeriodFigures } from '@client'
import { salesOptions, simulateDistributionMutation } from '@client/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { DAY, dayOf, length, serverTime } from '../app/clock'
import { Failed, Field, Heading } from '../app/parts'
import { useWords } from '../app/words'
import { SavePolicy, type Tried } from './save'

export function WhatIfScreen() {
  const { t } = useWords()
  const team = useQuery(salesOptions())
  const [moved, setMoved] = useState<string[]>([])
  const [tried, setTried] = useState<Tried>({})
  const trying = useMutation(simulateDistributionMutation())
  const agents = team.data ?? []
  const order = moved.length > 0 ? moved : agents.map((agent) => agent.id)
  const nameOf = (id: string) => agents.find((agent) => agent.id === id)?.name ?? id
  const move = (index: number, by: number) => {
    const next = [...order]
    const [one] = next.splice(index, 1)
    if (one) next.splice(index + by, 0, one)
    setMoved(next)
  }
  return (
    <>
      <Heading>{t('nav.whatIf')}</Heading>
      <div className="grid grid-cols-1 lg:grid-cols-[320px_minmax(0,1fr)] gap-5 items-start">
        <form
          className="card p-4"
          onSubmit={(event) => {
            event.preventDefault()
            const form = new FormData(event.currentTarget)
            const seconds = String(form.get('seconds'))
            const round = String(form.get('round'))
            const policy: Tried = {
              ...(seconds ? { ackSeconds: Number(seconds) } : {}),
              ...(round ? { lastRound: round === 'yes' } : {}),
              ...(moved.length > 0 ? { order: moved } : {}),
            }
            setTried(policy)
            trying.mutate({
              body: {
                from: new Date(`${form.get('from')}T00:00`).toISOString(),
                to: new Date(new Date(`${form.get('to')}T00:00`).getTime() + DAY).toISOString(),
                policy,
              },
            })
          }}
        >
          <Field label={t('figures.from')}>
            <input className="field" type="date" name="from" defaultValue={dayOf(serverTime() - 29 * DAY)} required />
          </Field>
          <Field label={t('figures.to')}>
            <input className="field" type="date" name="to" defaultValue={dayOf(serverTime())} required />
          </Field>
          <Field label={t('whatIf.seconds')}>
            <input className="field" type="number" name="seconds" min="1" max="86400" placeholder={t('whatIf.asRecorded')} />
          </Field>
          <Field label={t('whatIf.lastRound')}>
            <select className="field" name="round">
              <option value="">{t('whatIf.asRecorded')}</option>
              <option value="yes">{t('whatIf.with')}</option>
              <option value="no">{t('whatIf.without')}</option>
            </select>
          </Field>
          <fieldset className="border-0 p-0 m-0 mb-3 min-w-0">
            <legend className="text-soft text-sm mb-1">{moved.length > 0 ? t('whatIf.order') : t('whatIf.orderAsRecorded')}</legend>
            <ol>
              {order.map((id, index) => (
                <li key={id} className="flex items-center gap-2">
                  <span className="flex-1">{nameOf(id)}</span>
                  <button type="button" className="ghost" disabled={index === 0} aria-label={t('queues.up', { name: nameOf(id) })} onClick={() => move(index, -1)}>
                    ↑
                  </button>
                  <button type="button" className="ghost" disabled={index === order.length - 1} aria-label={t('queues.down', { name: nameOf(id) })} onClick={() => move(index, 1)}>
                    ↓
                  </button>
                </li>
              ))}
            </ol>
          </fieldset>
          {trying.isError && <Failed error={trying.error} />}
          <button type="submit" className="primary" disabled={trying.isPending}>
            {t('whatIf.go')}
          </button>
        </form>
        {trying.data && (
          <div className="min-w-0">
            <Comparison recorded={trying.data.recorded} simulated={trying.data.simulated} leftOut={trying.data.leftOut} nameOf={nameOf} />
            <SavePolicy tried={tried} nameOf={nameOf} />
          </div>
        )}
      </div>
    </>
  )
}

type Compared = { recorded: PeriodFigures; simulated: PeriodFigures; leftOut: number; nameOf: (id: string) => string }

function Comparison({ recorded, simulated, leftOut, nameOf }: Compared) {
  const { t } = useWords()
  const seconds = (value: number | undefined) => (value === undefined ? '–' : length(value * 1000))
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`
  const rows: [string, (figures: PeriodFigures) => string][] = [
    [t('whatIf.cycles'), (figures) => String(figures.cycles)],
    [t('figures.hangus'), (figures) => `${figures.hangus} (${percent(figures.hangusRate)})`],
    [t('whatIf.p50'), (figures) => seconds(figures.claimSecondsP50)],
    [t('whatIf.p90'), (figures) => seconds(figures.claimSecondsP90)],
  ]
  const ids = [...new Set([...recorded.shares, ...simulated.shares].map((share) => share.salesId))]
  const share = (figures: PeriodFigures, id: string) => {
    const found = figures.shares.find((one) => one.salesId === id)
    return found ? `${found.claimed} / ${found.offered} · ${percent(found.share)}` : '–'
  }
  return (
    <section className="card overflow-x-auto" aria-label={t('whatIf.result')} role="region" tabIndex={0}>
      <table className="w-full text-sm">
        <caption className="text-left px-4 py-3 font-semibold">
          {t('whatIf.result')} {leftOut > 0 && <span className="text-soft font-normal">{t('whatIf.leftOut', { count: leftOut })}</span>}
        </caption>
        <thead>
          <tr className="text-soft">
            <td className="px-4 py-2" />
            <th scope="col" className="px-4 py-2 text-right font-normal">
              {t('whatIf.recorded')}
            </th>
            <th scope="col" className="px-4 py-2 text-right font-normal">
              {t('whatIf.simulated')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name} className="border-t border-line">
              <th scope="row" className="px-4 py-2 text-left font-normal">
                {name}
              </th>
              <td className="px-4 py-2 text-right">{value(recorded)}</td>
              <td className="px-4 py-2 text-right font-semibold">{value(simulated)}</td>
            </tr>
          ))}
          {ids.map((id) => (
            <tr key={id} className="border-t border-line">
              <th scope="row" className="px-4 py-2 text-left font-normal">
                {nameOf(id)}
              </th>
              <td className="px-4 py-2 text-right">{share(recorded, id)}</td>
              <td className="px-4 py-2 text-right font-semibold">{share(simulated, id)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
