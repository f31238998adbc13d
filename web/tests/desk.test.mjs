// Stories of the desk in a browser. The api is started with a window of four seconds (DESK_WINDOW).
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { agentSays, clientWrites, close, DESK, faults, PHONE, signedIn, URL_OF_DESK, visit } from './browser.mjs'
import { leave, open, STATES } from './states.mjs'

const ADMIN = process.env.DESK_ADMIN ?? 'admin@property-lounge.test'
const AGENT = (letter) => process.env[`DESK_AGENT_${letter}`] ?? `sales-${letter.toLowerCase()}@property-lounge.test`
const WINDOW_MS = 1000 * Number(process.env.DESK_WINDOW ?? 4)

after(close)

const row = (lead) => `[data-lead="${lead}"]`
/** The seconds that a ring shows, once the page has measured the server's clock well: never more than the window. */
async function secondsLeft(ring) {
  for (let tries = 0; tries < 40; tries += 1) {
    const left = Number(await ring.getAttribute('data-left'))
    if (left > 0 && left <= WINDOW_MS / 1000) return left
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`the ring shows ${await ring.getAttribute('data-left')} seconds`)
}
/** The agent with this number takes the lead by chat as soon as it is offered to them. */
async function takenByChat(number, lead) {
  for (;;) {
    const answer = await agentSays(number, 'OK')
    if (answer.outcome === 'accepted' && answer.lead.id === lead.id) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
const fine = (page) => assert.deepEqual(page.errors, [])

test('a link into the desk asks for sign-in, and opens after it', async () => {
  const page = await visit(DESK)
  await page.goto(`${URL_OF_DESK}/leads?status=hangus`)
  await page.waitForURL(/sign-in\?next=/)
  await page.fill('input[name=email]', ADMIN)
  await page.fill('input[name=password]', 'wrong-password')
  await page.click('button[type=submit]')
  await page.getByRole('alert').waitFor()
  assert.match(await page.getByRole('alert').innerText(), /salah/)
  await page.fill('input[name=password]', process.env.DESK_PASSWORD ?? 'property-lounge')
  await page.click('button[type=submit]')
  await page.waitForURL(/\/leads/)
  assert.match(page.url(), /status=hangus/)
  fine(page)
  await page.context().close()
})

test('an agent takes a lead on the phone while the board follows', async () => {
  const board = await signedIn(DESK, ADMIN)
  const phone = await signedIn(PHONE, AGENT('A'))
  const { lead } = await clientWrites('Halo, masih ada yang hadap timur?', 'Ibu Ratna')
  await board.waitForSelector(`${row(lead.id)}[data-holder=A]`)
  const offer = phone.locator('[data-offer]').first()
  await offer.waitFor()
  await secondsLeft(offer.locator('.clock'))
  const followed = board.waitForSelector(`${row(lead.id)}[data-status=accepted]`)
  await offer.getByRole('button', { name: 'Ambil lead' }).click()
  await phone.waitForSelector('[data-outcome=accepted]')
  assert.match(await phone.locator('[data-outcome=accepted]').innerText(), /Lead ini milik Anda/)
  await followed
  assert.match(await board.locator('#announcements').innerText(), /Ibu Ratna: diambil Sales A/)
  const chat = await phone.getByRole('link', { name: 'Chat WhatsApp' }).getAttribute('href')
  assert.match(chat, /^https:\/\/wa\.me\/62813/)
  await phone.getByRole('link', { name: 'Buka lead' }).click()
  await phone.waitForURL(new RegExp(lead.id))
  await phone.waitForSelector('[data-step=accepted]')
  await phone.getByRole('combobox', { name: 'Langkah berikutnya' }).selectOption('contacted')
  await phone.getByText('Tersimpan').first().waitFor()
  await phone.getByLabel('Waktu', { exact: true }).fill(`${new Date(Date.now() + 3 * 86_400_000).toLocaleDateString('sv-SE')}T10:00`)
  await phone.getByLabel('Tempat').fill('Kantor pemasaran')
  await phone.getByRole('button', { name: 'Jadwalkan' }).click()
  await phone.getByRole('region', { name: 'Kunjungan' }).getByText('Kantor pemasaran').waitFor()
  await phone.goBack()
  await phone.waitForURL(/offers/)
  fine(board)
  fine(phone)
  await board.context().close()
  await phone.context().close()
})

test('a roll is seen on the board at its second, whatever the device believes the time is', async () => {
  // The device is ten minutes late.
  const wrong = { script: 'const now = Date.now; Date.now = () => now() - 600000' }
  const board = await signedIn(DESK, ADMIN, '/', wrong)
  const { lead } = await clientWrites('Halo', 'Pak Hendra')
  await board.waitForSelector(`${row(lead.id)}[data-holder=A]`)
  await secondsLeft(board.locator(`${row(lead.id)} .clock`))
  await board.waitForSelector(`${row(lead.id)}[data-holder=B]`, { timeout: WINDOW_MS + 10_000 })
  assert.match(await board.locator('#announcements').innerText(), /sekarang ditawarkan ke Sales B/)
  await takenByChat(2, lead)
  fine(board)
  await board.context().close()
})

test('who is late reads who has the lead, in the same place', async () => {
  const phone = await signedIn(PHONE, AGENT('A'))
  const { lead } = await clientWrites()
  const offer = phone.locator('[data-offer]').first()
  await offer.waitFor()
  // The network is gone while the lead rolls and B takes it.
  await phone.route('**/api/events*', (route) => route.abort())
  await phone.route('**/api/offers/mine', (route) => route.abort())
  await takenByChat(2, lead)
  await offer.getByRole('button', { name: 'Ambil lead' }).click()
  await phone.waitForSelector('[data-outcome=late]')
  assert.match(await phone.locator('[data-outcome=late]').innerText(), /Terlambat\. Lead ini dipegang Sales B/)
  await phone.context().close()
})

test('nothing is missed while the network is away', async () => {
  const board = await signedIn(DESK, ADMIN)
  await board.context().setOffline(true)
  const { lead } = await clientWrites('Halo', 'Ibu Sari')
  await board.context().setOffline(false)
  await board.waitForSelector(row(lead.id), { timeout: 20_000 })
  await agentSays(1, 'OK')
  await board.waitForSelector('[data-feed=live]')
  await board.context().close()
})

test('the keyboard is enough, and an agent sees no screen of admins', async () => {
  const page = await signedIn(DESK, AGENT('C'))
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  // The keyboard stays in the dialog, and goes back to where it was.
  const trap = await page.waitForFunction(() => performance.getEntriesByType('resource').find((one) => one.name.includes('focus-trap'))?.name)
  await page.evaluate((url) => import(url).then(() => {}), await trap.jsonValue())
  for (let nth = 0; nth < 3; nth += 1) {
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement.closest('[role=dialog]') !== null), true)
  }
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.keyboard.press('g')
  await page.keyboard.press('l')
  await page.waitForURL(/leads/)
  await page.keyboard.press('g')
  await page.keyboard.press('s')
  await page.waitForURL(/me/)
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.type('tawar')
  await page.keyboard.press('Enter')
  await page.waitForURL(/offers/)
  assert.equal(await page.getByRole('link', { name: 'Papan' }).count(), 0)
  await page.goto(`${URL_OF_DESK}/board`)
  await page.getByText('Halaman ini untuk admin.').waitFor()
  fine(page)
  await page.context().close()
})

test('an admin makes a user who works on a phone until they are disabled', async () => {
  const admin = await signedIn(DESK, ADMIN, '/users')
  const email = `tono-${Date.now()}@example.com`
  const form = admin.locator('form', { has: admin.locator('input[name=email]') })
  await form.locator('input[name=name]').fill('Tono')
  await form.locator('input[name=email]').fill(email)
  await form.locator('input[name=password]').fill(process.env.DESK_PASSWORD ?? 'property-lounge')
  await form.getByRole('button', { name: 'Buat pengguna' }).click()
  await admin.getByText('Tono dibuat.').waitFor()
  const phone = await signedIn(PHONE, email)
  await phone.getByText('Anda tidak ada di antrian mana pun.').waitFor()
  const user = admin.locator(`[data-user="${email}"]`)
  await user.getByRole('button', { name: 'Nonaktifkan' }).first().click()
  await user.getByRole('dialog').getByRole('button', { name: 'Nonaktifkan' }).click()
  await user.getByText('tidak aktif sejak').waitFor()
  await phone.getByRole('button', { name: 'Istirahat' }).click()
  await phone.waitForURL(/sign-in/)
  fine(admin)
  await admin.context().close()
  await phone.context().close()
})

test('an admin tries another policy on what happened', async () => {
  const admin = await signedIn(DESK, ADMIN, '/what-if')
  await admin.fill('input[name=seconds]', '1')
  await admin.getByRole('button', { name: 'Coba' }).click()
  const result = admin.getByRole('region', { name: 'Hasil' })
  await result.waitFor()
  assert.match(await result.innerText(), /Tercatat\s+Dicoba/)
  fine(admin)
  await admin.context().close()
})

test('the order of a queue is changed with the keyboard', async () => {
  const admin = await signedIn(DESK, ADMIN, '/queues')
  const below = (one, other) =>
    admin.waitForFunction(
      ([first, second]) => {
        // The list is not there before it was read.
        const list = document.querySelector('[data-queue] ol')?.innerText ?? ''
        return list.includes(first) && list.indexOf(first) < list.indexOf(second)
      },
      [other, one],
    )
  await below('Sales F', 'Sales E')
  await admin.getByRole('button', { name: 'Turunkan Sales E' }).focus()
  await admin.keyboard.press('Enter')
  await below('Sales E', 'Sales F')
  await admin.getByRole('button', { name: 'Naikkan Sales E' }).click()
  await below('Sales F', 'Sales E')
  fine(admin)
  await admin.context().close()
})

test('no screen has a fault of accessibility, in any state, in both languages and both themes', async () => {
  const { lead } = await clientWrites('Halo', 'Bapak Test')
  const found = []
  const look = async (page, what) => {
    const [width, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
    if (width > seen) found.push(`${what} is ${width} wide where ${seen} are seen`)
    found.push(...(await faults(page)).map((fault) => `${what} ${fault}`))
  }
  // Each language, theme and size once; in the long tier each with each.
  const looks = process.env.PROPERTY_LOUNGE_LONG_TESTS
    ? ['id', 'en'].flatMap((language) => ['light', 'dark'].flatMap((scheme) => [DESK, PHONE].map((viewport) => [language, scheme, viewport])))
    : [
        ['id', 'light', DESK],
        ['en', 'dark', PHONE],
      ]
  for (const [language, scheme, viewport] of looks) {
    const options = { language, scheme }
    const visitor = await visit(viewport, options)
    await visitor.goto(URL_OF_DESK)
    await visitor.waitForSelector('input[name=email]')
    await look(visitor, `sign-in ${language} ${scheme}`)
    await visitor.context().close()
    const admin = await signedIn(viewport, ADMIN, '/', options)
    for (const path of ['/board', '/offers', '/leads', `/leads/${lead.id}`, '/queues', '/visits', '/figures', '/what-if', '/attention', '/whatsapp', '/users', '/tables', '/operations', '/privacy', '/me', '/nowhere']) {
      await admin.goto(URL_OF_DESK + path)
      await admin.waitForSelector('[data-feed=live]')
      await admin.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => {})
      await look(admin, `${path} ${language} ${scheme}`)
    }
    for (const state of Object.keys(STATES)) {
      await open(admin, URL_OF_DESK, state)
      await look(admin, `${state} ${language} ${scheme}`)
      await leave(admin)
    }
    await admin.goto(`${URL_OF_DESK}/board`)
    await admin.waitForSelector('[data-feed=live]')
    for (const keys of ['?', 'Control+k']) {
      await admin.keyboard.press(keys)
      await admin.getByRole('dialog').waitFor()
      await look(admin, `${keys} ${language} ${scheme}`)
      await admin.keyboard.press('Escape')
      await admin.getByRole('dialog').waitFor({ state: 'hidden' })
    }
    fine(admin)
    await admin.context().close()
  }
  assert.deepEqual(found, [])
})
