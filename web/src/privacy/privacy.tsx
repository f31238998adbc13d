// Privacy: everything that is stored of one client is shown, or erased; and what was done.
import type { ErasureReport, PersonSought, PrivacyRequest } from '@client'
import { erasePersonMutation, exportPersonMutation, exportPersonPageMutation, privacyRequestsOptions, privacyRequestsQueryKey } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { timeOfDay } from '../app/clock'
import { Dialog } from '../app/dialog'
import { Failed, Field, Heading, Loading } from '../app/parts'
import { useWords, type Key } from '../app/words'

/** Has the browser save a text as a file. */
function save(name: string, type: string, text: string) {
  const address = URL.createObjectURL(new Blob([text], { type }))
  const link = Object.assign(document.createElement('a'), { href: address, download: name })
  link.click()
  URL.revokeObjectURL(address)
}

export function PrivacyScreen() {
  const { t } = useWords()
  const queries = useQueryClient()
  const [phone, setPhone] = useState('')
  const [asks, setAsks] = useState(false)
  const onSettled = () => queries.invalidateQueries({ queryKey: privacyRequestsQueryKey() })
  const asJson = useMutation({
    ...exportPersonMutation(),
    onSuccess: (data) => save('data-pribadi.json', 'application/json', JSON.stringify(data, null, 2)),
    onSettled,
  })
  const asPage = useMutation({ ...exportPersonPageMutation(), onSuccess: (page) => save('data-pribadi.html', 'text/html', String(page)), onSettled })
  const erase = useMutation({ ...erasePersonMutation(), onSuccess: () => setAsks(false), onSettled })
  const body: PersonSought = { phone }
  const isEmpty = phone.trim() === ''
  const error = asJson.error ?? asPage.error
  return (
    <>
      <Heading>{t('nav.privacy')}</Heading>
      <form className="card p-4 max-w-xl mb-5" onSubmit={(event) => event.preventDefault()}>
        <p className="text-soft mb-3">{t('privacy.about')}</p>
        <Field label={t('privacy.number')}>
          <input className="field" name="phone" type="tel" inputMode="tel" autoComplete="off" value={phone} onChange={(event) => setPhone(event.currentTarget.value)} required />
        </Field>
        <div className="flex flex-wrap gap-2">
          <button type="button" className="ghost" disabled={isEmpty || asPage.isPending} onClick={() => asPage.mutate({ body })}>
            {t('privacy.page')}
          </button>
          <button type="button" className="ghost" disabled={isEmpty || asJson.isPending} onClick={() => asJson.mutate({ body })}>
            {t('privacy.json')}
          </button>
          <button type="button" className="ghost text-bad" disabled={isEmpty} onClick={() => setAsks(true)}>
            {t('privacy.erase')}
          </button>
        </div>
        {error && <Failed error={error} />}
      </form>
      {erase.data && <Report report={erase.data} />}
      {asks && (
        <Dialog title={t('privacy.eraseAsk')} close={() => setAsks(false)}>
          <form
            onSubmit={(event) => {
              event.preventDefault()
              erase.mutate({ body: { phone, reason: String(new FormData(event.currentTarget).get('reason')) } })
            }}
          >
            <p className="mb-3">{t('privacy.eraseWarning', { phone })}</p>
            <Field label={t('privacy.reason')}>
              <input className="field" name="reason" maxLength={500} required />
            </Field>
            {erase.isError && <Failed error={erase.error} />}
            <button type="submit" className="ghost text-bad" disabled={erase.isPending}>
              {t('privacy.erase')}
            </button>
          </form>
        </Dialog>
      )}
      <Requests />
    </>
  )
}

const KINDS: [keyof ErasureReport, Key][] = [
  ['leads', 'privacy.leads'],
  ['messages', 'privacy.messages'],
  ['mentions', 'privacy.mentions'],
  ['forms', 'privacy.forms'],
  ['deliveries', 'privacy.deliveries'],
  ['visits', 'privacy.visits'],
  ['listRows', 'privacy.listRows'],
]

function Report({ report }: { report: ErasureReport }) {
  const { t } = useWords()
  return (
    <section className="card p-4 max-w-xl mb-5" role="status">
      <h2 className="font-semibold mb-2">{t('privacy.erased')}</h2>
      <ul>
        {KINDS.map(([kind, key]) => (
          <li key={kind}>{t(key, { count: Number(report[kind]) })}</li>
        ))}
      </ul>
      <p className="text-soft mt-2">{t('privacy.kept')}</p>
    </section>
  )
}

function Requests() {
  const { t } = useWords()
  const requests = useQuery(privacyRequestsOptions())
  if (requests.isPending) return <Loading />
  if (requests.isError && !requests.data) return <Failed error={requests.error} again={() => void requests.refetch()} />
  return (
    <section>
      <h2 className="font-semibold mb-2">{t('privacy.requests')}</h2>
      {requests.data.length === 0 ? <p className="text-soft">{t('privacy.noRequests')}</p> : null}
      <ul className="card">
        {requests.data.map((request) => (
          <Row key={request.id} request={request} />
        ))}
      </ul>
    </section>
  )
}

function Row({ request }: { request: PrivacyRequest }) {
  const { t, language } = useWords()
  return (
    <li className="px-4 py-3 border-t border-line first:border-t-0">
      <span className={`pill ${request.kind === 'export' ? 'idle' : 'bad'}`}>{t(`privacy.kind.${request.kind}`)}</span> {timeOfDay(request.at, language)}
      <p className="text-soft text-[13px] break-words">{[request.byWhom, request.reason, t('privacy.leads', { count: request.leadIds.length })].filter(Boolean).join(' · ')}</p>
    </li>
  )
}
