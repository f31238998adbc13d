// Queues and team: the places in their order with their weights and shares, who is next, the settings and rules, and the hours of
// each agent and of the company. A change of places names the version that it is based on.
import { queuesOptions, salesOptions } from '@client/hooks'
import { useQuery } from '@tanstack/react-query'
import { Calendar } from '../availability/calendar'
import { Failed, Heading, Loading } from '../app/parts'
import { useWords } from '../app/words'
import { NewQueue } from './new-queue'
import { Places } from './places'

export function QueuesScreen() {
  const { t } = useWords()
  const queues = useQuery(queuesOptions())
  const team = useQuery(salesOptions())
  if (queues.isPending) return <Loading />
  if (queues.isError && !queues.data) return <Failed error={queues.error} again={() => void queues.refetch()} />
  return (
    <>
      <Heading>{t('nav.queues')}</Heading>
      <div className="grid grid-cols-1 xl:grid-cols-2 gap-5 items-start">
        {queues.data.map((queue) => (
          <Places key={queue.id} queue={queue} team={team.data ?? []} />
        ))}
        <Calendar />
        <NewQueue />
      </div>
    </>
  )
}
