// Jobs by state, queue and class of failure; one or all that fit are tried again, run now or discarded.
import type { BackgroundJob, JobAction, JobState } from '@client'
import { changeJobsMutation, countJobsMutation, jobOptions, jobQueuesQueryKey, jobsOptions, jobsQueryKey, operatorActionsQueryKey, troubleQueryKey } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { timeOfDay } from '../app/clock'
import { Dialog } from '../app/dialog'
import { Failed, Loading } from '../app/parts'
import { useWords, type Key } from '../app/words'

const STATES: JobState[] = ['waiting', 'scheduled', 'retrying', 'running', 'dead']
const LOOK: Record<JobState, string> = { waiting: 'warn', scheduled: 'idle', retrying: 'warn', running: 'ok', dead: 'bad' }
const PAGE = 100

type Filter = { state?: JobState; queue?: string; errorClass?: string; payload?: string }

/** Which actions can change jobs of a state. */
const ACTIONS: Record<JobState | 'any', JobAction[]> = {
  waiting: ['discard'],
  scheduled: ['run_now', 'discard'],
  retrying: ['run_now', 'discard'],
  running: [],
  dead: ['retry', 'discard'],
  any: ['retry', 'run_now', 'discard'],
}

export function Jobs() {
  const { t } = useWords()
  const [search, setSearch] = useSearchParams()
  const filter = read(search)
  // A job that is changed can leave the list, with its row and its dialog: what was done is said here.
  const [done, setDone] = useState<number>()
  const jobs = useQuery({ ...jobsOptions({ query: { ...filter, limit: PAGE } }), refetchInterval: 5000, placeholderData: (before) => before })
  const set = (name: keyof Filter, value: string) =>
    setSearch((before) => {
      const next = new URLSearchParams(before)
      if (value) next.set(name, value)
      else next.delete(name)
      return next
    })
  return (
    <section className="card min-w-0 mt-5" aria-label={t('operations.jobs')}>
      <h2 className="px-4 pt-3 font-semibold">{t('operations.jobs')}</h2>
      <div className="px-4 py-3 flex flex-wrap gap-3 border-b border-line items-end">
        <select className="field !w-44" aria-label={t('operations.state')} value={filter.state ?? ''} onChange={(event) => set('state', event.currentTarget.value)}>
          <option value="">{t('operations.anyState')}</option>
          {STATES.map((state) => (
            <option key={state} value={state}>
              {t(`operations.name.${state}`)}
            </option>
          ))}
        </select>
        {(['queue', 'errorClass', 'payload'] as const).map((name) => (
          <input key={name} className="field !w-44" aria-label={t(`operations.${name}`)} placeholder={t(`operations.${name}`)} defaultValue={filter[name] ?? ''} onChange={(event) => set(name, event.currentTarget.value)} />
        ))}
        {ACTIONS[filter.state ?? 'any'].map((action) => (
          <Change key={action} action={action} filter={filter} done={setDone} />
        ))}
      </div>
      {done !== undefined && (
        <p role="status" className="px-4 py-2 text-ok">
          {t('operations.done', { count: done })}
        </p>
      )}
      {jobs.isPending && <Loading />}
      {jobs.isError && <Failed error={jobs.error} again={() => void jobs.refetch()} />}
      {jobs.data?.length === 0 && <p className="p-4 text-soft">{t('operations.noJobs')}</p>}
      <ul>
        {jobs.data?.map((job) => (
          <Row key={job.id} job={job} done={setDone} />
        ))}
      </ul>
    </section>
  )
}

function read(search: URLSearchParams): Filter {
  const state = STATES.find((one) => one === search.get('state'))
  const text = (name: string) => search.get(name) || undefined
  const [queue, errorClass, payload] = [text('queue'), text('errorClass'), text('payload')]
  return { ...(state && { state }), ...(queue && { queue }), ...(errorClass && { errorClass }), ...(payload && { payload }) }
}

const WORDS: Record<JobAction, Key> = { retry: 'operations.retry', run_now: 'operations.runNow', discard: 'operations.discard' }

/** Counts first, asks, and then changes as many. */
function Change({ action, filter, done }: { action: JobAction; filter: Filter & { ids?: string[] }; done: (jobs: number) => void }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const count = useMutation(countJobsMutation())
  const change = useMutation({
    ...changeJobsMutation(),
    onSuccess: ({ jobs }) => {
      done(jobs)
      setAsks(false)
      for (const queryKey of [jobsQueryKey(), jobQueuesQueryKey(), troubleQueryKey(), operatorActionsQueryKey()]) void queries.invalidateQueries({ queryKey })
    },
  })
  const [asks, setAsks] = useState(false)
  const close = () => {
    setAsks(false)
    change.reset()
  }
  const ask = () => {
    setAsks(true)
    count.mutate({ body: { action, filter } })
  }
  const jobs = count.data?.jobs
  return (
    <>
      <button type="button" className={`ghost ${action === 'discard' ? 'text-bad' : ''}`} onClick={ask}>
        {t(WORDS[action])}
      </button>
      {asks && (
        <Dialog title={t(WORDS[action])} close={close}>
          {count.error && <Failed error={count.error} />}
          {jobs !== undefined && <p className="mb-3">{t(`operations.ask.${action}`, { count: jobs })}</p>}
          {change.error && <Failed error={change.error} />}
          <button type="button" className="primary" disabled={!jobs || change.isPending} onClick={() => change.mutate({ body: { action, filter, expected: jobs ?? 0 } })}>
            {t(WORDS[action])}
          </button>
        </Dialog>
      )}
    </>
  )
}

function Row({ job, done }: { job: BackgroundJob; done: (jobs: number) => void }) {
  const { t, language } = useWords()
  const [isOpen, setOpen] = useState(false)
  const filter = { ids: [job.id] }
  return (
    <li className="px-4 py-2.5 border-t border-line first:border-t-0 text-sm" data-job={job.id}>
      <div className="flex flex-wrap gap-x-3 gap-y-1 items-center">
        <button type="button" className="ghost min-w-0 break-words" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {job.queue}
        </button>
        <span className={`pill ${LOOK[job.state]}`}>{t(`operations.name.${job.state}`)}</span>
        <span className="text-soft">{`${t('operations.tries', { tried: job.tried, tries: job.tries })} · ${timeOfDay(job.runAt, language, 'seconds')}`}</span>
        <span className="flex-1" />
        {ACTIONS[job.state].map((action) => (
          <Change key={action} action={action} filter={filter} done={done} />
        ))}
      </div>
      {job.reason && <p className="text-bad break-words">{`${job.errorClass ?? ''}: ${job.reason}`}</p>}
      {isOpen && <Detail job={job} />}
    </li>
  )
}

function Detail({ job }: { job: BackgroundJob }) {
  const { t, language } = useWords()
  const detail = useQuery(jobOptions({ path: { id: job.id } }))
  return (
    <div className="py-2">
      <pre className="text-soft whitespace-pre-wrap break-words m-0">{JSON.stringify(job.payload, null, 1)}</pre>
      <p className="text-soft break-words">{[job.id, job.worker && t('operations.worker', { name: job.worker }), job.requestId].filter(Boolean).join(' · ')}</p>
      {detail.error && <Failed error={detail.error} />}
      <ol>
        {detail.data?.failures.map((failed) => (
          <li key={failed.tried} className="break-words">{`${failed.tried}. ${timeOfDay(failed.failedAt, language, 'seconds')} · ${failed.errorClass}: ${failed.reason}`}</li>
        ))}
      </ol>
    </div>
  )
}
