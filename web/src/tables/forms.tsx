// Meta's lead forms: their project, and what questions contain whose names are not known.
import type { MetaForm } from '@client'
import { metaFormsOptions, metaFormsQueryKey, saveMetaFormMutation } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Failed, Field } from '../app/parts'
import { useWords } from '../app/words'

const MEANINGS = ['phone', 'name', 'area', 'project', 'ignore'] as const

export function Forms() {
  const { t } = useWords()
  const forms = useQuery(metaFormsOptions())
  return (
    <section className="card p-4 min-w-0" aria-label={t('tables.forms')}>
      <h2 className="font-semibold mb-3">{t('tables.forms')}</h2>
      {forms.error && <Failed error={forms.error} />}
      {forms.data?.length === 0 && <p className="text-soft">{t('tables.noForms')}</p>}
      {forms.data?.map((form) => (
        <Form key={form.id} form={form} />
      ))}
    </section>
  )
}

function Form({ form }: { form: MetaForm }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const saving = useMutation({ ...saveMetaFormMutation(), onSuccess: () => queries.invalidateQueries({ queryKey: metaFormsQueryKey() }) })
  const questions = Object.entries(form.fields)
  return (
    <form
      className="border-t border-line first:border-t-0 py-3"
      onSubmit={(event) => {
        event.preventDefault()
        const element = event.currentTarget
        const given = new FormData(element)
        const fields = Object.fromEntries(questions.map(([question]) => [question, String(given.get(`of ${question}`))]).filter(([, meaning]) => meaning !== ''))
        const added = String(given.get('question')).trim()
        if (added) fields[added] = String(given.get('meaning'))
        const [name, project] = [String(given.get('name')), String(given.get('project'))]
        saving.mutate({ path: { id: form.id }, body: { fields, ...(name ? { name } : {}), ...(project ? { project } : {}) } }, { onSuccess: () => element.reset() })
      }}
    >
      <p className="text-soft text-sm mb-2">{t('tables.leadsOf', { id: form.id, count: form.leads })}</p>
      <div className="grid grid-cols-2 gap-3">
        <Field label={t('users.name')}>
          <input className="field" name="name" defaultValue={form.name ?? ''} />
        </Field>
        <Field label={t('figures.project')}>
          <input className="field" name="project" defaultValue={form.project ?? ''} />
        </Field>
      </div>
      {questions.map(([question, meaning]) => (
        <Field key={question} label={question}>
          <Meaning name={`of ${question}`} chosen={meaning} />
        </Field>
      ))}
      <div className="grid grid-cols-2 gap-3 mb-3">
        <input className="field" name="question" aria-label={t('tables.question')} placeholder={t('tables.question')} />
        <Meaning name="meaning" chosen="phone" />
      </div>
      {saving.error && <Failed error={saving.error} />}
      <button type="submit" className="ghost" disabled={saving.isPending}>
        {t('queues.save')}
      </button>
    </form>
  )
}

function Meaning({ name, chosen }: { name: string; chosen: string }) {
  const { t } = useWords()
  return (
    <select className="field" name={name} aria-label={t('tables.meaning')} defaultValue={chosen}>
      {MEANINGS.map((one) => (
        <option key={one} value={one}>
          {t(`tables.is.${one}`)}
        </option>
      ))}
      <option value="">{t('tables.is.nothing')}</option>
    </select>
  )
}
