// Small parts that every screen uses.
import { useEffect, useState, type ReactNode } from 'react'
import { type Language, useWords } from './words'

type Problem = { status?: number; detail?: string; code?: string; title?: string; errors?: { field: string; detail: string }[] }
type Texts = Record<string, Record<Language, string>>

/** What a problem of the server means, in the reader's language. The texts are loaded when something fails for the first time. */
function useReason(problem: Problem | null): string {
  const { language } = useWords()
  const [texts, setTexts] = useState<Texts>()
  useEffect(() => {
    // Without them the server's own words are shown.
    import('./problems.json').then((module) => setTexts(module.default), () => undefined)
  }, [])
  const fields = problem?.errors?.map((one) => `${one.field}: ${one.detail}`).join('; ')
  const text = (texts?.[problem?.code ?? ''] ?? texts?.[problem?.status ?? ''])?.[language]
  // The server speaks English, and can be more exact.
  const told = language === 'en' ? (problem?.detail ?? text) : (text ?? problem?.detail)
  return fields ?? told ?? problem?.code ?? problem?.title ?? ''
}

/** What went wrong, and what to do. */
export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useWords()
  const isNetwork = error instanceof TypeError
  const reason = useReason(isNetwork ? null : (error as Problem | null))
  return (
    <div role="alert" className="card p-4 border-bad">
      <p className="font-semibold text-bad">{t('error.title')}</p>
      <p className="text-soft">{isNetwork ? t('error.network') : reason}</p>
      {again && (
        <button type="button" className="ghost mt-3" onClick={again}>
          {t('error.again')}
        </button>
      )}
    </div>
  )
}

export function Loading() {
  const { t } = useWords()
  return (
    <p className="text-soft p-4" role="status">
      {t('loading')}
    </p>
  )
}

export function Heading({ children, aside }: { children: ReactNode; aside?: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center gap-3 mb-4 pr-28">
      <h1 className="text-[21px] font-semibold tracking-tight" tabIndex={-1}>
        {children}
      </h1>
      {aside}
    </div>
  )
}

/** What went wrong, in the words of the screen. */
export const Wrong = ({ words }: { words: string }) => (
  <p role="alert" className="text-bad mb-3">
    {words}
  </p>
)

export function Field({ label, children }: { label: string; children: ReactNode }) {
  return (
    <label className="block mb-3">
      <span className="block text-soft text-sm mb-1">{label}</span>
      {children}
    </label>
  )
}

/** Says something to people who do not see the screen. */
export function announce(words: string): void {
  const place = document.getElementById('announcements')
  if (place) place.textContent = words
}
