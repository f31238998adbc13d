// The second layer of a lead's status, with the reason if it is a rejection.
import type { LeadEntry } from '@client'
import { layer2StatusesOptions, leadDetailQueryKey, rejectedReasonsOptions, updateLeadLayer2Mutation } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Failed, Field } from '../app/parts'
import { useWords } from '../app/words'

export function Layer2({ lead }: { lead: LeadEntry }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const statuses = useQuery(layer2StatusesOptions())
  const reasons = useQuery(rejectedReasonsOptions())
  const [chosen, setChosen] = useState(lead.layer2?.status ?? '')
  const saving = useMutation({ ...updateLeadLayer2Mutation(), onSuccess: () => queries.invalidateQueries({ queryKey: leadDetailQueryKey({ path: { id: lead.id } }) }) })
  const choices = (statuses.data ?? []).filter((one) => one.active !== false || one.id === lead.layer2?.status)
  const rejects = choices.find((one) => one.id === chosen)?.isRejected === true
  return (
    <form
      className="card p-4"
      aria-label={t('layer2.title')}
      onSubmit={(event) => {
        event.preventDefault()
        const form = new FormData(event.currentTarget)
        const [reason, note] = [String(form.get('reason') ?? ''), String(form.get('note') ?? '').trim()]
        saving.mutate({ path: { id: lead.id }, body: { status: chosen, ...(rejects && reason ? { reason } : {}), ...(note ? { note } : {}) } })
      }}
    >
      <Field label={t('layer2.title')}>
        <select className="field" value={chosen} required onChange={(event) => setChosen(event.currentTarget.value)}>
          <option value="">–</option>
          {choices.map((one) => (
            <option key={one.id} value={one.id}>
              {one.label}
            </option>
          ))}
        </select>
      </Field>
      {rejects && (
        <Field label={t('layer2.reason')}>
          <select className="field" name="reason" defaultValue={lead.layer2?.reason ?? ''} required>
            <option value="">–</option>
            {(reasons.data ?? []).map((one) => (
              <option key={one.id} value={one.id}>
                {one.label}
              </option>
            ))}
          </select>
        </Field>
      )}
      <Field label={t('lead.note')}>
        <input className="field" name="note" maxLength={2000} defaultValue={lead.layer2?.note ?? ''} />
      </Field>
      {saving.isError && <Failed error={saving.error} />}
      {saving.isSuccess && (
        <p role="status" className="text-ok text-sm">
          {t('lead.saved')}
        </p>
      )}
      <button type="submit" className="ghost" disabled={saving.isPending || chosen === ''}>
        {t('layer2.save')}
      </button>
    </form>
  )
}
