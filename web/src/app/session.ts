// Sign-in: better-auth's own endpoints, with the cookie of the page's origin.
import { queryOptions } from '@tanstack/react-query'

export type User = { id: string; name: string; email: string; role: 'admin' | 'sales' | 'operator'; twoFactorEnabled?: boolean }

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

/** The user; or, with a second factor, that a code is asked for next. */
export const signIn = (email: string, password: string) =>
  ask<{ user?: User; twoFactorRedirect?: boolean }>('sign-in/email', { email, password, rememberMe: true })
export const verifyCode = (code: string, trustDevice: boolean) => ask('two-factor/verify-totp', { code, trustDevice })
export const verifyBackupCode = (code: string, trustDevice: boolean) => ask('two-factor/verify-backup-code', { code, trustDevice })
export const enableTwoFactor = (password: string) => ask<{ totpURI: string; backupCodes: string[] }>('two-factor/enable', { password })
export const newBackupCodes = (password: string) => ask<{ backupCodes: string[] }>('two-factor/generate-backup-codes', { password })
export const disableTwoFactor = (password: string) => ask('two-factor/disable', { password })
/** Whether an answer said that this user must set a second factor up first. */
export const mustSetUpOptions = queryOptions({ queryKey: [{ _id: 'mustSetUp' }], queryFn: () => false, initialData: false, staleTime: Number.POSITIVE_INFINITY })
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
