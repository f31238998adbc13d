// The second step of a sign-in: the code of the authenticator app, or a backup code.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Field, Wrong } from '../app/parts'
import { Refused, sessionOptions, verifyBackupCode, verifyCode } from '../app/session'
import { useWords, type Key } from '../app/words'

function reason(error: unknown): Key {
  if (!(error instanceof Refused)) return 'error.network'
  if (error.code === 'INVALID_TWO_FACTOR_COOKIE' || error.code.startsWith('TOO_MANY_ATTEMPTS')) return 'code.ended'
  if (error.code === 'ACCOUNT_TEMPORARILY_LOCKED') return 'code.locked'
  if (error.status === 429) return 'signIn.tooMany'
  return 'code.wrong'
}

export function Code({ back }: { back: () => void }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const [isLost, setIsLost] = useState(false)
  const entering = useMutation({
    mutationFn: (form: FormData) => {
      const code = String(form.get('code')).trim()
      const trustDevice = form.get('trust') === 'on'
      return isLost ? verifyBackupCode(code, trustDevice) : verifyCode(code.replaceAll(' ', ''), trustDevice)
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: sessionOptions.queryKey }),
  })
  return (
    <form
      className="card p-6 w-full max-w-sm"
      onSubmit={(event) => {
        event.preventDefault()
        entering.mutate(new FormData(event.currentTarget))
      }}
    >
      <h1 className="text-[21px] font-semibold tracking-tight mb-4">{t('code.title')}</h1>
      {isLost ? (
        <Field key="backup" label={t('code.backup')}>
          <input className="field" name="code" autoComplete="off" autoCapitalize="none" spellCheck={false} required />
        </Field>
      ) : (
        <Field key="app" label={t('code.app')}>
          <input className="field" name="code" inputMode="numeric" autoComplete="one-time-code" maxLength={7} required ref={(input) => input?.focus()} />
        </Field>
      )}
      <label className="flex gap-2 items-center mb-4 min-h-[44px]">
        <input type="checkbox" name="trust" /> {t('code.trust')}
      </label>
      {entering.isError && <Wrong words={t(reason(entering.error))} />}
      <button type="submit" className="primary w-full" disabled={entering.isPending}>
        {t('signIn.go')}
      </button>
      <div className="flex flex-wrap justify-between mt-3">
        <button type="button" className="min-h-[44px] text-soft text-sm" onClick={() => setIsLost(!isLost)}>
          {t(isLost ? 'code.useApp' : 'code.useBackup')}
        </button>
        <button type="button" className="min-h-[44px] text-soft text-sm" onClick={back}>
          {t('code.back')}
        </button>
      </div>
    </form>
  )
}
