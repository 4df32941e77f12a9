/** Light or dark: as the system has it, or as the reader chose here. */
import { keepHere, keptHere } from './kept.ts'

const KEY = 'custody-theme'
export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

/** `system` where nothing was chosen. */
export function chosenTheme(): Theme {
  const kept = keptHere(KEY)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

export function chooseTheme(theme: Theme): void {
  keepHere(KEY, theme === 'system' ? null : theme)
  applyTheme(theme)
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}
