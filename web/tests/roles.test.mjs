// Who can do what on the desk: every screen and every action of a lead, as nobody, as an agent, as another agent, as an admin.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { asAdmin, clientWrites, close, DESK, signedIn, URL_OF_DESK, visit } from './browser.mjs'

const ADMIN = process.env.DESK_ADMIN ?? 'admin@property-lounge.test'
const HOLDER = 'sales-a@property-lounge.test'
const OTHER = 'sales-b@property-lounge.test'

/** The screens, and whether an agent has them. */
const SCREENS = {
  '/board': false,
  '/queues': false,
  '/figures': false,
  '/what-if': false,
  '/attention': false,
  '/whatsapp': false,
  '/users': false,
  '/tables': false,
  '/privacy': false,
  '/operations': false,
  '/visits': true,
  '/offers': true,
  '/leads': true,
  '/me': true,
}

/** What can be done with a lead that is taken, by the button that does it. */
const ACTIONS = {
  'Simpan catatan': ['holder', 'admin'],
  Jadwalkan: ['holder', 'admin'],
  Tugaskan: ['admin'],
  'Bagikan lagi': ['admin'],
}

after(close)

const isRefused = (page) => page.getByRole('heading', { name: 'Halaman ini untuk admin.' }).isVisible()

test('nobody sees a screen before they sign in', async () => {
  const page = await visit(DESK)
  for (const path of Object.keys(SCREENS)) {
    await page.goto(URL_OF_DESK + path)
    await page.waitForSelector('input[name=password]')
    assert.equal(new URL(page.url()).searchParams.get('next'), path)
  }
  await page.context().close()
})

test('an agent has their own screens, and an admin has all', async () => {
  for (const [email, isAdmin] of [
    [HOLDER, false],
    [ADMIN, true],
  ]) {
    const page = await signedIn(DESK, email)
    for (const [path, isForAgents] of Object.entries(SCREENS)) {
      await page.goto(URL_OF_DESK + path)
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      assert.equal(await isRefused(page), !isAdmin && !isForAgents, `${path} as ${email}`)
      const isInMenu = await page.getByRole('navigation').locator(`a[href="${path}"]`).count()
      assert.equal(isInMenu > 0, isAdmin || isForAgents, `the menu's ${path} as ${email}`)
    }
    assert.deepEqual(page.errors, [])
    await page.context().close()
  }
})

test('each action of a lead is there for who may do it, and for nobody else', async () => {
  const { lead } = await clientWrites('Halo', 'Ibu Rahasia')
  await asAdmin(`/api/leads/${lead.id}/assign`, 'POST', { salesId: (await asAdmin('/api/sales')).find((agent) => agent.name === 'Sales A').id })
  for (const [who, email] of [
    ['holder', HOLDER],
    ['other', OTHER],
    ['admin', ADMIN],
  ]) {
    const page = await signedIn(DESK, email, `/leads/${lead.id}`)
    if (who === 'other') {
      await page.getByRole('alert').waitFor()
      assert.doesNotMatch(await page.locator('main').innerText(), /Rahasia/)
    } else {
      await page.getByRole('heading', { name: 'Ibu Rahasia' }).waitFor()
      await page.getByRole('button', { name: 'Simpan catatan' }).waitFor()
    }
    for (const [action, may] of Object.entries(ACTIONS)) {
      const count = await page.getByRole('button', { name: action, exact: true }).count()
      assert.equal(count > 0, may.includes(who), `${action} as ${who}`)
    }
    await page.context().close()
  }
})
