// An admin shows and erases a client, with the password again; nobody else sees the screen.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { asAdmin, clientWrites, close, DESK, faults, PHONE, signedIn } from './browser.mjs'

const ADMIN = process.env.DESK_ADMIN ?? 'admin@property-lounge.test'
const PASSWORD = process.env.DESK_PASSWORD ?? 'property-lounge'

after(close)

test('a client is shown as a page and erased, and the request is listed without the number', async () => {
  const { lead } = await clientWrites('Halo, saya cari rumah di dekat stasiun', 'Wulan')
  const page = await signedIn(DESK, ADMIN, '/privacy')
  await page.getByLabel('Nomor WhatsApp orang itu').fill(lead.phone)
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Unduh halaman untuk klien' }).click()])
  assert.equal(file.suggestedFilename(), 'data-pribadi.html')
  const chunks = []
  for await (const chunk of await file.createReadStream()) chunks.push(chunk)
  assert.match(Buffer.concat(chunks).toString(), /dekat stasiun/)
  await page.getByText('Diperlihatkan').first().waitFor()

  await page.getByRole('button', { name: 'Hapus data' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Siapa yang meminta, dan kapan').fill('Wulan, lewat telepon')
  assert.deepEqual(await faults(page), [])
  await dialog.getByRole('button', { name: 'Hapus data' }).click()
  await page.getByText('Sudah dihapus').waitFor()
  await page.getByText('1 lead', { exact: true }).first().waitFor()
  await page.getByText('Dihapus', { exact: true }).first().waitFor()
  const requests = JSON.stringify(await asAdmin('/api/privacy/requests'))
  assert.ok(!requests.includes(lead.phone.slice(3)), 'no number is kept')
  assert.ok(!requests.includes('Wulan'), 'no name is kept')
  await page.goto(new URL(`/leads/${lead.id}`, page.url()).href)
  await page.getByText('Data klien dihapus').waitFor()
  await page.context().close()
})

test('what needs the password again asks for it, and goes on where it was', async () => {
  const page = await signedIn(PHONE, ADMIN, '/users')
  // The api answers as it does fifteen minutes after the sign-in, once.
  let isConfirmed = false
  await page.route('**/api/users/*', async (route) => {
    if (isConfirmed || route.request().method() !== 'PATCH') return route.continue()
    await route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify({ status: 403, title: 'Forbidden', code: 'confirm_password' }) })
  })
  await page.route('**/api/session/confirm', async (route) => {
    const response = await route.fetch()
    isConfirmed = response.ok()
    await route.fulfill({ response })
  })
  const row = page.locator('[data-user="sales-f@property-lounge.test"]')
  await row.getByRole('button', { name: /Nonaktifkan/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: /Nonaktifkan/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Ketik kata sandi Anda sekali lagi' })
  await dialog.locator('input[name=again]').fill('salah')
  await dialog.getByRole('button', { name: 'Lanjutkan' }).click()
  await dialog.getByRole('alert').waitFor()
  assert.deepEqual(await faults(page), [])
  await dialog.locator('input[name=again]').fill(PASSWORD)
  await dialog.getByRole('button', { name: 'Lanjutkan' }).click()
  await dialog.waitFor({ state: 'detached' })
  await row.getByText('tidak aktif sejak', { exact: false }).waitFor()
  await row.getByRole('button', { name: /Aktifkan/ }).click()
  await page.context().close()
})
