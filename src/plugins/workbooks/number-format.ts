/** Which number formats of cells say that a number is a date. */
import type { DateKind } from './serial-date.ts'

/** Those that every workbook has, by number (ECMA-376 part 1, 18.8.30). Those of East Asia are dates, too, but for 32 to 35. */
const BUILT_IN: ReadonlyMap<number, DateKind> = new Map([
  ...([14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58] as const).map(id => [id, 'date'] as const),
  ...([18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56] as const).map(id => [id, 'time'] as const),
  [22, 'date_time'],
  [46, 'duration'],
])

/** @param code of the format, if the workbook gives one. @returns null: it is a number */
export function dateKind(id: number, code: string | undefined): DateKind | null {
  return code === undefined ? (BUILT_IN.get(id) ?? null) : kindOfCode(code)
}

/** Of its first section; what stands in quotes, behind a backslash, or in brackets for a colour or a place, says nothing. */
function kindOfCode(code: string): DateKind | null {
  const plain = code.replace(/"[^"]*"|\\.|[_*]./g, '')
  const [section = ''] = plain.split(';')
  if (/\[(?:h+|m+|s+)\]/i.test(section)) return 'duration'
  const letters = section.replace(/\[[^\]]*\]/g, '').toLowerCase()
  if (/general|[#?]/.test(letters)) return null
  const time = /[hs]|am\/pm/.test(letters)
  // An m beside hours or seconds is a minute; with days or years it is a month.
  const date = /[ydebg]/.test(letters.replace(/am\/pm/g, '')) || (/m/.test(letters.replace(/am\/pm/g, '')) && !time)
  if (date) return time ? 'date_time' : 'date'
  return time ? 'time' : null
}
