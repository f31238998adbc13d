// The shell: who is signed in, the addresses and their screens, the navigation, the live badge, the keys.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { Link, Redirect, Route, Switch, useLocation } from 'wouter'
import { OffersScreen } from '../offers/offers'
import { SignIn } from '../sign-in/sign-in'
import { timeOfDay, useServerTime } from './clock'
import { Confirm } from './confirm'
import { importBoard } from './early'
import { openFeed, useFeed } from './feed'
import { Palette } from './palette'
import { Dialog } from './dialog'
import { Failed, Heading, Loading } from './parts'
import { placesOf, type Place } from './places'
import { mustSetUpOptions, sessionOptions, type User } from './session'
import { useWords } from './words'

const BoardScreen = lazy(() => importBoard().then((module) => ({ default: module.BoardScreen })))
const LeadsScreen = lazy(() => import('../leads/leads').then((module) => ({ default: module.LeadsScreen })))
const LeadScreen = lazy(() => import('../leads/lead').then((module) => ({ default: module.LeadScreen })))
const FiguresScreen = lazy(() => import('../figures/figures').then((module) => ({ default: module.FiguresScreen })))
const WhatsappScreen = lazy(() => import('../whatsapp/whatsapp').then((module) => ({ default: module.WhatsappScreen })))
const UsersScreen = lazy(() => import('../users/users').then((module) => ({ default: module.UsersScreen })))
const AttentionScreen = lazy(() => import('../attention/attention').then((module) => ({ default: module.AttentionScreen })))
const VisitsScreen = lazy(() => import('../visits/visits').then((module) => ({ default: module.VisitsScreen })))
const QueuesScreen = lazy(() => import('../queues/queues').then((module) => ({ default: module.QueuesScreen })))
const WhatIfScreen = lazy(() => import('../what-if/what-if').then((module) => ({ default: module.WhatIfScreen })))
const TablesScreen = lazy(() => import('../tables/tables').then((module) => ({ default: module.TablesScreen })))
const OperationsScreen = lazy(() => import('../operations/operations').then((module) => ({ default: module.OperationsScreen })))
const PrivacyScreen = lazy(() => import('../privacy/privacy').then((module) => ({ default: module.PrivacyScreen })))
const MustSetUp = lazy(() => import('../me/must-set-up').then((module) => ({ default: module.MustSetUp })))
const MeScreen = lazy(() => import('../me/me').then((module) => ({ default: module.MeScreen })))

export function Desk() {
  const session = useQuery({ ...sessionOptions, refetchInterval: 300_000 })
  const mustSetUp = useQuery(mustSetUpOptions)
  const [path] = useLocation()
  if (session.isPending) return <Loading />
  if (session.isError && session.data === undefined) {
    return <Failed error={session.error} again={() => void session.refetch()} />
  }
  if (!session.data) {
    return path === '/sign-in' ? <SignIn /> : <Redirect to={`/sign-in?next=${encodeURIComponent(path + location.search)}`} replace />
  }
  if (mustSetUp.data && !session.data.twoFactorEnabled) {
    return (
      <Suspense fallback={<Loading />}>
        <MustSetUp user={session.data} />
      </Suspense>
    )
  }
  return <Signed user={session.data} />
}

function Signed({ user }: { user: User }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const [path] = useLocation()
  const main = useRef<HTMLElement>(null)
  const places = placesOf(user.role)
  const isOperator = user.role === 'operator'
  const [helps, setHelps] = useState(false)
  const [searches, setSearches] = useState(false)
  // An operator sees no lead, so that there is nothing to follow.
  useEffect(() => (isOperator ? undefined : openFeed(queries)), [queries, user.id, isOperator])
  useKeys(places, setHelps, setSearches)
  const here = places.find((place) => path === place.path || path.startsWith(`${place.path}/`))
  useEffect(() => {
    document.title = `${here ? t(here.key) : t('app.name')} · ${t('app.name')}`
  }, [here, t])
  return (
    <div className="min-h-screen md:grid md:grid-cols-[212px_1fr]">
      <a href="#main" className="sr-only focus:not-sr-only">
        {t('nav.skip')}
      </a>
      <Navigation places={places} here={here} user={user} />
      <main id="main" ref={main} tabIndex={-1} className="px-4 md:px-7 pt-4 md:pt-6 pb-24 relative max-w-[1280px] w-full min-w-0 outline-none">
        {!isOperator && <Badge />}
        <Suspense fallback={<Loading />}>
          <Switch>
            {OF_ADMINS_ONLY.map(([where, Screen]) => (
              <Route key={where} path={where}>
                {user.role === 'admin' ? <Screen /> : <Heading>{t('notAllowed')}</Heading>}
              </Route>
            ))}
            <Route path="/operations">{user.role === 'sales' ? <Heading>{t('notAllowed')}</Heading> : <OperationsScreen user={user} />}</Route>
            {isOperator && OF_AGENTS_AND_ADMINS.map((where) => (
              <Route key={where} path={where}>
                <Heading>{t('notAllowed')}</Heading>
              </Route>
            ))}
            <Route path="/visits">
              <VisitsScreen />
            </Route>
            <Route path="/offers">
              <OffersScreen user={user} />
            </Route>
            <Route path="/leads">
              <LeadsScreen user={user} />
            </Route>
            <Route path="/leads/:id">{({ id }) => <LeadScreen id={id} key={id} />}</Route>
            <Route path="/me">
              <MeScreen user={user} places={places} />
            </Route>
            <Route path="/sign-in">
              <Redirect to={next() ?? home(user)} replace />
            </Route>
            <Route path="/">
              <Redirect to={home(user)} replace />
            </Route>
            <Route>
              <Heading>{t('notFound')}</Heading>
            </Route>
          </Switch>
        </Suspense>
      </main>
      <div id="announcements" role="status" aria-live="polite" className="sr-only" />
      {searches && <Palette places={places} close={() => setSearches(false)} />}
      {helps && <Help close={() => setHelps(false)} />}
      <Confirm />
    </div>
  )
}

const OF_ADMINS_ONLY = [
  ['/board', BoardScreen],
  ['/queues', QueuesScreen],
  ['/figures', FiguresScreen],
  ['/what-if', WhatIfScreen],
  ['/attention', AttentionScreen],
  ['/whatsapp', WhatsappScreen],
  ['/users', UsersScreen],
  ['/tables', TablesScreen],
  ['/privacy', PrivacyScreen],
] as const

const OF_AGENTS_AND_ADMINS = ['/visits', '/offers', '/leads', '/leads/:id']

const home = (user: User) => placesOf(user.role)[0]?.path ?? '/me'

/** Where the reader wanted to go before they signed in: a path of this page. */
function next(): string | undefined {
  const wanted = new URLSearchParams(location.search).get('next')
  return wanted?.startsWith('/') && !wanted.startsWith('//') && wanted !== '/' ? wanted : undefined
}

function Navigation({ places, here, user }: { places: Place[]; here: Place | undefined; user: User }) {
  const { t } = useWords()
  return (
    <nav
      aria-label={t('nav.label')}
      className="fixed bottom-0 inset-x-0 z-10 bg-card border-t border-line flex md:static md:bg-transparent md:border-t-0 md:border-r md:flex-col md:gap-0.5 md:px-3 md:py-5"
    >
      <p className="hidden md:flex gap-2.5 items-center font-semibold tracking-tight px-2.5 pb-4">{t('app.name')}</p>
      {places.map((place) => (
        <Link
          key={place.path}
          href={place.path}
          aria-current={place === here ? 'page' : undefined}
          className={`${place.main ? '' : 'hidden md:block'} flex-1 md:flex-none text-center md:text-left min-h-[44px] content-center px-2.5 rounded-[9px] text-sm md:text-base no-underline ${place === here ? 'text-accent font-semibold md:bg-card md:text-ink' : 'text-soft'}`}
        >
          {t(place.key)}
        </Link>
      ))}
      <p className="hidden md:block mt-auto px-2.5 text-soft text-[13px]">
        {user.name} · {t(`me.role.${user.role}`)}
      </p>
    </nav>
  )
}

function Badge() {
  const { t } = useWords()
  const feed = useFeed()
  const isLive = feed.state === 'live'
  return (
    <p className="absolute right-4 top-5 md:right-7 inline-flex gap-2 items-center text-[13px] text-soft" data-feed={feed.state} role="status">
      <i className={`size-2 rounded-full ${isLive ? 'bg-ok' : 'bg-warn'}`} aria-hidden="true" />
      {isLive ? t('live.live') : <Interrupted since={feed.since} />}
    </p>
  )
}

/** After five seconds an interruption says since when. */
function Interrupted({ since }: { since: number }) {
  const { t, language } = useWords()
  const isLong = useServerTime() - since > 5000
  return isLong ? t('live.stale', { time: timeOfDay(since, language) }) : t('live.reconnecting')
}

function Help({ close }: { close: () => void }) {
  const { t } = useWords()
  return (
    <Dialog title={t('help.title')} close={close} closeLabel={t('close')}>
      <p className="text-soft">{t('help.keys')}</p>
    </Dialog>
  )
}

/** `?` opens the help, ⌘K the palette; `g` and a letter goes to a screen. Nothing happens while somebody types. */
function useKeys(places: Place[], help: (open: boolean) => void, search: (open: boolean) => void) {
  const [, go] = useLocation()
  const afterG = useRef(false)
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
        event.preventDefault()
        search(true)
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest('input, textarea, select, [role=dialog]')) return
      const place = afterG.current ? places.find((one) => one.quick === event.key) : undefined
      afterG.current = event.key === 'g'
      if (place) go(place.path)
      else if (event.key === '?') help(true)
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [places, go, help, search])
}
