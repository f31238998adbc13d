// States of a screen that a story can hardly bring about: what the api answers is changed on its way to the page.

const AT = () => new Date(Date.now() - 90_000).toISOString()
const QR = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4 4'><path d='M0 0h2v2H0zM3 3h1v1H3z'/></svg>"

const held = (lead, resumeAt) => ({ ...lead, status: 'held', next: [], seats: lead.seats.map(({ salesId, label, name }) => ({ salesId, label, name })), ...(resumeAt ? { resumeAt } : {}) })

/** By name: the screen, the answer that is changed, and how. */
export const STATES = {
  'board-frozen': ['/board', '**/api/board', (board) => ({ ...board, frozenSince: AT() })],
  'board-held': ['/board', '**/api/board', (board) => ({ ...board, held: 2, leads: board.leads.map((lead, nth) => (nth < 2 ? held(lead, nth ? AT() : undefined) : lead)) })],
  'board-empty': ['/board', '**/api/board', (board) => ({ ...board, leads: [], offered: 0, held: 0 })],
  'whatsapp-scan': ['/whatsapp', '**/api/whatsapp-admin/status', () => ({ provider: 'qr_local', state: 'scan_qr', since: AT(), desired: 'started', devicesAlive: 1, qr: { svg: QR, text: '2@x', expiresAt: AT() } })],
  'whatsapp-pairing': ['/whatsapp', '**/api/whatsapp-admin/status', () => ({ provider: 'qr_local', state: 'pairing', since: AT(), desired: 'started', devicesAlive: 1, pairingCode: 'ABCD-1234' })],
  'whatsapp-linked': ['/whatsapp', '**/api/whatsapp-admin/status', () => ({ provider: 'qr_local', state: 'connected', since: AT(), desired: 'started', devicesAlive: 1, linkedNumber: '+6281234567890', lastReceivedAt: AT(), lastSentAt: AT() })],
  'whatsapp-frozen': ['/whatsapp', '**/api/whatsapp-admin/status', () => ({ provider: 'cloud_api', state: 'failed', since: AT(), frozenSince: AT(), lastError: 'token expired', token: { health: 'bad', reason: 'expired' } })],
}

/** Opens the screen in that state. */
export async function open(page, address, name) {
  const [path, answers, change] = STATES[name]
  const isChanged = page.waitForResponse(answers)
  await page.route(answers, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: change(await response.json()) })
  })
  await page.goto(address + path)
  await isChanged
  await page.waitForSelector('[data-feed=live]')
  await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => {})
}

/** The api answers for itself again. A question that is under way then is answered without us, so our answer comes too late. */
export const leave = (page) => page.unrouteAll({ behavior: 'ignoreErrors' })
