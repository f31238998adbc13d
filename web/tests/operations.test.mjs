// What an operator does on the desk: sees processes and jobs, pauses a queue, runs a job now; and sees no lead.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { asAdmin, clientWrites, close, DESK, faults, PHONE, URL_OF_DESK, visit } from './browser.mjs'

const OPERATOR = { name: 'Opi', email: 'opi@property-lounge.test', password: process.env.DESK_PASSWORD ?? 'angin timur dari selat', role: 'operator' }

after(close)

/** An operator has no live feed to wait for. */
async function enters(viewport) {
  const page = await visit(viewport)
  await page.goto(URL_OF_DESK)
  await page.fill('input[name=email]', OPERATOR.email)
  await page.fill('input[name=password]', OPERATOR.password)
  await page.click('button[type=submit]')
  await page.waitForURL(`${URL_OF_DESK}/operations`)
  return page
}

test('an operator sees who runs, pauses a queue, and is in the log', async () => {
  await asAdmin('/api/users', 'POST', OPERATOR)
  await clientWrites()
  const page = await enters(DESK)
  await page.locator('[data-process=worker]').getByText('hidup').waitFor()
  const queue = page.locator('[data-queue="send-summary.v1"]')
  await queue.getByRole('button', { name: 'Tunda' }).click()
  await queue.getByText('Ditunda sejak').waitFor()
  await page.getByRole('region', { name: 'Tindakan operator' }).getByText(/pause/).first().waitFor()
  await queue.getByRole('button', { name: 'Lanjutkan' }).click()
  await queue.getByText('Ditunda sejak').waitFor({ state: 'detached' })
  assert.equal(await page.locator('[data-queue="check-ack-deadline.v1"]').getByRole('button', { name: 'Tunda' }).count(), 0, 'a deadline is never paused')
  assert.deepEqual(await faults(page), [])
  await page.context().close()
})

test('an operator counts first and runs a job whose time has not come', async () => {
  const page = await enters(PHONE)
  await page.goto(`${URL_OF_DESK}/operations?queue=send-summary.v1&state=scheduled`)
  const job = page.locator('[data-job]').first()
  await job.getByRole('button', { name: 'Jalankan sekarang' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('1 pekerjaan dijalankan sekarang.').waitFor()
  await dialog.getByRole('button', { name: 'Jalankan sekarang' }).click()
  await page.getByRole('status').getByText('1 pekerjaan diubah.').waitFor()
  await dialog.waitFor({ state: 'detached' })
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the phone')
  await page.context().close()
})

test('an operator sees no lead', async () => {
  const page = await enters(DESK)
  for (const path of ['/board', '/leads', '/offers', '/visits', '/users', '/whatsapp']) {
    await page.goto(URL_OF_DESK + path)
    await page.getByRole('heading', { name: 'Halaman ini untuk admin.' }).waitFor()
  }
  await page.context().close()
})
