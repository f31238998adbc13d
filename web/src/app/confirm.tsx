// The password is asked for again before an export, a change of a user, or whatever else the api wants it for.
import { confirmation, confirmPassword } from '@client'
import { useEffect, useState } from 'react'
import { Dialog } from './dialog'
import { Failed, Field } from './parts'
import { useWords } from './words'

type Answer = (isConfirmed: boolean) => void
let ask: ((answer: Answer) => void) | undefined

let asking: Promise<boolean> | undefined

/** Asks for the password, once for all requests that wait for it. True once it was right, false if the dialog was closed. */
const asked = () =>
  (asking ??= new Promise<boolean>((answer) => (ask ? ask(answer) : answer(false))).finally(() => {
    asking = undefined
  }))

/** Asks for the password unless it was given lately. True if what needs it can go on. */
export async function confirmed(): Promise<boolean> {
  const { data } = await confirmation()
  return data?.confirmedUntil ? true : asked()
}

/** As `fetch`, but a request that needs the password is sent again once it was given. */
export async function fetchConfirmed(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const again = input instanceof Request ? input.clone() : input
  const response = await fetch(input, init)
  if (response.status !== 403) return response
  const problem = (await response.clone().json().catch(() => null)) as { code?: string } | null
  if (problem?.code !== 'confirm_password' || !(await asked())) return response
  return fetch(again, init)
}

/** The dialog that asks, above every screen. */
export function Confirm() {
  const { t } = useWords()
  const [answer, setAnswer] = useState<Answer>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    ask = (next) => {
      setError(undefined)
      setAnswer(() => next)
    }
    return () => {
      ask = undefined
    }
  }, [])
  if (!answer) return null
  const end = (isConfirmed: boolean) => {
    setAnswer(undefined)
    answer(isConfirmed)
  }
  return (
    <Dialog title={t('confirm.title')} close={() => end(false)}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const password = String(new FormData(event.currentTarget).get('again'))
          void confirmPassword({ body: { password } }).then(({ error }) => (error ? setError(error) : end(true)))
        }}
      >
        <p className="text-soft mb-3">{t('confirm.why')}</p>
        <Field label={t('me.current')}>
          <input className="field" name="again" type="password" autoComplete="current-password" required />
        </Field>
        {error !== undefined && <Failed error={error} />}
        <button type="submit" className="ghost">
          {t('confirm.go')}
        </button>
      </form>
    </Dialog>
  )
}
