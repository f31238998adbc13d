// The generated client and the real better-auth client against a real api (API_URL), run by
// api/tests/it/processes/client.rs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QueryClient } from '@tanstack/react-query'
import { base32 } from '@better-auth/utils/base32'
import { createOTP } from '@better-auth/utils/otp'
import { createAuthClient } from 'better-auth/client'
import { twoFactorClient } from 'better-auth/client/plugins'
import * as hooks from '../build/@tanstack/react-query.gen.js'
import { client } from '../build/client.gen.js'
import { dummyClientMessage, dummySalesAck, bookAppointment, events, explainLead, leadDetail, leads, sales, updateLeadProgress } from '../build/index.js'

const url = process.env.API_URL
const origin = 'http://localhost:5173'

/** A fetch as a browser's page does it: with its origin, and its cookies from answer to request. */
function browser() {
  const jar = new Map()
  return async (input, init = {}) => {
    const request = new Request(input, init)
    const headers = new Headers(request.headers)
    headers.set('origin', origin)
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await fetch(new Request(request, { headers }))
    for (const cookie of response.headers.getSetCookie()) {
      const [pair, ...attributes] = cookie.split(';')
      const at = pair.indexOf('=')
      if (attributes.some((attribute) => attribute.trim() === 'Max-Age=0')) jar.delete(pair.slice(0, at))
      else jar.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return response
  }
}

const signIn = (customFetchImpl) => createAuthClient({ baseURL: url, fetchOptions: { customFetchImpl } })

test('the better-auth client signs up, in and out, and changes what is its own', async () => {
  const auth = signIn(browser())
  const up = await auth.signUp.email({ name: 'Rina', email: 'Rina@Example.com', password: 'S3cret-pass!', phone: '081299990009' })
  assert.equal(up.error, null)
  assert.equal(up.data.user.email, 'rina@example.com')
  assert.equal(up.data.user.phone, '+6281299990009')

  const session = await auth.getSession()
  assert.equal(session.data.user.role, 'sales')
  assert.equal((await auth.updateUser({ name: 'Rina W' })).error, null)
  assert.equal((await auth.getSession()).data.user.name, 'Rina W')

  const wrong = await auth.changePassword({ currentPassword: 'nope-nope', newPassword: 'N3w-secret-pass' })
  assert.equal(wrong.error.code, 'INVALID_PASSWORD')
  const elsewhere = signIn(browser())
  assert.equal((await elsewhere.signIn.email({ email: 'rina@example.com', password: 'S3cret-pass!' })).error, null)
  assert.equal((await auth.listSessions()).data.length, 2)
  assert.equal((await auth.revokeOtherSessions()).error, null)
  assert.equal((await elsewhere.getSession()).data, null)
  const changed = await auth.changePassword({ currentPassword: 'S3cret-pass!', newPassword: 'N3w-secret-pass', revokeOtherSessions: true })
  assert.equal(changed.error, null)

  const token = (await auth.getSession()).data.session.token
  assert.equal((await auth.revokeSession({ token })).error, null)
  assert.equal((await auth.getSession()).data, null)
  assert.equal((await auth.signIn.email({ email: 'rina@example.com', password: 'S3cret-pass!' })).error.status, 401)
  assert.equal((await auth.signIn.email({ email: 'rina@example.com', password: 'N3w-secret-pass' })).error, null)
  assert.equal((await auth.signOut()).error, null)
  assert.equal((await auth.getSession()).data, null)
})

test('the better-auth client sets a second factor up, signs in with it, trusts a device and gives it up', async () => {
  const fetch = browser()
  let asked = 0
  const plugins = [twoFactorClient({ onTwoFactorRedirect: () => void asked++ })]
  const auth = createAuthClient({ baseURL: url, plugins, fetchOptions: { customFetchImpl: fetch } })
  const [email, password] = ['wati@example.com', 'S3cret-pass!']
  assert.equal((await auth.signUp.email({ name: 'Wati', email, password })).error, null)
  const setup = await auth.twoFactor.enable({ password })
  assert.equal(setup.error, null)
  assert.equal(setup.data.backupCodes.length, 10)
  const secret = base32.decode(new URL(setup.data.totpURI).searchParams.get('secret'))
  const app = createOTP(new TextDecoder().decode(secret))
  // Each code counts once. The next one is taken half a minute early.
  const period = Math.floor(Date.now() / 30_000)
  const code = (later) => app.hotp(period + later)
  assert.equal((await auth.twoFactor.verifyTotp({ code: await code(0) })).error, null)
  assert.equal((await auth.getSession()).data.user.twoFactorEnabled, true)
  assert.equal((await auth.signOut()).error, null)

  const half = await auth.signIn.email({ email, password })
  assert.equal(half.data.twoFactorRedirect, true)
  assert.equal(asked, 1)
  assert.equal((await auth.getSession()).data, null)
  assert.equal((await auth.twoFactor.verifyTotp({ code: await code(0) })).error.code, 'INVALID_CODE')
  const whole = await auth.twoFactor.verifyTotp({ code: await code(1), trustDevice: true })
  assert.equal(whole.error, null)
  assert.equal((await auth.getSession()).data.user.email, email)

  const paper = createAuthClient({ baseURL: url, plugins, fetchOptions: { customFetchImpl: browser() } })
  await paper.signIn.email({ email, password })
  assert.equal((await paper.twoFactor.verifyBackupCode({ code: setup.data.backupCodes[0] })).error, null)
  assert.equal((await paper.getSession()).data.user.email, email)

  assert.equal((await auth.signOut()).error, null)
  assert.equal((await auth.signIn.email({ email, password })).data.user.email, email)
  assert.equal((await auth.twoFactor.generateBackupCodes({ password })).data.backupCodes.length, 10)
  assert.equal((await auth.twoFactor.getTotpUri({ password })).data.totpURI, setup.data.totpURI)
  assert.equal((await auth.twoFactor.disable({ password })).error, null)
  assert.equal((await auth.getSession()).data.user.twoFactorEnabled, false)
})

test('the generated client takes a lead from a message to a visit', async () => {
  const fetch = browser()
  client.setConfig({ baseUrl: url, fetch })
  const anonymous = await leads({ client })
  assert.equal(anonymous.response.status, 401)
  assert.equal(anonymous.error.title, 'Unauthorized')

  const auth = signIn(fetch)
  const signed = await auth.signIn.email({ email: process.env.ADMIN_EMAIL, password: process.env.ADMIN_PASSWORD })
  assert.equal(signed.error, null)
  const wrote = await dummyClientMessage({ client, body: { clientWa: '081234001234', body: 'Halo', clientName: 'Bapak Test' } })
  assert.equal(wrote.data.outcome, 'distributing')
  await dummySalesAck({ client, body: { salesWa: '+6281110000001', body: 'OK' } })

  const page = await leads({ client, query: { status: ['claimed'], q: 'bapak', limit: 10 } })
  assert.equal(page.data.items.length, 1)
  const id = page.data.items[0].id
  const detail = await leadDetail({ client, path: { id } })
  assert.equal(detail.data.lead.ownerName, 'Sales A')
  const moved = await updateLeadProgress({ client, path: { id }, body: { progress: 'visit' } })
  assert.equal(moved.data.progress, 'visit')
  const refused = await updateLeadProgress({ client, path: { id }, body: { progress: 'pending' } })
  assert.equal(refused.error.code, 'illegal_transition')
  const told = await explainLead({ client, path: { id } })
  assert.match(told.data.steps.at(-1).summary, /Sales A answered OK/)
  // A to F, and Rina.
  assert.equal((await sales({ client })).data.length, 8)
})

test('the generated client hears of a visit and of a step as they happen', async () => {
  const page = await leads({ client, query: { status: ['claimed'] } })
  const id = page.data.items[0].id
  // Leaving the loop leaves the connection open; the signal closes it.
  const leaves = new AbortController()
  const { stream } = await events({ client, signal: leaves.signal })
  const heard = new Set()
  for await (const event of stream) {
    if (event.kind === 'hello') {
      const startsAt = new Date(Date.now() + 48 * 60 * 60 * 1000).toISOString()
      const visit = await bookAppointment({ client, path: { id }, body: { startsAt, place: 'BSD City' } })
      assert.equal(visit.data.status, 'booked')
      await updateLeadProgress({ client, path: { id }, body: { progress: 'negotiation' } })
      continue
    }
    if (event.kind === 'appointment' && event.appointment.salesId === 'sales-a') heard.add('visit')
    if (event.kind === 'lead' && event.lead.progress === 'negotiation') heard.add('step')
    if (heard.size === 2) break
  }
  leaves.abort()
})

test('TanStack Query runs the generated options, and the hooks have the names that were promised', async () => {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const page = await queries.fetchQuery(hooks.leadsOptions({ client, query: { limit: 1 } }))
  assert.equal(page.items.length, 1)
  const stats = await queries.fetchQuery(hooks.dashboardStatsOptions({ client }))
  assert.equal(stats.claimed, 1)
  await assert.rejects(
    queries.fetchQuery(hooks.leadDetailOptions({ client, path: { id: '01890000-0000-7000-8000-000000000000' } })),
    (problem) => problem.status === 404,
  )
  for (const name of [
    'useLeadsQuery',
    'useLeadDetailQuery',
    'useUpdateLeadStatusMutation',
    'useUpdateLeadProgressMutation',
    'useAssignLeadMutation',
    'useSalesQuery',
    'useDashboardStatsQuery',
  ]) {
    assert.equal(typeof hooks[name], 'function', name)
  }
})
