// Measures the desk in a real browser. `cargo run --release -p bench -- desk` starts the api and the worker, and runs this.
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'

const URL_OF_DESK = process.env.DESK_URL
const ROUNDS = Number(process.env.DESK_ROUNDS)
const CLAIMS = Number(process.env.DESK_CLAIMS)
const ROWS = Number(process.env.DESK_ROWS)

/** Kilobits a second, milliseconds, and how much slower the processor is: `facts/desk.md`. */
const PROFILES = [
  ['kota', 9000, 100, 4],
  ['sinyal jelek', 1600, 150, 6],
  ['desa', 400, 400, 6],
]

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})

async function visitor(cookie, viewport) {
  const context = await browser.newContext({ viewport, locale: 'id-ID', timezoneId: 'Asia/Jakarta', reducedMotion: 'reduce' })
  const [name, ...value] = cookie.split('=')
  await context.addCookies([{ name, value: value.join('='), url: URL_OF_DESK }])
  return context.newPage()
}
const admin = (viewport = { width: 1440, height: 900 }) => visitor(process.env.DESK_ADMIN_COOKIE, viewport)

let clients = 0
async function clientWrites() {
  clients += 1
  const body = { clientWa: `+62813${String(10_000_000 + clients)}`, body: 'Halo', clientName: `Klien ${clients}` }
  const answer = await fetch(`${URL_OF_DESK}/webhooks/whatsapp/dummy/client-message`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()).lead.id
}

async function asAgent(path, method = 'GET') {
  const answer = await fetch(URL_OF_DESK + path, { method, headers: { cookie: process.env.DESK_AGENT_COOKIE, origin: URL_OF_DESK, 'content-type': 'application/json' }, ...(method === 'GET' ? {} : { body: '{}' }) })
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
  return answer.json()
}

const sorted = (values) => values.toSorted((one, other) => one - other)
const percentile = (values, part) => sorted(values)[Math.min(values.length - 1, Math.floor(part * values.length))]
const spread = (values) => ({ median: percentile(values, 0.5), least: sorted(values)[0], most: sorted(values).at(-1) })
const rounded = (figures) => Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(value)]))

/** From the navigation to the first row with a live ring, with nothing cached. */
async function firstRow(kilobits, latency, slower) {
  const page = await admin({ width: 360, height: 740 })
  const session = await page.context().newCDPSession(page)
  const bytes = (kilobits * 1000) / 8
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', { offline: false, latency, downloadThroughput: bytes, uploadThroughput: bytes })
  await session.send('Emulation.setCPUThrottlingRate', { rate: slower })
  await page.addInitScript(() => {
    const look = new MutationObserver(() => {
      if (document.querySelector('[data-lead] .clock')) {
        look.disconnect()
        requestAnimationFrame(() => { window.firstRow = performance.now() })
      }
    })
    look.observe(document, { subtree: true, childList: true })
  })
  await page.goto(`${URL_OF_DESK}/board`, { waitUntil: 'commit' })
  const took = await page.waitForFunction(() => window.firstRow, undefined, { timeout: 60_000 })
  const milliseconds = await took.jsonValue()
  await page.context().close()
  return milliseconds
}

/** How long after the answer to a tap the board shows the new owner. */
async function boardDelays() {
  const page = await admin()
  await page.goto(`${URL_OF_DESK}/board`)
  await page.waitForSelector('[data-feed=live]')
  await page.evaluate(() => {
    window.takenAt = {}
    const look = () => {
      for (const row of document.querySelectorAll('[data-status=accepted]')) window.takenAt[row.dataset.lead] ??= performance.timeOrigin + performance.now()
    }
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-status'] })
  })
  const delays = []
  for (let nth = 0; nth < CLAIMS; nth += 1) {
    const lead = await clientWrites()
    await page.waitForSelector(`[data-lead="${lead}"][data-holder=A]`)
    const { offers } = await asAgent('/api/offers/mine')
    const offer = offers.find((one) => one.leadId === lead) ?? offers.at(-1)
    const taken = await asAgent(`/api/offers/${offer.attemptId}/take`, 'POST')
    if (taken.outcome !== 'accepted' || taken.lead.id !== lead) throw new Error(`claim ${nth}: ${JSON.stringify(taken)} of ${JSON.stringify(offers)}`)
    const answered = performance.timeOrigin + performance.now()
    const at = await page.waitForFunction((id) => window.takenAt[id], lead, { timeout: 30_000 })
    delays.push(Math.max(0, (await at.jsonValue()) - answered))
    // As in an office: one claim a second or two.
    await sleep(1500)
  }
  await page.context().close()
  return { p50: percentile(delays, 0.5), p95: percentile(delays, 0.95), most: sorted(delays).at(-1) }
}

/** The longest interactions while many rows tick, on a processor that is six times slower. */
async function interactions() {
  while (clients < ROWS + CLAIMS) await clientWrites()
  const page = await admin()
  const session = await page.context().newCDPSession(page)
  await page.goto(`${URL_OF_DESK}/board`)
  await page.waitForFunction((rows) => document.querySelectorAll('[data-lead] .clock').length >= rows, ROWS, { timeout: 60_000 })
  // The workers still send the offers that were just made: what is measured is a board that ticks.
  await sleep(10_000)
  await session.send('Emulation.setCPUThrottlingRate', { rate: 6 })
  await page.evaluate(() => {
    window.took = {}
    const observer = new PerformanceObserver((list) => {
      for (const event of list.getEntries()) if (event.interactionId) window.took[event.interactionId] = Math.max(window.took[event.interactionId] ?? 0, event.duration)
    })
    observer.observe({ type: 'event', durationThreshold: 16, buffered: true })
  })
  for (let nth = 0; nth < 15; nth += 1) {
    // The mouse itself: a click of Playwright's locators looks for what is under it inside of the event.
    const { x, y, width, height } = await page.locator('[data-lead] button').nth(nth % 6).boundingBox()
    await page.mouse.click(x + width / 2, y + height / 2)
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await page.keyboard.press('Tab')
  }
  await sleep(500)
  const took = await page.evaluate(() => Object.values(window.took))
  const rows = await page.evaluate(() => document.querySelectorAll('[data-lead] .clock').length)
  await page.context().close()
  return { rows, interactions: took.length, inp: took.length > 0 ? percentile(took, 0.98) : 0 }
}

const measured = { board: rounded(await boardDelays()) }
console.log(`board follows a claim     ${JSON.stringify(measured.board)} ms`)
while (clients < CLAIMS + 50) await clientWrites()
measured.firstRow = {}
for (const [name, ...profile] of PROFILES) {
  const took = []
  for (let round = 0; round < ROUNDS; round += 1) took.push(await firstRow(...profile))
  measured.firstRow[name] = rounded(spread(took))
  console.log(`first row, ${name.padEnd(14)} ${JSON.stringify(measured.firstRow[name])} ms`)
}
measured.interactions = rounded(await interactions())
console.log(`interactions              ${JSON.stringify(measured.interactions)} ms`)
await browser.close()
console.log(JSON.stringify(measured))
