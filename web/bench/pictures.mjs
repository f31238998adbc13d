// Takes a picture of every screen in its states, both languages, both themes, at a desk and on a phone, into `web/pictures/`
// (not committed). It needs a running `./dev` with the provider `dummy`: `node bench/pictures.mjs`.
import { mkdirSync } from 'node:fs'
import { agentSays, asAdmin, clientWrites, close, DESK, jump, PHONE, signedIn, URL_OF_DESK, visit } from '../tests/browser.mjs'
import { leave, open as show, STATES } from '../tests/states.mjs'

const ADMIN = 'admin@property-lounge.test'
const AGENT = 'sales-a@property-lounge.test'
const FOLDER = new URL('../pictures/', import.meta.url)
mkdirSync(FOLDER, { recursive: true })

// The agent gets the admin's password, so that one is enough.
const people = await asAdmin('/api/users')
await asAdmin(`/api/users/${people.find((one) => one.email === AGENT).id}/password`, 'PUT', { password: process.env.DESK_PASSWORD })

/** Leads in every state: claimed, passed, hangus, rolling, two of one person. */
const claimed = (await clientWrites('Halo, masih ada yang hadap timur?', 'Ibu Ratna')).lead
await agentSays(1, 'OK')
const hangus = (await clientWrites('Harga berapa?', 'Pak Budi Santoso')).lead
while ((await asAdmin(`/api/leads/${hangus.id}`)).lead.status !== 'hangus') await jump()
const twin = (await clientWrites('Halo', 'pak budi santoso')).lead
await clientWrites('Boleh lihat unitnya besok?', 'Ibu Sari')
await agentSays(1, 'lewati').catch(() => {})

const take = async (page, name) => {
  await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => {})
  await page.screenshot({ path: new URL(`${name}.png`, FOLDER).pathname, fullPage: true })
}

let count = 0
for (const [size, viewport] of [['desk', DESK], ['phone', PHONE]]) {
  for (const language of ['id', 'en']) {
    for (const scheme of ['light', 'dark']) {
      const options = { language, scheme }
      const name = (screen) => `${screen}-${size}-${language}-${scheme}`
      const visitor = await visit(viewport, options)
      await visitor.goto(URL_OF_DESK)
      await visitor.waitForSelector('input[name=email]')
      await take(visitor, name('sign-in'))
      await visitor.context().close()
      const admin = await signedIn(viewport, ADMIN, '/', options)
      const open = async (path, screen) => {
        await admin.goto(URL_OF_DESK + path)
        await admin.waitForSelector('[data-feed=live]')
        await take(admin, name(screen))
        count += 1
      }
      await open('/board', 'board')
      await admin.locator('[data-lead] button').first().click()
      await take(admin, name('board-assign'))
      await open('/leads', 'leads')
      await open('/leads?q=nobody', 'leads-none')
      await open(`/leads/${claimed.id}`, 'lead-claimed')
      await open(`/leads/${hangus.id}`, 'lead-hangus-similar')
      await open(`/leads/${twin.id}`, 'lead-distributing')
      await open('/queues', 'queues')
      await admin.getByRole('button', { name: /(Jam kerja|Hours of) Sales A/ }).first().click()
      await take(admin, name('queues-hours'))
      for (const screen of ['visits', 'figures', 'what-if', 'attention', 'whatsapp', 'users', 'tables', 'me', 'nowhere']) await open(`/${screen}`, screen)
      for (const state of Object.keys(STATES)) {
        await show(admin, URL_OF_DESK, state)
        await take(admin, name(state))
        await leave(admin, state)
        count += 1
      }
      await admin.context().setOffline(true)
      await admin.waitForSelector('[data-feed=reconnecting]', { timeout: 20_000 }).catch(() => {})
      await take(admin, name('offline'))
      await admin.context().close()
      const agent = await signedIn(viewport, AGENT, '/offers', options)
      await take(agent, name('offers'))
      await agent.goto(`${URL_OF_DESK}/leads`)
      await take(agent, name('my-leads'))
      await agent.context().close()
    }
  }
}
await close()
console.log(`${count} screens are in ${FOLDER.pathname}`)
