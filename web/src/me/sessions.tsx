// Where one is signed in, and signing out there.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { timeOfDay } from '../app/clock'
import { Failed } from '../app/parts'
import { endSession, sessionsOptions } from '../app/session'
import { useWords } from '../app/words'

export function Sessions() {
  const { t, language } = useWords()
  const queries = useQueryClient()
  const sessions = useQuery(sessionsOptions)
  const ending = useMutation({ mutationFn: endSession, onSettled: () => queries.invalidateQueries({ queryKey: sessionsOptions.queryKey }) })
  const error = sessions.error ?? ending.error
  return (
    <section className="card p-4" aria-label={t('me.sessions')}>
      <h2 className="font-semibold mb-2">{t('me.sessions')}</h2>
      {error && <Failed error={error} />}
      <ul className="grid gap-2">
        {sessions.data?.map((session) => (
          <li key={session.token} className="flex flex-wrap gap-3 items-center">
            <span className="flex-1 min-w-[160px] text-sm break-words">
              {session.userAgent ?? '–'} <span className="text-soft">{timeOfDay(session.updatedAt, language)}</span>
            </span>
            <button type="button" className="ghost" disabled={ending.isPending} onClick={() => ending.mutate(session.token)}>
              {t('users.signOut')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
