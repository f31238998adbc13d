// Sign-in with email and password.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { Field, Loading, Wrong } from '../app/parts'
import { Refused, sessionOptions, signIn } from '../app/session'
import { useWords, type Key } from '../app/words'

function reason(error: unknown): Key {
  if (!(error instanceof Refused)) return 'error.network'
  if (error.status === 429) return 'signIn.tooMany'
  if (error.code === 'BANNED_USER') return 'signIn.disabled'
  if (error.code.endsWith('ORIGIN')) return 'signIn.origin'
  return 'signIn.wrong'
}

const Code = lazy(() => import('./code').then((module) => ({ default: module.Code })))

export function SignIn() {
  const { t, language, choose } = useWords()
  const queries = useQueryClient()
  const [asksForCode, setAsksForCode] = useState(false)
  const entering = useMutation({
    mutationFn: (form: FormData) => signIn(String(form.get('email')), String(form.get('password'))),
    onSuccess: (answer) => {
      if (answer.twoFactorRedirect) setAsksForCode(true)
      else void queries.invalidateQueries({ queryKey: sessionOptions.queryKey })
    },
  })
  if (asksForCode) {
    return (
      <main className="min-h-screen grid place-items-center p-4">
        <Suspense fallback={<Loading />}>
          <Code back={() => setAsksForCode(false)} />
        </Suspense>
      </main>
    )
  }
  return (
    <main className="min-h-screen grid place-items-center p-4">
      <form
        className="card p-6 w-full max-w-sm"
        onSubmit={(event) => {
          event.preventDefault()
          entering.mutate(new FormData(event.currentTarget))
        }}
      >
        <h1 className="text-[21px] font-semibold tracking-tight mb-4">{t('app.name')}</h1>
        <Field label={t('signIn.email')}>
          <input className="field" name="email" type="email" autoComplete="username" required />
        </Field>
        <Field label={t('signIn.password')}>
          <input className="field" name="password" type="password" autoComplete="current-password" required />
        </Field>
        {entering.isError && <Wrong words={t(reason(entering.error))} />}
        <button type="submit" className="primary w-full" disabled={entering.isPending}>
          {t('signIn.go')}
        </button>
        <button type="button" className="mt-3 min-h-[44px] text-soft text-sm" onClick={() => choose(language === 'id' ? 'en' : 'id')}>
          {language === 'id' ? 'English' : 'Bahasa Indonesia'}
        </button>
      </form>
    </main>
  )
}
