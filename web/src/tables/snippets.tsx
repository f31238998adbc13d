// Ready answers: an agent writes the word, and the client gets the text.
import { deleteSnippetMutation, saveSnippetMutation, snippetsOptions, snippetsQueryKey } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Failed, Field } from '../app/parts'
import { useWords } from '../app/words'

export function Snippets() {
  const { t } = useWords()
  const queries = useQueryClient()
  const snippets = useQuery(snippetsOptions())
  const onSuccess = () => queries.invalidateQueries({ queryKey: snippetsQueryKey() })
  const saving = useMutation({ ...saveSnippetMutation(), onSuccess })
  const deleting = useMutation({ ...deleteSnippetMutation(), onSuccess })
  const error = snippets.error ?? saving.error ?? deleting.error
  return (
    <section className="card p-4 min-w-0" aria-label={t('tables.snippets')}>
      <h2 className="font-semibold mb-3">{t('tables.snippets')}</h2>
      {error && <Failed error={error} />}
      <ul className="grid gap-2 mb-4">
        {snippets.data?.map((snippet) => (
          <li key={snippet.id} className="flex flex-wrap gap-3 items-start">
            <div className="flex-1 min-w-[160px]">
              <p className="font-semibold">{[snippet.word, snippet.project].filter(Boolean).join(' · ')}</p>
              <p className="text-soft text-sm whitespace-pre-wrap break-words">{snippet.body}</p>
            </div>
            <button type="button" className="ghost" disabled={deleting.isPending} onClick={() => deleting.mutate({ path: { id: snippet.id } })}>
              {t('queues.removeRule')}
            </button>
          </li>
        ))}
      </ul>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const form = event.currentTarget
          const given = new FormData(form)
          const project = String(given.get('project'))
          saving.mutate({ body: { word: String(given.get('word')), body: String(given.get('body')), ...(project ? { project } : {}) } }, { onSuccess: () => form.reset() })
        }}
      >
        <div className="grid grid-cols-2 gap-3">
          <Field label={t('tables.word')}>
            <input className="field" name="word" maxLength={30} required />
          </Field>
          <Field label={t('figures.project')}>
            <input className="field" name="project" />
          </Field>
        </div>
        <Field label={t('tables.body')}>
          <textarea className="field" name="body" rows={3} maxLength={4096} required />
        </Field>
        <button type="submit" className="ghost" disabled={saving.isPending}>
          {t('queues.save')}
        </button>
      </form>
    </section>
  )
}
