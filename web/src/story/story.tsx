// The story of a lead: each decision with its time, who was asked, who was passed over, and how late it was.
import { explainLeadOptions, salesOptions } from '@client/hooks'
import { useQuery } from '@tanstack/react-query'
import { length, timeOfDay } from '../app/clock'
import { Failed, Loading } from '../app/parts'
import { useWords, type Key, type Say } from '../app/words'
import { id as words } from '../app/words.id'

const GOOD = ['accepted', 'taken_back', 'assigned']
const BAD = ['hangus', 'late', 'breach', 'undeliverable']

type Skipped = { salesId: string; reason: string }

/** Reasons of agents who had the lead already. The story has told that. */
const ASKED = ['asked', 'declined', 'timed_out', 'undeliverable', 'not_sent', 'withdrawn']

const reason = (t: Say, code: string) => (`reason.${code}` in words ? t(`reason.${code}` as Key) : code)

/** The sentence of a kind, in the reader's language; the server's own for a kind that this page does not know. */
function sentence(t: Say, kind: string, agent: string, summary: string): string {
  const key = `story.${kind}`
  return key in words ? t(key as Key, { agent }) : summary
}

export function Story({ id }: { id: string }) {
  const { t, language } = useWords()
  const story = useQuery(explainLeadOptions({ path: { id } }))
  const team = useQuery(salesOptions())
  if (story.isPending) return <Loading />
  if (story.isError) return <Failed error={story.error} again={() => void story.refetch()} />
  const nameOf = (agent: string | undefined) => team.data?.find((one) => one.id === agent)?.name ?? agent ?? ''
  const { archives } = story.data
  return (
    <>
      {archives.length > 0 && <p className="text-soft text-[13.5px] mb-3">{t('story.archived', { files: archives.map((file) => file.split('/').pop()).join(', ') })}</p>}
      <ol className="border-l-2 border-line pl-5 grid gap-4">
        {story.data.steps.map((step, index) => {
          const skipped = ((step.detail as { skipped?: Skipped[] } | undefined)?.skipped ?? []).filter((one) => !ASKED.includes(one.reason))
          const names = skipped.map((one) => `${nameOf(one.salesId)} (${reason(t, one.reason)})`)
          const look = GOOD.includes(step.kind) ? 'border-ok' : BAD.includes(step.kind) ? 'border-bad' : 'border-idle'
          return (
            <li key={`${step.at}${index}`} className="relative" data-step={step.kind}>
              <i className={`absolute -left-[27.5px] top-1.5 size-3 rounded-full bg-card border-[3px] ${look}`} aria-hidden="true" />
              <b className="font-semibold">{sentence(t, step.kind, nameOf(step.salesId), step.summary)}</b>{' '}
              <time className="text-soft text-[13px]" dateTime={step.at}>
                {timeOfDay(step.at, language, 'milliseconds')}
                {step.latenessMs !== undefined && ` · ${step.latenessMs < 0 ? t('lead.early', { time: length(step.latenessMs) }) : t('lead.lateBy', { time: length(step.latenessMs) })}`}
              </time>
              {names.length > 0 && <p className="text-soft text-[13.5px]">{t('story.skipped', { names: names.join(', ') })}</p>}
            </li>
          )
        })}
      </ol>
    </>
  )
}
