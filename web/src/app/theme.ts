// Light, dark, or as the device.
export type Theme = 'system' | 'light' | 'dark'

const STORED = 'desk.theme'

export function theme(): Theme {
  const stored = localStorage.getItem(STORED)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

export function showTheme(chosen: Theme = theme()): void {
  localStorage.setItem(STORED, chosen)
  if (chosen === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
}
