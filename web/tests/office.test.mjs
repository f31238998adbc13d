// Stories of an admin's desk in a browser: many leads at once, queues, hours, figures, messages, policies.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { asAdmin, clientWrites, close, DESK, jump, PHONE, signedIn, URL_OF_DESK } from './browser.mjs'

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
  await admin.waitForFunction(() => /Sales F[\s\S]*Sales E/.test(document.querySelector('[data-queue] ol')?.innerText ?? ''))
  await admin.getByRole('button', { name: 'Turunkan Sales F' }).click()
  await admin.waitForFunction(() => /Sales E[\s\S]*Sales F/.test(document.querySelector('[data-queue] ol')?.innerText ?? ''))
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
  await dialog.waitFor({ state: 'hidden' })
  await admin.getByText(/Lead berikutnya: Sales B, Sales C, Sales D/).waitFor()
  await admin.getByRole('button', { name: 'Jam kerja Sales A' }).click()
  await dialog.getByText('hapus 2020-01-01').click()
  await dialog.getByRole('button', { name: 'Simpan' }).click()
  await dialog.waitFor({ state: 'hidden' })
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

test('an admin makes a team of four from nothing, and one of them takes a lead on a phone', async () => {
  const admin = await signedIn(DESK, ADMIN, '/users')
  const stamp = Date.now()
  const names = ['Ani', 'Beni', 'Citra', 'Dodi'].map((name) => `${name} ${stamp}`)
  const form = admin.locator('form', { has: admin.locator('input[name=email]') })
  for (const [nth, name] of names.entries()) {
    await form.locator('input[name=name]').fill(name)
    await form.locator('input[name=email]').fill(`${nth}-${stamp}@example.com`)
    await form.locator('input[name=phone]').fill(`+62815${String(stamp).slice(-7)}${nth}`)
    await form.locator('input[name=password]').fill(process.env.DESK_PASSWORD ?? 'property-lounge')
    await form.getByRole('button', { name: 'Buat pengguna' }).click()
    await admin.getByText(`${name} dibuat.`).waitFor()
  }
  await admin.getByRole('link', { name: 'Antrian & tim' }).click()
  await admin.getByLabel('Antrian baru').fill(`Tim ${stamp}`)
  await admin.locator('form', { has: admin.getByLabel('Antrian baru') }).getByRole('button', { name: 'Tambah' }).click()
  const queue = admin.locator(`[data-queue="Tim ${stamp}"]`)
  await queue.getByText('Anggota').click()
  for (const name of names) {
    await queue.getByLabel('Agen').selectOption({ label: name })
    await queue.getByRole('button', { name: 'Tambah ke antrian' }).click()
    await queue.getByRole('button', { name: `Keluarkan ${name}` }).waitFor()
  }
  await queue.getByText(/Aturan \(0\)/).click()
  await queue.getByLabel('Proyek').fill(`Cluster ${stamp}`)
  await queue.getByRole('button', { name: 'Tambah aturan' }).click()
  await queue.getByText(`Proyek: Cluster ${stamp}`).waitFor()
  await queue.getByText(`Lead berikutnya: ${names.slice(0, 3).join(', ')}`).waitFor()

  const phone = await signedIn(PHONE, `0-${stamp}@example.com`)
  await clientWrites('Halo', 'Ibu Baru', `Cluster ${stamp}`)
  await phone.locator('[data-offer]').getByRole('button', { name: 'Ambil lead' }).click()
  await phone.waitForSelector('[data-outcome=accepted]')
  fine(admin)
  fine(phone)
  await admin.context().close()
  await phone.context().close()
})

test('a second status, a ready answer and a session are made and ended', async () => {
  const admin = await signedIn(DESK, ADMIN, '/tables')
  const statuses = admin.getByRole('region', { name: 'Status lanjutan' })
  await statuses.getByLabel('Baru: Status lanjutan').fill('Menunggu Bank')
  await statuses.getByRole('button', { name: 'Tambah' }).click()
  await statuses.getByLabel('Nama menunggu-bank').waitFor()
  const status = statuses.locator('form', { has: admin.getByLabel('Nama menunggu-bank') })
  await status.getByLabel('bisa dipilih').uncheck()
  await status.getByRole('button', { name: 'Simpan' }).click()
  await admin.waitForFunction(async () => {
    const all = await (await fetch('/api/layer2-statuses')).json()
    return all.find((one) => one.id === 'menunggu-bank')?.active === false
  })
  const snippets = admin.getByRole('region', { name: 'Jawaban siap pakai' })
  await snippets.getByLabel('Kata').fill('uji')
  await snippets.getByLabel('Isi').fill('Halo {name}, ini uji.')
  await snippets.getByRole('button', { name: 'Simpan' }).click()
  await snippets.getByText('Halo {name}, ini uji.').waitFor()
  await snippets.locator('li', { hasText: 'ini uji' }).getByRole('button', { name: 'Hapus' }).click()
  await snippets.getByText('Halo {name}, ini uji.').waitFor({ state: 'detached' })

  const other = await signedIn(DESK, ADMIN, '/me')
  await admin.goto(`${URL_OF_DESK}/leads`)
  const [file] = await Promise.all([admin.waitForEvent('download'), admin.getByRole('link', { name: 'CSV' }).click()])
  assert.match(await readFile(await file.path(), 'utf8'), /^\uFEFF/)
  await other.getByRole('region', { name: 'Perangkat yang masuk' }).getByRole('button', { name: 'Keluar' }).first().waitFor()
  fine(admin)
  await admin.context().close()
  await other.context().close()
})
