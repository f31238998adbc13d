// What somebody sees who must have a second factor and has none: nothing else, until it is set up.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Failed } from '../app/parts'
import { signOut, type User } from '../app/session'
import { useWords } from '../app/words'
import { SecondFactor } from './second-factor'

export function MustSetUp({ user }: { user: User }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const leaving = useMutation({
    mutationFn: signOut,
    onSuccess: () => {
      queries.clear()
      location.assign('/sign-in')
    },
  })
  return (
    <main className="min-h-screen grid place-items-center p-4">
      <div className="w-full max-w-md grid gap-4">
        <h1 className="text-[21px] font-semibold tracking-tight">{t('factor.must')}</h1>
        <SecondFactor user={user} />
        <button type="button" className="ghost" onClick={() => leaving.mutate()}>
          {t('me.signOut')}
        </button>
        {leaving.isError && <Failed error={leaving.error} />}
      </div>
    </main>
  )
}
