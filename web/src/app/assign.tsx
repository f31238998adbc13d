// The dialog that gives a lead to an agent.
import type { TeamMember } from '@client'
import { assignLeadMutation } from '@client/hooks'
import { useMutation } from '@tanstack/react-query'
import { Dialog } from './dialog'
import { Failed } from './parts'
import { useWords } from './words'

export function AssignDialog({ id, name, team, close }: { id: string; name: string; team: TeamMember[]; close: () => void }) {
  const { t } = useWords()
  const assigning = useMutation({ ...assignLeadMutation(), onSuccess: close })
  return (
    <Dialog title={t('board.assignTo', { name })} close={close}>
      {assigning.isError && <Failed error={assigning.error} />}
      <Agents team={team} disabled={assigning.isPending} choose={(agent) => assigning.mutate({ path: { id }, body: { salesId: agent.id } })} />
    </Dialog>
  )
}

/** The agents as buttons, with who is away. */
export function Agents({ team, disabled, choose }: { team: TeamMember[]; disabled: boolean; choose: (agent: TeamMember) => void }) {
  const { t } = useWords()
  return (
    <div className="grid gap-1 max-h-[50vh] overflow-y-auto">
      {team.map((agent) => (
        <button key={agent.id} type="button" className="ghost text-left" disabled={disabled} onClick={() => choose(agent)}>
          {agent.name} <span className="text-soft text-sm">{agent.onDuty ? '' : `· ${t('board.away')}`}</span>
        </button>
      ))}
    </div>
  )
}
