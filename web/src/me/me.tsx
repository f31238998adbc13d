// One's own profile: language, appearance, password, signing out.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import type { Place } from '../app/places'
import { Failed, Field, Heading } from '../app/parts'
import { changePassword, signOut, signOutEverywhere, type User } from '../app/session'
import { showTheme, theme, type Theme } from '../app/theme'
import { useWords, type Language } from '../app/words'
import { SecondFactor } from './second-factor'
import { Sessions } from './sessions'

export function MeScreen({ user, places }: { user: User; places: Place[] }) {
  const { t, language, choose } = useWords()
  const queries = useQueryClient()
  const [look, setLook] = useState<Theme>(theme())
  const leaving = useMutation({
    mutationFn: (everywhere: boolean) => (everywhere ? signOutEverywhere().then(signOut) : signOut()),
    onSuccess: () => {
      queries.clear()
      location.assign('/sign-in')
    },
  })
  const changing = useMutation({
    mutationFn: (form: FormData) => changePassword(String(form.get('current')), String(form.get('new'))),
  })
  return (
    <div className="max-w-md grid gap-5">
      <Heading>{t('me.title')}</Heading>
      <section className="card p-4">
        <p className="font-semibold">{user.name}</p>
        <p className="text-soft mb-4">
          {user.email} · {t(`me.role.${user.role}`)}
        </p>
        <Field label={t('me.language')}>
          <select className="field" value={language} onChange={(event) => choose(event.currentTarget.value as Language)}>
            <option value="id">Bahasa Indonesia</option>
            <option value="en">English</option>
          </select>
        </Field>
        <Field label={t('me.theme')}>
          <select
            className="field"
            value={look}
            onChange={(event) => {
              const chosen = event.currentTarget.value as Theme
              setLook(chosen)
              showTheme(chosen)
            }}
          >
            <option value="system">{t('me.themeSystem')}</option>
            <option value="light">{t('me.themeLight')}</option>
            <option value="dark">{t('me.themeDark')}</option>
          </select>
        </Field>
      </section>
      <SecondFactor user={user} />
      <Sessions />
      <form
        className="card p-4"
        onSubmit={(event) => {
          event.preventDefault()
          const form = event.currentTarget
          changing.mutate(new FormData(form), { onSuccess: () => form.reset() })
        }}
      >
        <h2 className="font-semibold mb-3">{t('me.password')}</h2>
        <input type="hidden" autoComplete="username" value={user.email} />
        <Field label={t('me.current')}>
          <input className="field" name="current" type="password" autoComplete="current-password" required />
        </Field>
        <Field label={t('me.new')}>
          <input className="field" name="new" type="password" autoComplete="new-password" minLength={8} maxLength={128} required />
        </Field>
        {changing.isError && <Failed error={changing.error} />}
        {changing.isSuccess && (
          <p role="status" className="text-ok mb-2">
            {t('me.changed')}
          </p>
        )}
        <button type="submit" className="ghost" disabled={changing.isPending}>
          {t('me.change')}
        </button>
      </form>
      <nav className="card p-4 md:hidden" aria-label={t('nav.more')} hidden={places.every((place) => place.main)}>
        <h2 className="font-semibold mb-2">{t('nav.more')}</h2>
        {places.map(
          (place) =>
            !place.main && (
              <Link key={place.path} href={place.path} className="block min-h-[44px] content-center text-ink">
                {t(place.key)}
              </Link>
            ),
        )}
      </nav>
      <div className="flex flex-wrap gap-2">
        <button type="button" className="ghost" onClick={() => leaving.mutate(false)}>
          {t('me.signOut')}
        </button>
        <button type="button" className="ghost" onClick={() => leaving.mutate(true)}>
          {t('me.signOutAll')}
        </button>
      </div>
      {leaving.isError && <Failed error={leaving.error} />}
    </div>
  )
}
