// The screens in the navigation, of admins, agents and operators.
import type { User } from './session'
import type { Key } from './words'

/** A screen in the navigation. On a phone the bar has the main ones; the others are listed on the page of oneself. */
export type Place = { path: string; key: Key; quick?: string; main?: boolean }

export const OF_ADMINS: Place[] = [
  { path: '/board', key: 'nav.board', quick: 'b', main: true },
  { path: '/leads', key: 'nav.leads', quick: 'l', main: true },
  { path: '/queues', key: 'nav.queues' },
  { path: '/visits', key: 'nav.visits' },
  { path: '/figures', key: 'nav.figures', quick: 'a' },
  { path: '/what-if', key: 'nav.whatIf' },
  { path: '/attention', key: 'nav.attention', main: true },
  { path: '/whatsapp', key: 'nav.whatsapp' },
  { path: '/users', key: 'nav.users' },
  { path: '/tables', key: 'nav.tables' },
  { path: '/operations', key: 'nav.operations' },
  { path: '/privacy', key: 'nav.privacy' },
  { path: '/offers', key: 'nav.offers', quick: 'o' },
  { path: '/me', key: 'nav.me', quick: 's', main: true },
]

export const OF_AGENTS: Place[] = [
  { path: '/offers', key: 'nav.offers', quick: 'o', main: true },
  { path: '/leads', key: 'nav.myLeads', quick: 'l', main: true },
  { path: '/visits', key: 'nav.visits', main: true },
  { path: '/me', key: 'nav.me', quick: 's', main: true },
]

export const OF_OPERATORS: Place[] = [
  { path: '/operations', key: 'nav.operations', quick: 'o', main: true },
  { path: '/me', key: 'nav.me', quick: 's', main: true },
]

/** The screens of a role. */
export const placesOf = (role: User['role']): Place[] => ({ admin: OF_ADMINS, sales: OF_AGENTS, operator: OF_OPERATORS })[role]
