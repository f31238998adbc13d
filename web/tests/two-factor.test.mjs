// A user sets a second factor up with an app, signs in with it and with a backup code, and is helped by an admin.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, test } from 'node:test'
import { asAdmin, close, DESK, faults, PHONE, signedIn, URL_OF_DESK, visit } from './browser.mjs'

const ADMIN = process.env.DESK_ADMIN ?? 'admin@property-lounge.test'
const PASSWORD = process.env.DESK_PASSWORD ?? 'property-lounge'
const EMAIL = 'kode@property-lounge.test'

after(close)

/** What an authenticator app shows for a key, some half minutes from now (RFC 6238). */
function shownByApp(key, later) {
  const bits = [...key].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const secret = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later))
  const digest = createHmac('sha1', secret).update(counter).digest()
  const at = digest.at(-1) & 15
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

async function entersPassword(page) {
  await page.goto(`${URL_OF_DESK}/me`)
  await page.fill('input[name=email]', EMAIL)
  await page.fill('input[name=password]', PASSWORD)
  await page.getByRole('button', { name: 'Masuk' }).click()
}

test('a user sets an app up, signs in with its code, then with a backup code, and an admin removes it', async () => {
  await asAdmin('/api/users', 'POST', { name: 'Kode', email: EMAIL, password: PASSWORD, role: 'sales' })
  const page = await visit(PHONE)
  await entersPassword(page)
  const section = page.getByRole('region', { name: 'Kode saat masuk' })
  await section.getByLabel('Kata sandi sekarang').fill('bukan ini')
  await section.getByRole('button', { name: 'Siapkan' }).click()
  await section.getByText('Kata sandi salah.').waitFor()
  await section.getByLabel('Kata sandi sekarang').fill(PASSWORD)
  await section.getByRole('button', { name: 'Siapkan' }).click()
  await section.getByRole('img', { name: 'Kode QR untuk aplikasi autentikator' }).waitFor()
  const key = await section.locator('p.font-mono').innerText()
  const backup = await section.getByRole('list', { name: 'Kode cadangan' }).getByRole('listitem').allInnerTexts()
  assert.equal(backup.length, 10)
  assert.deepEqual(await faults(page), [])
  await section.getByLabel('Kode dari aplikasi autentikator').fill('000000')
  await section.getByRole('button', { name: 'Aktifkan' }).click()
  await section.getByText('Kode salah', { exact: false }).waitFor()
  await section.getByLabel('Kode dari aplikasi autentikator').fill(shownByApp(key, -1))
  await section.getByRole('button', { name: 'Aktifkan' }).click()
  await section.getByText('aktif', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Keluar', exact: true }).click()

  await page.waitForURL('**/sign-in')
  await entersPassword(page)
  await page.getByRole('heading', { name: 'Kode masuk' }).waitFor()
  assert.deepEqual(await faults(page), [])
  await page.getByLabel('Kode dari aplikasi autentikator').fill('000 000')
  await page.getByRole('button', { name: 'Masuk' }).click()
  await page.getByText('Kode salah', { exact: false }).waitFor()
  await page.getByLabel('Kode dari aplikasi autentikator').fill(shownByApp(key, 1))
  await page.getByRole('button', { name: 'Masuk' }).click()
  await page.getByRole('region', { name: 'Kode saat masuk' }).waitFor()

  const other = await visit(DESK)
  await entersPassword(other)
  await other.getByRole('button', { name: 'Ponsel hilang? Pakai kode cadangan' }).click()
  await other.getByLabel('Kode cadangan').fill(backup[0])
  await other.getByLabel('Jangan tanya lagi', { exact: false }).check()
  await other.getByRole('button', { name: 'Masuk' }).click()
  await other.getByRole('region', { name: 'Kode saat masuk' }).waitFor()
  await other.context().clearCookies({ name: 'better-auth.session_token' })
  await entersPassword(other)
  await other.getByRole('region', { name: 'Kode saat masuk' }).waitFor()
  assert.deepEqual([page.errors, other.errors], [[], []])

  const admin = await signedIn(DESK, ADMIN, '/users')
  const row = admin.locator(`[data-user="${EMAIL}"]`)
  await row.getByText('masuk dengan kode', { exact: false }).waitFor()
  await row.getByRole('button', { name: 'Hapus kode masuk' }).click()
  await admin.getByRole('dialog').getByRole('button', { name: 'Hapus kode masuk' }).click()
  await row.getByText('masuk dengan kode', { exact: false }).waitFor({ state: 'detached' })
  await other.reload()
  await entersPassword(other)
  await other.getByRole('region', { name: 'Kode saat masuk' }).getByText('tidak aktif').waitFor()
  for (const one of [page, other, admin]) await one.context().close()
})

test('who must have a second factor does nothing but set it up', { skip: !process.env.DESK_STRICT_URL }, async () => {
  const page = await visit(PHONE)
  await page.goto(process.env.DESK_STRICT_URL)
  await page.fill('input[name=email]', EMAIL)
  await page.fill('input[name=password]', PASSWORD)
  await page.getByRole('button', { name: 'Masuk' }).click()
  await page.getByRole('heading', { name: 'Siapkan kode saat masuk dulu' }).waitFor()
  assert.deepEqual(await faults(page), [])
  await page.getByLabel('Kata sandi sekarang').fill(PASSWORD)
  await page.getByRole('button', { name: 'Siapkan' }).click()
  const key = await page.locator('p.font-mono').innerText()
  await page.getByLabel('Kode dari aplikasi autentikator').fill(shownByApp(key, 0))
  await page.getByRole('button', { name: 'Aktifkan' }).click()
  await page.waitForSelector('[data-feed=live]')
  await page.goto(`${process.env.DESK_STRICT_URL}/me`)
  const section = page.getByRole('region', { name: 'Kode saat masuk' })
  const password = section.getByLabel('Kata sandi sekarang')
  await password.last().fill(PASSWORD)
  await section.getByRole('button', { name: 'Matikan' }).click()
  await section.getByText('Peran Anda wajib', { exact: false }).waitFor()
  await password.first().fill(PASSWORD)
  await section.getByRole('button', { name: 'Buat kode cadangan baru' }).click()
  await section.getByRole('listitem').nth(9).waitFor()
  await page.context().close()
})
