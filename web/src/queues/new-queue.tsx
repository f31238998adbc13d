// A new queue, without agents and rules.
import { createQueueMutation, queuesQueryKey } from '@client/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Failed } from '../app/parts'
import { useWords } from '../app/words'

export function NewQueue() {
  const { t } = useWords()
  const queries = useQueryClient()
  const creating = useMutation({ ...createQueueMutation(), onSuccess: () => queries.invalidateQueries({ queryKey: queuesQueryKey() }) })
  return (
    <form
      className="card p-4 flex flex-wrap gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        const form = event.currentTarget
        creating.mutate({ body: { name: String(new FormData(form).get('name')), strategy: 'fixed' } }, { onSuccess: () => form.reset() })
      }}
    >
      <input className="field flex-1 !min-w-[160px] !w-auto" name="name" aria-label={t('queues.new')} placeholder={t('queues.new')} required />
      <button type="submit" className="ghost" disabled={creating.isPending}>
        {t('hours.add')}
      </button>
      {creating.isError && <Failed error={creating.error} />}
    </form>
  )
}
