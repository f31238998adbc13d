// The layer over the page that asks something, and the palette's.
import { useEffect, useRef, type ReactNode } from 'react'
import { useWords } from './words'

/**
 * A layer over the page that keeps the keyboard until it is closed: by Escape, by a phone's way back, or by what is in it.
 * It is a popover and not a modal `<dialog>`: that makes the whole page inert, for which a browser computes
 * the style of every row again, when it opens and when it closes.
 */
export function Layer({ label, close, className, children }: { label: string; close: () => void; className: string; children: ReactNode }) {
  const layer = useRef<HTMLDivElement>(null)
  const closes = useRef(close)
  closes.current = close
  useEffect(() => {
    const element = layer.current
    if (!element) return
    const before = document.activeElement instanceof HTMLElement ? document.activeElement : document.body
    // A browser without popovers shows it as well: it is fixed above the page.
    element.showPopover?.()
    // What is typed now is meant for the layer. The trap is not in the first bytes of the page, and comes a moment later.
    const first = element.querySelector<HTMLElement>('input, select, textarea, button') ?? element
    first.focus()
    let leave = () => before.focus()
    let isClosed = false
    void import('focus-trap').then(({ createFocusTrap }) => {
      if (isClosed) return
      const trap = createFocusTrap(element, { fallbackFocus: element, initialFocus: false, onDeactivate: () => closes.current(), setReturnFocus: before })
      trap.activate()
      leave = () => void trap.deactivate({ onDeactivate: () => {} })
    })
    return () => {
      isClosed = true
      leave()
    }
  }, [])
  return (
    <div ref={layer} popover="auto" className="layer" tabIndex={-1} onToggle={(event) => event.newState === 'closed' && close()}>
      <div role="dialog" aria-modal="true" aria-label={label} className={`card text-left text-ink w-full ${className}`}>
        {children}
      </div>
    </div>
  )
}

/** A dialog that is open while it is shown, with its title and a button that closes it. */
export function Dialog({ title, close, closeLabel, children }: { title: string; close: () => void; closeLabel?: string; children: ReactNode }) {
  const { t } = useWords()
  return (
    <Layer label={title} close={close} className="p-5 m-auto max-w-sm">
      <h2 className="font-semibold mb-3">{title}</h2>
      {children}
      <button type="button" className="ghost mt-3" onClick={close}>
        {closeLabel ?? t('cancel')}
      </button>
    </Layer>
  )
}
