// The palette: ⌘K or Ctrl K, then a screen's name, or a client's name or number.
import { leadsOptions } from '@client/hooks'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { useLocation } from 'wouter'
import { Layer } from './dialog'
import { useWords } from './words'
import type { Place } from './places'

export function Palette({ places, close }: { places: Place[]; close: () => void }) {
  const { t } = useWords()
  const [, go] = useLocation()
  const [typed, setTyped] = useState('')
  const q = useDeferredValue(typed.trim())
  const leads = useQuery({ ...leadsOptions({ query: { q, limit: 8 } }), enabled: q.length > 1, placeholderData: (before) => before })
  const screens = places.filter((place) => t(place.key).toLowerCase().includes(q.toLowerCase()))
  const found: [string, string, string][] = [
    ...screens.map((place): [string, string, string] => [place.path, t(place.key), '']),
    ...(q.length > 1 ? (leads.data?.items ?? []) : []).map((lead): [string, string, string] => [`/leads/${lead.id}`, lead.name ?? lead.phone ?? t('leads.unnamed'), lead.phone ?? '']),
  ]
  const open = (path: string) => {
    close()
    go(path)
  }
  return (
    <Layer label={t('palette.title')} close={close} className="p-3 mx-auto mt-[12vh] mb-auto max-w-md">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const first = found[0]
          if (first) open(first[0])
        }}
      >
        <input className="field" type="search" aria-label={t('palette.title')} placeholder={t('palette.title')} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
      </form>
      <ul className="mt-2 max-h-[50vh] overflow-y-auto">
        {found.map(([path, name, more]) => (
          <li key={path}>
            <button type="button" className="w-full text-left min-h-[44px] px-3 rounded-[9px] hover:bg-accent-soft focus-visible:bg-accent-soft" onClick={() => open(path)}>
              {name} <span className="text-soft text-sm">{more === name ? '' : more}</span>
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="text-soft p-3">{t('leads.none')}</p>}
    </Layer>
  )
}
