// Users: who can sign in, with what role; a new one; disabling with what becomes of their leads; a new password.
import type { LeadsOfDisabled, Role, UserAccount } from '@client'
import { createUserMutation, resetPasswordMutation, resetTwoFactorMutation, revokeUserSessionsMutation, updateUserMutation, usersOptions, usersQueryKey } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { timeOfDay } from '../app/clock'
import { Dialog } from '../app/dialog'
import { Failed, Field, Heading, Loading } from '../app/parts'
import { sessionOptions } from '../app/session'
import { useWords } from '../app/words'

export function UsersScreen() {
  const { t } = useWords()
  const users = useQuery(usersOptions())
  if (users.isPending) return <Loading />
  if (users.isError && !users.data) return <Failed error={users.error} again={() => void users.refetch()} />
  return (
    <>
      <Heading>{t('nav.users')}</Heading>
      <div className="grid grid-cols-1 lg:grid-cols-[minmax(0,1fr)_320px] gap-5 items-start">
        <ul className="card">
          {users.data.map((user) => (
            <Row key={user.id} user={user} others={users.data.filter((one) => one.id !== user.id && !one.disabledAt)} />
          ))}
        </ul>
        <NewUser />
      </div>
    </>
  )
}

const useChanged = () => {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ queryKey: usersQueryKey() })
}

function Row({ user, others }: { user: UserAccount; others: UserAccount[] }) {
  const { t, language } = useWords()
  const me = useQuery(sessionOptions)
  const onSuccess = useChanged()
  const change = useMutation({ ...updateUserMutation(), onSuccess })
  const revoke = useMutation({ ...revokeUserSessionsMutation(), onSuccess })
  const error = change.error ?? revoke.error
  return (
    <li className="px-4 py-3 border-t border-line first:border-t-0" data-user={user.email}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1">
          <p className="font-semibold">
            {user.name} <span className="pill idle">{t(`me.role.${user.role}`)}</span> {user.disabledAt && <span className="pill bad">{t('users.disabledSince', { time: timeOfDay(user.disabledAt, language) })}</span>}
          </p>
          <p className="text-soft text-[13px] break-words">{[user.email, user.phone, t('users.sessions', { count: user.sessions }), user.twoFactor && t('users.twoFactor')].filter(Boolean).join(' · ')}</p>
        </div>
        <Password user={user} />
        {user.twoFactor && user.id !== me.data?.id && <ResetTwoFactor user={user} />}
        <button type="button" className="ghost" disabled={user.sessions === 0 || revoke.isPending} onClick={() => revoke.mutate({ path: { id: user.id } })}>
          {t('users.signOut')}
        </button>
        {user.disabledAt ? (
          <button type="button" className="ghost" disabled={change.isPending} onClick={() => change.mutate({ path: { id: user.id }, body: { disabled: false } })}>
            {t('users.enable')}
          </button>
        ) : (
          <Disable user={user} others={others} change={(body) => change.mutate({ path: { id: user.id }, body: { disabled: true, ...body } })} />
        )}
      </div>
      {error && <Failed error={error} />}
    </li>
  )
}

function Disable({ user, others, change }: { user: UserAccount; others: UserAccount[]; change: (body: { leads: LeadsOfDisabled; colleague?: string }) => void }) {
  const { t } = useWords()
  const [asks, setAsks] = useState(false)
  return (
    <>
      <button type="button" className="ghost text-bad" onClick={() => setAsks(true)}>
        {t('users.disable')}
      </button>
      {asks && (
        <Dialog title={t('users.disableAsk', { name: user.name })} close={() => setAsks(false)}>
          <form
            onSubmit={(event) => {
              event.preventDefault()
              const chosen = String(new FormData(event.currentTarget).get('leads'))
              change(chosen === 'list' || chosen === 'distribute' ? { leads: chosen } : { leads: 'colleague', colleague: chosen })
              setAsks(false)
            }}
          >
            <Field label={t('users.leads')}>
              <select className="field" name="leads">
                <option value="list">{t('users.leads.list')}</option>
                <option value="distribute">{t('users.leads.distribute')}</option>
                {others.map((one) => (
                  <option key={one.id} value={one.id}>
                    {t('users.leads.colleague', { name: one.name })}
                  </option>
                ))}
              </select>
            </Field>
            <button type="submit" className="ghost text-bad">
              {t('users.disable')}
            </button>
          </form>
        </Dialog>
      )}
    </>
  )
}

function Password({ user }: { user: UserAccount }) {
  const { t } = useWords()
  const [asks, setAsks] = useState(false)
  const set = useMutation({ ...resetPasswordMutation(), onSuccess: () => setAsks(false) })
  return (
    <>
      <button type="button" className="ghost" onClick={() => setAsks(true)}>
        {t('users.password')}
      </button>
      {asks && (
        <Dialog title={t('users.passwordOf', { name: user.name })} close={() => setAsks(false)}>
          <form
            onSubmit={(event) => {
              event.preventDefault()
              set.mutate({ path: { id: user.id }, body: { password: String(new FormData(event.currentTarget).get('password')) } })
            }}
          >
            <Field label={t('me.new')}>
              <input className="field" name="password" type="text" autoComplete="off" minLength={8} maxLength={128} required />
            </Field>
            {set.isError && <Failed error={set.error} />}
            <button type="submit" className="ghost" disabled={set.isPending}>
              {t('me.change')}
            </button>
          </form>
        </Dialog>
      )}
    </>
  )
}

/** For a user who lost the phone and the backup codes. */
function ResetTwoFactor({ user }: { user: UserAccount }) {
  const { t } = useWords()
  const onChanged = useChanged()
  const [asks, setAsks] = useState(false)
  const reset = useMutation({
    ...resetTwoFactorMutation(),
    onSuccess: () => {
      setAsks(false)
      void onChanged()
    },
  })
  return (
    <>
      <button type="button" className="ghost" onClick={() => setAsks(true)}>
        {t('users.resetTwoFactor')}
      </button>
      {asks && (
        <Dialog title={t('users.resetTwoFactorOf', { name: user.name })} close={() => setAsks(false)}>
          <p className="text-soft mb-3">{t('users.resetTwoFactorWhy')}</p>
          {reset.isError && <Failed error={reset.error} />}
          <button type="button" className="ghost text-bad" disabled={reset.isPending} onClick={() => reset.mutate({ path: { id: user.id } })}>
            {t('users.resetTwoFactor')}
          </button>
        </Dialog>
      )}
    </>
  )
}

function NewUser() {
  const { t } = useWords()
  const onSuccess = useChanged()
  const create = useMutation({ ...createUserMutation(), onSuccess })
  return (
    <form
      className="card p-4"
      onSubmit={(event) => {
        event.preventDefault()
        const form = event.currentTarget
        const given = new FormData(form)
        const text = (name: string) => String(given.get(name)).trim()
        create.mutate(
          { body: { name: text('name'), email: text('email'), password: String(given.get('password')), role: text('role') as Role, ...(text('phone') ? { phone: text('phone') } : {}) } },
          { onSuccess: () => form.reset() },
        )
      }}
    >
      <h2 className="font-semibold mb-3">{t('users.new')}</h2>
      <Field label={t('users.name')}>
        <input className="field" name="name" autoComplete="off" required />
      </Field>
      <Field label={t('signIn.email')}>
        <input className="field" name="email" type="email" autoComplete="off" required />
      </Field>
      <Field label={t('users.phone')}>
        <input className="field" name="phone" inputMode="tel" autoComplete="off" />
      </Field>
      <Field label={t('signIn.password')}>
        <input className="field" name="password" type="text" autoComplete="off" minLength={8} maxLength={128} required />
      </Field>
      <Field label={t('users.role')}>
        <select className="field" name="role">
          <option value="sales">{t('me.role.sales')}</option>
          <option value="admin">{t('me.role.admin')}</option>
          <option value="operator">{t('me.role.operator')}</option>
        </select>
      </Field>
      {create.isError && <Failed error={create.error} />}
      {create.isSuccess && (
        <p role="status" className="text-ok mb-2">
          {t('users.made', { name: create.data.name })}
        </p>
      )}
      <button type="submit" className="primary" disabled={create.isPending}>
        {t('users.make')}
      </button>
    </form>
  )
}
