// What the first screen needs, asked for beside the session and not after it: on a slow network each round trip is half a second.
import { board, myOffers } from '@client'
import { boardQueryKey, myOffersQueryKey } from '@client/hooks'
import type { QueryClient } from '@tanstack/react-query'
import { timed } from './clock'

export const boardOptions = timed(boardQueryKey(), board)
export const myOffersOptions = timed(myOffersQueryKey(), myOffers)

export const importBoard = () => import('../board/board')

/** Begins to fetch the screen of this address. Somebody who is not signed in gets 401, as from any other call. */
export function fetchEarly(queries: QueryClient, path: string): void {
  if (path === '/offers') void queries.prefetchQuery(myOffersOptions)
  if (path === '/board') {
    void importBoard()
    void queries.prefetchQuery(boardOptions)
  }
}
