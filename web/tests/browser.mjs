// A real browser (Debian's Chromium) against a real api and worker.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

export const URL_OF_DESK = process.env.DESK_URL ?? 'http://localhost:3001'
const PASSWORD = process.env.DESK_PASSWORD ?? 'property-lounge'
const AXE = readFileSync(fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8')

export const PHONE = { width: 360, height: 740 }
export const DESK = { width: 1440, height: 900 }

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})

export const close = () => browser.close()

/** A page of a new visitor, who has no cookie. What the page logs as an error fails the story. */
export async function visit(viewport, { language = 'id', scheme = 'light', script } = {}) {
  const context = await browser.newContext({ viewport, colorScheme: scheme, locale: 'id-ID', timezoneId: 'Asia/Jakarta', reducedMotion: 'reduce' })
  await context.addInitScript((chosen) => location.protocol === 'http:' && localStorage.setItem('desk.language', chosen), language)
  if (script) await context.addInitScript(script)
  const page = await context.newPage()
  page.errors = []
  page.on('pageerror', (error) => page.errors.push(String(error)))
  page.on('console', (line) => {
    if (line.type() === 'error' && /Content Security Policy/.test(line.text())) page.errors.push(line.text())
  })
  return page
}

export async function signIn(page, email, path = '/') {
  await page.goto(URL_OF_DESK + path)
  await page.fill('input[name=email]', email)
  await page.fill('input[name=password]', PASSWORD)
  await page.click('button[type=submit]')
  await page.waitForSelector('[data-feed=live]')
}

export const signedIn = async (viewport, email, path, options) => {
  const page = await visit(viewport, options)
  await signIn(page, email, path)
  return page
}

/** What axe finds wrong on the page, a line each. */
export async function faults(page) {
  // The policy of the page lets no other script in by a tag: the browser's own door is used.
  await page.evaluate(`${AXE}; void 0`)
  const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations)
  return found.map((fault) => `${fault.id}: ${fault.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`)
}

async function post(path, body) {
  const response = await fetch(URL_OF_DESK + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.json()
}

let clients = 0
/** A new client writes; returns what the api answered. */
export const clientWrites = (body = 'Halo, saya tertarik unitnya', name, project) => {
  clients += 1
  const clientWa = `+62813${String(Date.now()).slice(-6)}${String(clients).padStart(3, '0')}`
  return post('/webhooks/whatsapp/dummy/client-message', { clientWa, body, ...(name ? { clientName: name } : {}), ...(project ? { project } : {}) })
}
/** The agent with this number, the first is 1, answers by chat. */
export const agentSays = (number, body) => post('/webhooks/whatsapp/dummy/sales-ack', { salesWa: `+628111000000${number}`, body })
/** The next deadline is now. */
export const jump = () => post('/webhooks/whatsapp/dummy/next-deadline', {})

let cookie
/** What the api answers an admin. */
export async function asAdmin(path, method = 'GET', body) {
  const headers = { 'content-type': 'application/json', origin: URL_OF_DESK }
  if (!cookie) {
    const signIn = { email: process.env.DESK_ADMIN ?? 'admin@property-lounge.test', password: PASSWORD }
    const signedIn = await fetch(`${URL_OF_DESK}/api/auth/sign-in/email`, { method: 'POST', headers, body: JSON.stringify(signIn) })
    cookie = signedIn.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ')
  }
  const response = await fetch(URL_OF_DESK + path, { method, headers: { ...headers, cookie }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.json()
}
