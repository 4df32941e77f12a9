/** What a cell looks like at a glance, whatever convention its file follows: enough to tell tables from texts, and headers from records. */

export type CellKind = 'empty' | 'number' | 'date' | 'time' | 'boolean' | 'text'

const NUMBER = /^[-+]?(?:\d+|\d{1,3}(?:[.,'’_ \u00a0\u202f]\d{3})+|\d*[.,]\d+)(?:[.,]\d+)?(?:[eE][+-]?\d+)?\s?[%€$£]?$/
const MONTH = '(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)\\p{L}*\\.?'
const DATE = new RegExp(
  `^(?:\\d{1,4}[-./]\\d{1,2}[-./]\\d{1,4}|\\d{1,2}\\.?[- ]${MONTH},?[- ]\\d{2,4}|${MONTH} \\d{1,2},? \\d{4})(?:[T ]\\d{1,2}:.*)?$`,
  'iu',
)
const TIME = /^\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?$/i
const BOOLEAN = /^(?:true|false|yes|no|ja|nein|oui|non|wahr|falsch)$/i

export function kindOf(cell: string | null): CellKind {
  if (cell === null || cell === '') return 'empty'
  const text = cell.length > 64 ? '' : cell.trim()
  if (text === '') return 'text'
  if (NUMBER.test(text)) return 'number'
  if (DATE.test(text)) return 'date'
  if (TIME.test(text)) return 'time'
  return BOOLEAN.test(text) ? 'boolean' : 'text'
}

/** Words of a name or a short phrase, and nothing that could stand between cells. */
const PLAIN = /^[\p{L}\p{M}\p{N}_.@ ()&/+'’#-]{1,60}$/u

/** How much a cell speaks for the delimiter that made it, from 0 to 1. */
export function plausibility(cell: string | null): number {
  const kind = kindOf(cell)
  if (kind === 'empty') return 0.5
  if (kind !== 'text' || cell === null) return 1
  if (/^["'].*["']$/s.test(cell)) return 0.2
  if (PLAIN.test(cell)) return 0.9
  if (/[;|\t]/.test(cell)) return 0.2
  return /,\S/.test(cell) ? 0.4 : 0.75
}
