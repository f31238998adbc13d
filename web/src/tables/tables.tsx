// The small tables that admins edit: second statuses, reasons of rejections, ready answers, Meta's lead forms.
import { layer2StatusesOptions, layer2StatusesQueryKey, rejectedReasonsOptions, rejectedReasonsQueryKey, saveLayer2StatusMutation, saveRejectedReasonMutation } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Heading } from '../app/parts'
import { useWords } from '../app/words'
import { Choices } from './choices'
import { Forms } from './forms'
import { Snippets } from './snippets'

export function TablesScreen() {
  const { t } = useWords()
  const queries = useQueryClient()
  const statuses = useQuery(layer2StatusesOptions())
  const reasons = useQuery(rejectedReasonsOptions())
  const savingStatus = useMutation({ ...saveLayer2StatusMutation(), onSuccess: () => queries.invalidateQueries({ queryKey: layer2StatusesQueryKey() }) })
  const savingReason = useMutation({ ...saveRejectedReasonMutation(), onSuccess: () => queries.invalidateQueries({ queryKey: rejectedReasonsQueryKey() }) })
  return (
    <>
      <Heading>{t('nav.tables')}</Heading>
      <div className="grid grid-cols-1 xl:grid-cols-2 gap-5 items-start">
        <Choices title={t('layer2.title')} choices={statuses.data ?? []} error={statuses.error ?? savingStatus.error} save={(choice) => savingStatus.mutateAsync({ body: choice })} canReject />
        <Choices title={t('layer2.reason')} choices={reasons.data ?? []} error={reasons.error ?? savingReason.error} save={(choice) => savingReason.mutateAsync({ body: choice })} />
        <Snippets />
        <Forms />
      </div>
    </>
  )
}
