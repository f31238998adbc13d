// Stories of an admin's desk in a browser: many leads at once, queues, hours, figures, messages, policies.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { asAdmin, clientWrites, close, DESK, jump, signedIn, URL_OF_DESK } from './browser.mjs'

const ADMIN = process.env.DESK_ADMIN ?? 'admin@property-lounge.test'
const row = (lead) => `[data-lead="${lead}"]`
const fine = (page) => assert.deepEqual(page.errors, [])

after(close)

/** A client whom nobody answers: the play panel's jump is used until the lead is hangus. */
async function hangus(name) {
  const { lead } = await clientWrites('Halo', name)
  for (;;) {
    const journey = await asAdmin(`/api/leads/${lead.id}`)
    if (journey.lead.status === 'hangus') return lead
    await jump()
  }
}

test('the board says who is next, and a jump to the deadline shows it', async () => {
  const board = await signedIn(DESK, ADMIN)
  const { lead } = await clientWrites('Halo', 'Pak Next')
  await board.waitForSelector(`${row(lead.id)}[data-holder=A]`)
  const next = board.locator(`${row(lead.id)} [data-next]`)
  assert.match(await next.innerText(), /Berikutnya: Sales B, Sales C/)
  await board.getByRole('button', { name: 'Lompat ke batas waktu berikutnya' }).click()
  await board.waitForSelector(`${row(lead.id)}[data-holder=B]`)
  await board.locator(row(lead.id)).getByRole('button', { name: 'Tugaskan' }).click()
  await board.getByRole('dialog').getByRole('button', { name: 'Sales D' }).click()
  await board.waitForSelector(`${row(lead.id)}[data-status=assigned]`)
  fine(board)
  await board.context().close()
})

test('all hangus leads are assigned at once, and a slip is taken back', async () => {
  const one = await hangus('Ibu Bulk')
  const admin = await signedIn(DESK, ADMIN, '/leads?status=hangus')
  const assignAll = async () => {
    await admin.getByRole('button', { name: /Tugaskan semua/ }).click()
    await admin.getByRole('dialog').getByRole('button', { name: 'Sales E' }).click()
    await admin.getByRole('dialog').getByRole('button', { name: /Tugaskan \d+ lead/ }).click()
    await admin.getByText(/ditugaskan dalam \d+ detik/).waitFor()
  }
  await admin.getByText('Ibu Bulk').first().waitFor()
  await assignAll()
  await admin.getByRole('button', { name: 'Batalkan', exact: true }).last().click()
  await admin.getByText('Dibatalkan. Tidak ada yang berubah.').waitFor()
  assert.equal((await asAdmin(`/api/leads/${one.id}`)).lead.status, 'hangus')
  await assignAll()
  await admin.getByText(/lead sudah ditugaskan, 0 dilewati/).waitFor({ timeout: 40_000 })
  assert.equal((await asAdmin(`/api/leads/${one.id}`)).lead.ownerName, 'Sales E')
  fine(admin)
  await admin.context().close()
})

test('two leads of one person are proposed, merged, and separated again', async () => {
  const first = await hangus('Budi Kembar')
  const second = await hangus('budi kembar')
  const admin = await signedIn(DESK, ADMIN, `/leads/${first.id}`)
  await admin.getByText('Mungkin orang yang sama').waitFor()
  await admin.getByRole('button', { name: 'Gabungkan' }).first().click()
  await admin.getByRole('dialog').getByRole('button', { name: 'Ya, gabungkan' }).click()
  await admin.getByRole('button', { name: 'Pisahkan lagi' }).click()
  await admin.getByText('Mungkin orang yang sama').waitFor()
  assert.equal((await asAdmin(`/api/leads/${second.id}`)).lead.name, 'budi kembar')
  fine(admin)
  await admin.context().close()
})

test('of two admins who change a queue the second sees both versions', async () => {
  const admin = await signedIn(DESK, ADMIN, '/queues')
  await admin.getByText(/Lead berikutnya: Sales A, Sales B, Sales C/).waitFor()
  // Nobody tells this page of the other admin's change before its own.
  await admin.route('**/api/distribution/queues', (route) => route.abort())
  const [queue] = await asAdmin('/api/distribution/queues')
  const places = queue.places.map(({ owedThousandths, ...place }) => place)
  await asAdmin(`/api/distribution/queues/${queue.id}/places`, 'PUT', [...places.slice(0, 4), places[5], places[4]])
  await admin.getByRole('button', { name: 'Naikkan Sales B' }).click()
  await admin.unroute('**/api/distribution/queues')
  await admin.getByText('Orang lain sudah mengubah antrian ini.').waitFor()
  await admin.reload()
  await asAdmin(`/api/distribution/queues/${queue.id}/places`, 'PUT', places)
  fine(admin)
  await admin.context().close()
})

test('an agent who is dragged up is asked earlier', async () => {
  const admin = await signedIn(DESK, ADMIN, '/queues')
  const place = (name) => admin.locator('[data-queue] ol > li', { hasText: name })
  await place('Sales F').waitFor()
  await place('Sales F').dragTo(place('Sales E'))
  await admin.waitForFunction(() => /Sales F[\s\S]*Sales E/.test(document.querySelector('[data-queue] ol').innerText))
  await admin.getByRole('button', { name: 'Turunkan Sales F' }).click()
  await admin.waitForFunction(() => /Sales E[\s\S]*Sales F/.test(document.querySelector('[data-queue] ol').innerText))
  fine(admin)
  await admin.context().close()
})

test('hours, days off and a holiday decide who is asked', async () => {
  const admin = await signedIn(DESK, ADMIN, '/queues')
  await admin.getByRole('button', { name: 'Jam kerja Sales A' }).click()
  const dialog = admin.getByRole('dialog')
  await dialog.getByLabel('Hari pertama').fill('2020-01-01')
  await dialog.getByLabel('Hari terakhir').fill('2199-12-31')
  await dialog.getByRole('button', { name: 'Simpan' }).click()
  await admin.getByText(/Lead berikutnya: Sales B, Sales C, Sales D/).waitFor()
  await admin.getByRole('button', { name: 'Jam kerja Sales A' }).click()
  await dialog.getByText('hapus 2020-01-01').click()
  await dialog.getByRole('button', { name: 'Simpan' }).click()
  await admin.getByText(/Lead berikutnya: Sales A, Sales B, Sales C/).waitFor()
  const calendar = admin.getByRole('region', { name: 'Kalender perusahaan' })
  await calendar.getByLabel('Hari', { exact: true }).fill('2031-08-17')
  await calendar.getByLabel('Nama').fill('Hari Kemerdekaan')
  await calendar.getByRole('button', { name: 'Tambah' }).click()
  await calendar.getByText('2031-08-17 · Hari Kemerdekaan').waitFor()
  await calendar.getByRole('button', { name: 'Hapus' }).click()
  await calendar.getByText('2031-08-17 · Hari Kemerdekaan').waitFor({ state: 'detached' })
  fine(admin)
  await admin.context().close()
})

test('a rule sends the leads of an ad to a queue', async () => {
  const admin = await signedIn(DESK, ADMIN, '/queues')
  const queue = admin.locator('[data-queue]').first()
  await queue.getByText(/Aturan \(\d+\)/).click()
  await queue.getByLabel('Proyek').fill('Villa Uji')
  await queue.getByRole('button', { name: 'Tambah aturan' }).click()
  await queue.getByText('Proyek: Villa Uji').waitFor()
  await queue.locator('li', { hasText: 'Proyek: Villa Uji' }).getByRole('button', { name: 'Hapus' }).click()
  await queue.getByText('Proyek: Villa Uji').waitFor({ state: 'detached' })
  fine(admin)
  await admin.context().close()
})

test('the figures show the hours of the week, the lateness and a file', async () => {
  const admin = await signedIn(DESK, ADMIN, '/figures')
  const heat = admin.getByRole('region', { name: 'Lead masuk per jam' })
  await heat.waitFor()
  await admin.getByText('Diambil dalam 5 menit', { exact: true }).waitFor()
  assert.match(await admin.getByRole('region', { name: 'Keterlambatan pindah agen' }).innerText(), /p50 .*0 pelanggaran aturan/s)
  const [file] = await Promise.all([admin.waitForEvent('download'), heat.getByRole('button', { name: 'Simpan CSV' }).click()])
  const text = await readFile(await file.path(), 'utf8')
  assert.equal(text.split('\r\n').length, 9)
  fine(admin)
  await admin.context().close()
})

test('the messages are listed with their delivery', async () => {
  const admin = await signedIn(DESK, ADMIN, '/whatsapp')
  const messages = admin.getByRole('region', { name: 'Pesan' })
  await messages.getByText(/^offer/).first().waitFor()
  await messages.getByLabel('hanya yang gagal').check()
  await admin.waitForURL(/failed=true/)
  await messages.getByText('Tidak ada pesan.').waitFor()
  fine(admin)
  await admin.context().close()
})

test('a policy that was tried becomes the policy of the queue', async () => {
  const admin = await signedIn(DESK, ADMIN, '/what-if')
  await admin.locator('select[name=round]').selectOption('yes')
  await admin.getByRole('button', { name: 'Coba' }).click()
  await admin.getByRole('button', { name: 'Simpan sebagai aturan antrian' }).click()
  await admin.getByRole('dialog').getByRole('button', { name: 'Ya, simpan' }).click()
  await admin.getByText('Tersimpan').waitFor()
  const [queue] = await asAdmin('/api/distribution/queues')
  assert.equal(queue.settings.lastRound, true)
  await asAdmin(`/api/distribution/queues/${queue.id}`, 'PUT', { ...queue.settings, lastRound: false })
  fine(admin)
  await admin.context().close()
})

test('without a connection a tap fails at once and is not sent later', async () => {
  const admin = await signedIn(DESK, ADMIN, '/leads?status=hangus')
  const lead = await hangus('Ibu Luring')
  await admin.goto(`${URL_OF_DESK}/leads/${lead.id}`)
  await admin.getByRole('button', { name: 'Bagikan lagi' }).waitFor()
  await admin.context().setOffline(true)
  await admin.getByRole('button', { name: 'Bagikan lagi' }).click()
  await admin.getByText('Server tidak dapat dihubungi', { exact: false }).first().waitFor()
  await admin.context().setOffline(false)
  await admin.waitForSelector('[data-feed=live]', { timeout: 20_000 })
  assert.equal((await asAdmin(`/api/leads/${lead.id}`)).lead.status, 'hangus')
  await admin.context().close()
})
