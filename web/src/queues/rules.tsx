// The rules that route leads to a queue. Every part that is given must match; of several rules the lowest number wins.
import type { Queue, QueueRule } from '@client'
import { queuesQueryKey, setQueueRulesMutation } from '@client/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Failed } from '../app/parts'
import { useWords } from '../app/words'

const PARTS = ['source', 'campaign', 'project', 'words'] as const

export function Rules({ queue }: { queue: Queue }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const saving = useMutation({ ...setQueueRulesMutation(), onSuccess: () => queries.invalidateQueries({ queryKey: queuesQueryKey() }) })
  const save = (rules: QueueRule[]) => saving.mutate({ path: { id: queue.id }, body: rules })
  const says = (rule: QueueRule) => PARTS.flatMap((part) => (rule[part] ? [`${t(`figures.${part}`)}: ${rule[part]}`] : [])).join(' · ')
  return (
    <details className="border-t border-line px-4 py-2">
      <summary className="min-h-[44px] content-center cursor-pointer">{t('queues.rules', { count: queue.rules.length })}</summary>
      <ul className="text-sm grid gap-1 mb-3">
        {queue.rules.map((rule, index) => (
          <li key={`${index}${says(rule)}`} className="flex flex-wrap gap-3 items-center">
            <span className="flex-1">{`${rule.priority ?? 0}. ${says(rule)}`}</span>
            <button type="button" className="ghost" disabled={saving.isPending} onClick={() => save(queue.rules.filter((_, at) => at !== index))}>
              {t('queues.removeRule')}
            </button>
          </li>
        ))}
      </ul>
      <form
        className="grid grid-cols-1 sm:grid-cols-2 gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          const form = event.currentTarget
          const given = new FormData(form)
          const rule: QueueRule = { priority: Number(given.get('priority')) }
          for (const part of PARTS) if (given.get(part)) rule[part] = String(given.get(part))
          saving.mutate({ path: { id: queue.id }, body: [...queue.rules, rule] }, { onSuccess: () => form.reset() })
        }}
      >
        {PARTS.map((part) => (
          <input key={part} className="field" name={part} aria-label={t(`figures.${part}`)} placeholder={t(`figures.${part}`)} />
        ))}
        <input className="field" name="priority" type="number" defaultValue="0" aria-label={t('queues.priority')} />
        <button type="submit" className="ghost" disabled={saving.isPending}>
          {t('queues.addRule')}
        </button>
      </form>
      {saving.isError && <Failed error={saving.error} />}
    </details>
  )
}
