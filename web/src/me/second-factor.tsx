// The second factor: an authenticator app is set up with a QR code, backup codes are shown once, and it is given up.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Failed, Field, Wrong } from '../app/parts'
import { disableTwoFactor, enableTwoFactor, newBackupCodes, Refused, sessionOptions, verifyCode, type User } from '../app/session'
import { useWords } from '../app/words'

type Setup = { totpURI: string; backupCodes: string[] }

function WithPassword({ words, go, error, isPending }: { words: string; go: (password: string) => void; error: unknown; isPending: boolean }) {
  const { t } = useWords()
  return (
    <form
      className="mb-3"
      onSubmit={(event) => {
        event.preventDefault()
        const form = event.currentTarget
        go(String(new FormData(form).get('password')))
        form.reset()
      }}
    >
      <Field label={t('me.current')}>
        <input className="field" name="password" type="password" autoComplete="current-password" required />
      </Field>
      {error != null && (error instanceof Refused && error.code === 'INVALID_PASSWORD' ? <Wrong words={t('factor.wrongPassword')} /> : <Failed error={error} />)}
      <button type="submit" className="ghost" disabled={isPending}>
        {words}
      </button>
    </form>
  )
}

export function SecondFactor({ user }: { user: User }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const changed = () => queries.invalidateQueries({ queryKey: sessionOptions.queryKey })
  const enabling = useMutation({ mutationFn: enableTwoFactor })
  const renewing = useMutation({ mutationFn: newBackupCodes })
  const disabling = useMutation({ mutationFn: disableTwoFactor, onSuccess: changed })
  const isRequired = disabling.error instanceof Refused && disabling.error.code === 'TWO_FACTOR_REQUIRED'
  const codes = renewing.data?.backupCodes
  return (
    <section className="card p-4" aria-label={t('factor.title')}>
      <h2 className="font-semibold mb-2">
        {t('factor.title')} <span className={`pill ${user.twoFactorEnabled ? 'ok' : 'idle'}`}>{t(user.twoFactorEnabled ? 'factor.on' : 'factor.off')}</span>
      </h2>
      {user.twoFactorEnabled ? (
        <>
          {codes && <BackupCodes codes={codes} />}
          <WithPassword words={t('factor.newCodes')} go={renewing.mutate} error={renewing.error} isPending={renewing.isPending} />
          <WithPassword words={t('factor.disable')} go={disabling.mutate} error={isRequired ? null : disabling.error} isPending={disabling.isPending} />
          {isRequired && <Wrong words={t('factor.required')} />}
        </>
      ) : (
        <>
          <p className="text-soft mb-3">{t('factor.why')}</p>
          {enabling.data ? <Proof setup={enabling.data} done={changed} /> : <WithPassword words={t('factor.enable')} go={enabling.mutate} error={enabling.error} isPending={enabling.isPending} />}
        </>
      )}
    </section>
  )
}

/** The QR code and the backup codes, until a code shows that the app works. */
function Proof({ setup, done }: { setup: Setup; done: () => void }) {
  const { t } = useWords()
  const picture = useQuery({
    queryKey: [{ _id: 'qr', text: setup.totpURI }],
    queryFn: async () => (await import('uqr')).renderSVG(setup.totpURI),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  const proving = useMutation({ mutationFn: (code: string) => verifyCode(code.replaceAll(' ', ''), false), onSuccess: done })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        proving.mutate(String(new FormData(event.currentTarget).get('code')))
      }}
    >
      <p className="mb-2">{t('factor.scan')}</p>
      {picture.data && <img className="bg-white rounded-lg w-56 h-56 mb-2" src={`data:image/svg+xml,${encodeURIComponent(picture.data)}`} alt={t('factor.qr')} />}
      <p className="text-soft text-sm mb-1">{t('factor.byHand')}</p>
      <p className="font-mono text-sm break-all mb-3">{new URL(setup.totpURI).searchParams.get('secret')}</p>
      <BackupCodes codes={setup.backupCodes} />
      <Field label={t('code.app')}>
        <input className="field" name="code" inputMode="numeric" autoComplete="one-time-code" maxLength={7} required />
      </Field>
      {proving.isError && (proving.error instanceof Refused && proving.error.code === 'INVALID_CODE' ? <Wrong words={t('code.wrong')} /> : <Failed error={proving.error} />)}
      <button type="submit" className="primary" disabled={proving.isPending}>
        {t('factor.prove')}
      </button>
    </form>
  )
}

function BackupCodes({ codes }: { codes: string[] }) {
  const { t } = useWords()
  return (
    <div className="mb-3">
      <p className="mb-1">{t('factor.backup')}</p>
      <ul className="grid grid-cols-2 gap-x-4 font-mono text-sm" aria-label={t('factor.backupCodes')}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </div>
  )
}
