// The WhatsApp connection: its state with the reason, the QR code, the token, and a test message.
import { resetWhatsappMutation, restartWhatsappMutation, sendWhatsappTestMessageMutation, startWhatsappMutation, stopWhatsappMutation, whatsappStatusOptions, whatsappStatusQueryKey } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { timeOfDay } from '../app/clock'
import { Dialog } from '../app/dialog'
import { Failed, Field, Heading, Loading } from '../app/parts'
import { useWords } from '../app/words'
import { Messages } from '../messages/messages'
import { AccountEvents } from './account-events'

/** What must be typed before the session is deleted. */
const CONFIRMATION = 'RESET'

export function WhatsappScreen() {
  const { t, language } = useWords()
  // The feed tells of a new state and of a new QR code. The heartbeat times are read now and then.
  const status = useQuery({ ...whatsappStatusOptions(), refetchInterval: 15_000 })
  if (status.isPending) return <Loading />
  if (status.isError && !status.data) return <Failed error={status.error} again={() => void status.refetch()} />
  const data = status.data
  const facts: [string, string | undefined][] = [
    [t('whatsapp.provider'), data.provider],
    [t('whatsapp.reason'), data.reason],
    [t('whatsapp.since'), data.since && timeOfDay(data.since, language)],
    [t('whatsapp.number'), data.linkedNumber],
    [t('whatsapp.frozen'), data.frozenSince && timeOfDay(data.frozenSince, language)],
    [t('whatsapp.token'), data.token && `${data.token.health}${data.token.reason ? ` (${data.token.reason})` : ''}`],
    [t('whatsapp.received'), data.lastReceivedAt && timeOfDay(data.lastReceivedAt, language)],
    [t('whatsapp.sent'), data.lastSentAt && timeOfDay(data.lastSentAt, language)],
    [t('whatsapp.error'), data.lastError],
  ]
  return (
    <div className="grid grid-cols-1 gap-5">
      <Heading aside={<span className={`pill ${data.state === 'connected' ? 'ok' : 'warn'}`}>{t(`whatsapp.state.${data.state}`)}</span>}>{t('nav.whatsapp')}</Heading>
      <dl className="card p-4 max-w-xl grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
        {facts.map(([name, value]) => value && [<dt key={name} className="text-soft">{name}</dt>, <dd key={`${name}=`} className="m-0 break-words">{value}</dd>])}
      </dl>
      {data.qr && (
        <figure className="card p-4 m-0 max-w-xl text-center">
          <img className="bg-white rounded-lg mx-auto w-64 h-64" src={`data:image/svg+xml,${encodeURIComponent(data.qr.svg)}`} alt={t('whatsapp.qr')} />
          <figcaption className="text-soft mt-2">{t('whatsapp.scan')}</figcaption>
        </figure>
      )}
      {data.pairingCode && <p className="card p-4 max-w-xl text-2xl tracking-widest text-center">{data.pairingCode}</p>}
      {data.provider === 'qr_local' && <Commands />}
      <Test />
      <AccountEvents />
      <Messages />
    </div>
  )
}

function Commands() {
  const { t } = useWords()
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: whatsappStatusQueryKey() })
  const start = useMutation({ ...startWhatsappMutation(), onSuccess })
  const stop = useMutation({ ...stopWhatsappMutation(), onSuccess })
  const restart = useMutation({ ...restartWhatsappMutation(), onSuccess })
  const reset = useMutation({ ...resetWhatsappMutation(), onSuccess })
  const [asks, setAsks] = useState(false)
  const [typed, setTyped] = useState('')
  const error = start.error ?? stop.error ?? restart.error ?? reset.error
  return (
    <div className="flex flex-wrap gap-2">
      <button type="button" className="ghost" onClick={() => start.mutate({})}>
        {t('whatsapp.start')}
      </button>
      <button type="button" className="ghost" onClick={() => stop.mutate({})}>
        {t('whatsapp.stop')}
      </button>
      <button type="button" className="ghost" onClick={() => restart.mutate({})}>
        {t('whatsapp.restart')}
      </button>
      <button type="button" className="ghost text-bad" onClick={() => setAsks(true)}>
        {t('whatsapp.reset')}
      </button>
      {error && <Failed error={error} />}
      {asks && (
        <Dialog title={t('whatsapp.reset')} close={() => setAsks(false)}>
          <p className="mb-3">{t('whatsapp.resetAsk', { word: CONFIRMATION })}</p>
          <input className="field mb-3" aria-label={CONFIRMATION} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
          <button
            type="button"
            className="ghost text-bad"
            disabled={typed !== CONFIRMATION}
            onClick={() => {
              reset.mutate({})
              setAsks(false)
              setTyped('')
            }}
          >
            {t('whatsapp.reset')}
          </button>
        </Dialog>
      )}
    </div>
  )
}

function Test() {
  const { t } = useWords()
  const sending = useMutation(sendWhatsappTestMessageMutation())
  return (
    <form
      className="card p-4 max-w-xl"
      onSubmit={(event) => {
        event.preventDefault()
        sending.mutate({ body: { to: String(new FormData(event.currentTarget).get('to')) } })
      }}
    >
      <h2 className="font-semibold mb-3">{t('whatsapp.test')}</h2>
      <Field label={t('play.number')}>
        <input className="field" name="to" inputMode="tel" required />
      </Field>
      {sending.isError && <Failed error={sending.error} />}
      {sending.isSuccess && (
        <p role="status" className="text-ok mb-2">
          {t('whatsapp.testSent')}
        </p>
      )}
      <button type="submit" className="ghost" disabled={sending.isPending}>
        {t('play.send')}
      </button>
    </form>
  )
}
