// The settings of a queue.
import type { Queue, Strategy } from '@client'
import { queuesQueryKey, updateQueueMutation } from '@client/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Failed, Field } from '../app/parts'
import { useWords } from '../app/words'

const STRATEGIES: Strategy[] = ['fixed', 'rotating', 'weighted']

export function Settings({ queue }: { queue: Queue }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const saving = useMutation({ ...updateQueueMutation(), onSuccess: () => queries.invalidateQueries({ queryKey: queuesQueryKey() }) })
  const { settings } = queue
  return (
    <details className="border-t border-line px-4 py-2">
      <summary className="min-h-[44px] content-center cursor-pointer">{t('queues.settings')}</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const form = new FormData(event.currentTarget)
          const owed = String(form.get('owed'))
          saving.mutate({
            path: { id: queue.id },
            body: {
              name: String(form.get('name')),
              strategy: String(form.get('strategy')) as Strategy,
              lastRound: form.has('lastRound'),
              secondChance: form.has('secondChance'),
              managerPhones: String(form.get('managers')).split(/[,\n]/).map((one) => one.trim()).filter(Boolean),
              ...(owed ? { mostTurnsOwed: Number(owed) } : {}),
              ...(settings.releaseStaggerSeconds === undefined ? {} : { releaseStaggerSeconds: settings.releaseStaggerSeconds }),
            },
          })
        }}
      >
        <Field label={t('users.name')}>
          <input className="field" name="name" defaultValue={settings.name} required />
        </Field>
        <Field label={t('queues.strategy')}>
          <select className="field" name="strategy" defaultValue={settings.strategy ?? 'fixed'}>
            {STRATEGIES.map((one) => (
              <option key={one} value={one}>
                {t(`queues.${one}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('queues.managers')}>
          <input className="field" name="managers" defaultValue={settings.managerPhones?.join(', ') ?? ''} />
        </Field>
        <Field label={t('queues.mostOwed')}>
          <input className="field" name="owed" type="number" min="0" defaultValue={settings.mostTurnsOwed ?? ''} />
        </Field>
        <label className="flex items-center gap-2 min-h-[44px]">
          <input type="checkbox" className="size-5" name="lastRound" defaultChecked={settings.lastRound ?? false} /> {t('queues.lastRound')}
        </label>
        <label className="flex items-center gap-2 min-h-[44px]">
          <input type="checkbox" className="size-5" name="secondChance" defaultChecked={settings.secondChance ?? false} /> {t('queues.secondChance')}
        </label>
        {saving.isError && <Failed error={saving.error} />}
        <button type="submit" className="ghost" disabled={saving.isPending}>
          {t('queues.save')}
        </button>
        {saving.isSuccess && <span role="status" className="text-ok text-sm ml-3">{t('lead.saved')}</span>}
      </form>
    </details>
  )
}
