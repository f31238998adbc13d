// Sign-in: better-auth's own endpoints, with the cookie of the page's origin.
import { queryOptions } from '@tanstack/react-query'

export type User = { id: string; name: string; email: string; role: 'admin' | 'sales' | 'operator' }

/** An answer of better-auth that is no success. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code)
  }
}

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const response = await fetch(`/api/auth/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  })
  const answer = (await response.json().catch(() => null)) as T & { code?: string }
  if (!response.ok) throw new Refused(response.status, answer?.code ?? '')
  return answer
}

export const sessionOptions = queryOptions({
  queryKey: [{ _id: 'session' }],
  queryFn: async () => (await ask<{ user: User } | null>('get-session'))?.user ?? null,
  staleTime: 60_000,
})

export const signIn = (email: string, password: string) =>
  ask<{ user: User }>('sign-in/email', { email, password, rememberMe: true })
export const signOut = () => ask('sign-out', {})
export const signOutEverywhere = () => ask('revoke-sessions', {})
export const changePassword = (currentPassword: string, newPassword: string) =>
  ask('change-password', { currentPassword, newPassword, revokeOtherSessions: true })

export type Session = { token: string; userAgent?: string | null; updatedAt: string }

export const sessionsOptions = queryOptions({
  queryKey: [{ _id: 'sessions' }],
  queryFn: () => ask<Session[]>('list-sessions'),
})
export const endSession = (token: string) => ask('revoke-session', { token })
