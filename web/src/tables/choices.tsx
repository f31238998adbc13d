// A small table of choices: a label that can be changed, whether it can be chosen, and a new choice at the end.
import type { Choice } from '@client'
import { Failed } from '../app/parts'
import { useWords } from '../app/words'

type Props = { title: string; choices: Choice[]; error: unknown; save: (choice: Choice) => Promise<unknown>; canReject?: boolean }

/** An id that a label gives: lower-case letters and digits, joined by dashes. */
const idOf = (label: string) =>
  label
    .toLowerCase()
    .normalize('NFD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')

export function Choices({ title, choices, error, save, canReject = false }: Props) {
  const { t } = useWords()
  const rejects = (form: FormData) => (canReject ? { isRejected: form.has('rejects') } : {})
  return (
    <section className="card p-4 min-w-0" aria-label={title}>
      <h2 className="font-semibold mb-3">{title}</h2>
      {error !== null && error !== undefined && <Failed error={error} />}
      <ul className="grid gap-2 mb-3">
        {choices.map((choice) => (
          <li key={choice.id}>
            <form
              className="flex flex-wrap gap-2 items-center"
              onSubmit={(event) => {
                event.preventDefault()
                const form = new FormData(event.currentTarget)
                void save({ ...choice, label: String(form.get('label')), active: form.has('active'), ...rejects(form) }).catch(() => {})
              }}
            >
              <input className="field flex-1 !min-w-[140px] !w-auto" name="label" aria-label={t('tables.label', { id: choice.id })} defaultValue={choice.label} required />
              <label className="flex items-center gap-2 min-h-[44px]">
                <input type="checkbox" className="size-5" name="active" defaultChecked={choice.active !== false} /> {t('tables.active')}
              </label>
              {canReject && (
                <label className="flex items-center gap-2 min-h-[44px]">
                  <input type="checkbox" className="size-5" name="rejects" defaultChecked={choice.isRejected === true} /> {t('tables.rejects')}
                </label>
              )}
              <button type="submit" className="ghost">
                {t('queues.save')}
              </button>
            </form>
          </li>
        ))}
      </ul>
      <form
        className="flex flex-wrap gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          const form = event.currentTarget
          const label = String(new FormData(form).get('label'))
          const position = 1 + Math.max(0, ...choices.map((choice) => choice.position ?? 0))
          void save({ id: idOf(label), label, position }).then(() => form.reset(), () => {})
        }}
      >
        <input className="field flex-1 !min-w-[140px] !w-auto" name="label" aria-label={t('tables.new', { title })} placeholder={t('tables.new', { title })} required />
        <button type="submit" className="ghost">
          {t('hours.add')}
        </button>
      </form>
    </section>
  )
}
