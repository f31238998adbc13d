// What runs: queues of jobs with their pauses, processes, what waits for a person, what operators did.
import type { JobQueue, Process, Trouble } from '@client'
import { jobQueuesOptions, jobQueuesQueryKey, operatorActionsOptions, operatorActionsQueryKey, pauseJobQueueMutation, processesOptions, resumeJobQueueMutation, retryUnheardMessageMutation, troubleOptions, troubleQueryKey } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from 'wouter'
import { timeOfDay } from '../app/clock'
import { Failed, Heading, Loading } from '../app/parts'
import type { User } from '../app/session'
import { useWords } from '../app/words'
import { Jobs } from './jobs'

/** Figures that change by themselves are read again this often. */
const EVERY = { refetchInterval: 5000 }

export function OperationsScreen({ user }: { user: User }) {
  const { t } = useWords()
  return (
    <>
      <Heading>{t('nav.operations')}</Heading>
      <div className="grid grid-cols-1 xl:grid-cols-2 gap-5 items-start">
        <Waiting isAdmin={user.role === 'admin'} />
        <Processes />
        <Queues />
        <Actions />
      </div>
      <Jobs />
    </>
  )
}

function Waiting({ isAdmin }: { isAdmin: boolean }) {
  const { t } = useWords()
  const trouble = useQuery({ ...troubleOptions(), ...EVERY })
  if (trouble.isError && !trouble.data) return <Failed error={trouble.error} again={() => void trouble.refetch()} />
  if (!trouble.data) return <Loading />
  const found = trouble.data
  const rows: [string, number, string?][] = [
    [t('operations.dead'), found.jobsDead, '/operations?state=dead'],
    [t('operations.unsettled'), found.sendsUnsettled],
    [t('operations.unheard'), found.messagesUnheard],
    [t('attention.unread'), found.deliveriesUnread, isAdmin ? '/attention' : undefined],
    [t('attention.unusable'), found.metaLeadsUnusable, isAdmin ? '/attention' : undefined],
    [t('operations.failed'), found.messagesFailed1d, isAdmin ? '/whatsapp?failed=true' : undefined],
  ]
  return (
    <section className="card min-w-0" aria-label={t('operations.waiting')}>
      <h2 className="px-4 py-3 font-semibold border-b border-line">{t('operations.waiting')}</h2>
      <ul>
        {rows.map(([words, count, where]) => (
          <li key={words} className="px-4 py-2 border-t border-line first:border-t-0 flex gap-3 items-center">
            <span className="flex-1">{where ? <Link href={where}>{words}</Link> : words}</span>
            <span className={`pill ${count > 0 ? 'warn' : 'ok'}`}>{count}</span>
          </li>
        ))}
      </ul>
      <Unheard trouble={found} />
    </section>
  )
}

function Unheard({ trouble }: { trouble: Trouble }) {
  const { t, language } = useWords()
  const queries = useQueryClient()
  const again = useMutation({ ...retryUnheardMessageMutation(), onSuccess: () => queries.invalidateQueries({ queryKey: troubleQueryKey() }) })
  return (
    <ul>
      {trouble.unheard.map((message) => (
        <li key={message.id} className="px-4 py-2 border-t border-line flex flex-wrap gap-3 items-center text-sm">
          <span className="flex-1 min-w-0 break-words text-soft">{`${timeOfDay(message.receivedAt, language, 'seconds')} · ${message.id}`}</span>
          <button type="button" className="ghost" disabled={again.isPending} onClick={() => again.mutate({ path: { id: message.id } })}>
            {t('attention.again')}
          </button>
        </li>
      ))}
      {again.error && <Failed error={again.error} />}
    </ul>
  )
}

function Processes() {
  const { t } = useWords()
  const processes = useQuery({ ...processesOptions(), ...EVERY })
  return (
    <section className="card min-w-0" aria-label={t('operations.processes')}>
      <h2 className="px-4 py-3 font-semibold border-b border-line">{t('operations.processes')}</h2>
      {processes.isError && <Failed error={processes.error} />}
      <ul>
        {processes.data?.map((process) => (
          <ProcessRow key={`${process.host}/${process.instance}/${process.startedAt}`} process={process} />
        ))}
      </ul>
    </section>
  )
}

function ProcessRow({ process }: { process: Process }) {
  const { t, language } = useWords()
  return (
    <li className="px-4 py-2 border-t border-line first:border-t-0 text-sm" data-process={process.kind}>
      <p className="flex gap-3 items-center">
        <b className="font-semibold flex-1 break-words min-w-0">{process.instance}</b>
        <span className={`pill ${process.alive ? 'ok' : 'bad'}`}>{t(process.alive ? 'operations.alive' : 'operations.silent')}</span>
      </p>
      <p className="text-soft break-words">{`${process.host} · ${process.version} · ${t('operations.since', { time: timeOfDay(process.startedAt, language) })}`}</p>
    </li>
  )
}

function Queues() {
  const { t } = useWords()
  const queues = useQuery({ ...jobQueuesOptions(), ...EVERY })
  return (
    <section className="card min-w-0" aria-label={t('operations.queues')}>
      <h2 className="px-4 py-3 font-semibold border-b border-line">{t('operations.queues')}</h2>
      {queues.isError && <Failed error={queues.error} />}
      {queues.data?.length === 0 && <p className="p-4 text-soft">{t('operations.noJobs')}</p>}
      <ul>
        {queues.data?.map((queue) => (
          <QueueRow key={queue.queue} queue={queue} />
        ))}
      </ul>
    </section>
  )
}

function QueueRow({ queue }: { queue: JobQueue }) {
  const { t, language } = useWords()
  const queries = useQueryClient()
  const onSuccess = (rows: JobQueue[]) => {
    queries.setQueryData(jobQueuesQueryKey(), rows)
    void queries.invalidateQueries({ queryKey: operatorActionsQueryKey() })
  }
  const pause = useMutation({ ...pauseJobQueueMutation(), onSuccess })
  const resume = useMutation({ ...resumeJobQueueMutation(), onSuccess })
  const error = pause.error ?? resume.error
  const isPaused = queue.pausedAt !== undefined
  const counts = [
    t('operations.state.waiting', { count: queue.waiting }),
    t('operations.state.scheduled', { count: queue.scheduled }),
    t('operations.state.retrying', { count: queue.retrying }),
    t('operations.state.running', { count: queue.running }),
    t('operations.state.dead', { count: queue.dead }),
  ]
  return (
    <li className="px-4 py-2 border-t border-line first:border-t-0 text-sm" data-queue={queue.queue}>
      <p className="flex flex-wrap gap-3 items-center">
        <Link href={`/operations?queue=${encodeURIComponent(queue.queue)}`} className="font-semibold flex-1 break-words min-w-0">
          {queue.queue}
        </Link>
        {queue.canPause && (
          <button type="button" className="ghost" disabled={pause.isPending || resume.isPending} onClick={() => (isPaused ? resume : pause).mutate({ path: { id: queue.queue } })}>
            {t(isPaused ? 'operations.resume' : 'operations.pause')}
          </button>
        )}
      </p>
      <p className="text-soft">{counts.join(' · ')}</p>
      {queue.pausedAt !== undefined && <p className="text-warn">{t('operations.pausedSince', { time: timeOfDay(queue.pausedAt, language) })}</p>}
      {error && <Failed error={error} />}
    </li>
  )
}

function Actions() {
  const { t, language } = useWords()
  const actions = useQuery(operatorActionsOptions())
  return (
    <section className="card min-w-0" aria-label={t('operations.actions')}>
      <h2 className="px-4 py-3 font-semibold border-b border-line">{t('operations.actions')}</h2>
      {actions.isError && <Failed error={actions.error} />}
      {actions.data?.length === 0 && <p className="p-4 text-soft">{t('operations.noActions')}</p>}
      <ul className="max-h-80 overflow-auto" tabIndex={0} aria-label={t('operations.actions')}>
        {actions.data?.map((done) => (
          <li key={`${done.at}${done.action}`} className="px-4 py-2 border-t border-line first:border-t-0 text-sm">
            <p>{`${timeOfDay(done.at, language, 'seconds')} · ${done.action} · ${done.rows}`}</p>
            <p className="text-soft break-words">{done.byWhom}</p>
          </li>
        ))}
      </ul>
    </section>
  )
}
