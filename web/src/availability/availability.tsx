// When an agent can be offered leads: working hours, days off, limits, a break.
import type { AgentAvailability, WorkingHours } from '@client'
import { availabilityOptions, setAvailabilityMutation } from '@client/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Dialog } from '../app/dialog'
import { Failed, Field, Loading } from '../app/parts'
import { serverTime } from '../app/clock'
import { useWords } from '../app/words'
import { HoursFields, hoursOf } from './hours'

type Props = { id: string; name: string; close: () => void }

export function AvailabilityDialog({ id, name, close }: Props) {
  const { t } = useWords()
  const path = { id }
  const known = useQuery({ ...availabilityOptions({ path }), refetchInterval: false })
  return (
    <Dialog title={t('hours.of', { name })} close={close} closeLabel={t('close')}>
      {known.isError && <Failed error={known.error} />}
      {known.isPending && <Loading />}
      {known.data && <Form id={id} known={known.data} close={close} />}
    </Dialog>
  )
}

function Form({ id, known, close }: { id: string; known: AgentAvailability; close: () => void }) {
  const { t } = useWords()
  const queries = useQueryClient()
  const path = { id }
  const saving = useMutation({
    ...setAvailabilityMutation(),
    // Who is on duty and who is next depend on it.
    onSuccess: async () => {
      await queries.invalidateQueries()
      close()
    },
  })
  const { hours: _, leave = [], mostADay, mostOpen, ...kept } = known
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        const form = new FormData(event.currentTarget)
        const number = (field: string) => (form.get(field) ? { [field]: Number(form.get(field)) } : {})
        const days = leave.filter((_day, index) => !form.has(`gone${index}`))
        const firstDay = String(form.get('firstDay'))
        if (firstDay) days.push({ firstDay, lastDay: String(form.get('lastDay') || firstDay) })
        const hours: WorkingHours[] = hoursOf(form)
        const paused = form.has('paused')
        const { pausedSince = new Date(serverTime()).toISOString(), pausedUntil, ...rest } = kept
        saving.mutate({
          path,
          body: { ...rest, hours, leave: days, ...number('mostADay'), ...number('mostOpen'), ...(paused ? { pausedSince, ...(pausedUntil ? { pausedUntil } : {}) } : {}) },
        })
      }}
    >
      <div className="max-h-[60vh] overflow-y-auto" tabIndex={0} role="group" aria-label={t('hours.open')}>
        <label className="flex items-center gap-2 min-h-[44px]">
          <input type="checkbox" className="size-5" name="paused" defaultChecked={known.pausedSince !== undefined} /> {t('hours.paused')}
        </label>
        <HoursFields hours={known.hours ?? []} empty={t('hours.always')} />
        <Field label={t('hours.mostADay')}>
          <input className="field" name="mostADay" type="number" min="1" defaultValue={mostADay ?? ''} />
        </Field>
        <Field label={t('hours.mostOpen')}>
          <input className="field" name="mostOpen" type="number" min="1" defaultValue={mostOpen ?? ''} />
        </Field>
        <fieldset className="border-0 p-0 m-0 min-w-0">
          <legend className="text-soft text-sm">{t('hours.leave')}</legend>
          {leave.map((days, index) => (
            <label key={days.firstDay} className="flex items-center gap-2 min-h-[44px]">
              <input type="checkbox" className="size-5" name={`gone${index}`} /> {t('hours.remove', { days: `${days.firstDay} – ${days.lastDay}` })}
            </label>
          ))}
          <div className="flex gap-2">
            <input className="field" type="date" name="firstDay" aria-label={t('hours.firstDay')} />
            <input className="field" type="date" name="lastDay" aria-label={t('hours.lastDay')} />
          </div>
        </fieldset>
      </div>
      {saving.isError && <Failed error={saving.error} />}
      <button type="submit" className="primary w-full mt-3" disabled={saving.isPending}>
        {t('queues.save')}
      </button>
    </form>
  )
}
