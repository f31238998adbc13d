// The play panel: with WA_PROVIDER=dummy an admin can be a client or an agent.
import type { TeamMember } from '@client'
import { dummyClientMessageMutation, dummyNextDeadlineMutation, dummySalesAckMutation } from '@client/hooks'
import { useMutation } from '@tanstack/react-query'
import { Failed, Field } from '../app/parts'
import { useWords } from '../app/words'

export function PlayPanel({ team }: { team: TeamMember[] }) {
  const { t } = useWords()
  const client = useMutation(dummyClientMessageMutation())
  const agent = useMutation(dummySalesAckMutation())
  const jump = useMutation(dummyNextDeadlineMutation())
  const reached = team.filter((one) => one.phone)
  return (
    <section className="card px-4 py-3.5" aria-label={t('play.title')}>
      <h2 className="text-[13px] font-semibold">{t('play.title')}</h2>
      <p className="text-soft text-[13px] mb-3">{t('play.hint')}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const form = new FormData(event.currentTarget)
          client.mutate({ body: { clientWa: String(form.get('number')), body: String(form.get('words')) } })
        }}
      >
        <h3 className="text-sm mb-1">{t('play.client')}</h3>
        <Field label={t('play.number')}>
          <input className="field" name="number" inputMode="tel" defaultValue="0812 3400 1234" required />
        </Field>
        <Field label={t('play.words')}>
          <input className="field" name="words" defaultValue="Halo, saya tertarik unitnya" required />
        </Field>
        {client.isError && <Failed error={client.error} />}
        <button type="submit" className="ghost" disabled={client.isPending}>
          {t('play.send')}
        </button>
        {client.data && <p className="text-soft text-sm mt-1">{t('play.heard', { outcome: client.data.outcome })}</p>}
      </form>
      <form
        className="mt-4 border-t border-line pt-3"
        onSubmit={(event) => {
          event.preventDefault()
          const form = new FormData(event.currentTarget)
          agent.mutate({ body: { salesWa: String(form.get('agent')), body: String(form.get('words')) } })
        }}
      >
        <h3 className="text-sm mb-1">{t('play.agent')}</h3>
        <Field label={t('lead.agent')}>
          <select className="field" name="agent">
            {reached.map((one) => (
              <option key={one.id} value={one.phone}>
                {one.name}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('play.words')}>
          <input className="field" name="words" defaultValue="OK" required />
        </Field>
        {agent.isError && <Failed error={agent.error} />}
        <button type="submit" className="ghost" disabled={agent.isPending}>
          {t('play.send')}
        </button>
        {agent.data && <p className="text-soft text-sm mt-1">{t('play.heard', { outcome: agent.data.outcome })}</p>}
      </form>
      <div className="mt-4 border-t border-line pt-3">
        <button type="button" className="ghost" disabled={jump.isPending} onClick={() => jump.mutate({})}>
          {t('play.jump')}
        </button>
        {jump.isError && <Failed error={jump.error} />}
        {jump.data && <p className="text-soft text-sm mt-1">{jump.data.rolled[0] ? t('play.jumped', { name: jump.data.rolled[0].agent.name }) : t('play.noOffer')}</p>}
      </div>
    </section>
  )
}
