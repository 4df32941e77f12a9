/** Words that stand for nothing, for true and for false in the files of people and programs. */

/** Cells that may say that there is nothing; compared exactly. */
const NOTHINGS: ReadonlySet<string> = new Set([
  ...[
    'NA',
    'N/A',
    'n/a',
    'na',
    '#N/A',
    '#NA',
    '#NV',
    'NV',
    'NULL',
    'Null',
    'null',
    '(null)',
    '\\N',
    'NaN',
    'nan',
    'None',
    'none',
    'nil',
  ],
  ...[
    '-',
    '--',
    '---',
    '–',
    '—',
    '.',
    '..',
    '?',
    'k.A.',
    'k. A.',
    'k.a.',
    'keine Angabe',
    'n.a.',
    'N.A.',
    'n.v.',
    'missing',
    'unknown',
    'unbekannt',
  ],
])
/** Of these people mean nothing else, wherever they stand. */
const PLAIN: ReadonlySet<string> = new Set([
  'N/A',
  'n/a',
  '#N/A',
  '#NA',
  '#NV',
  'NULL',
  '(null)',
  '\\N',
  'NaN',
  'nan',
  'k.A.',
  'k. A.',
  'k.a.',
  'n.a.',
  'N.A.',
])
const BLANKS = /^[ \t\u00a0]{1,8}$/

const MOST_UNITS = Math.max(...[...NOTHINGS].map(({ length }) => length))

/** Whether a cell may say that there is nothing: a word for it, or blanks alone. */
export function isNothing(cell: string): boolean {
  if (cell.length > MOST_UNITS) return false
  // Most cells are numbers, and to look for them in a set takes longest.
  const unit = cell.charCodeAt(0)
  return !(unit >= 0x30 && unit <= 0x39) && (NOTHINGS.has(cell) || BLANKS.test(cell))
}

/** Whether it says so beyond doubt, even among texts. */
export function isPlainlyNothing(cell: string): boolean {
  return PLAIN.has(cell) || BLANKS.test(cell)
}

/** In lower case. Digits are numbers, whatever they may mean. */
const PAIRS: readonly (readonly [yes: string, no: string])[] = [
  ['true', 'false'],
  ['yes', 'no'],
  ['y', 'n'],
  ['ja', 'nein'],
  ['j', 'n'],
  ['oui', 'non'],
  ['si', 'no'],
  ['sí', 'no'],
  ['wahr', 'falsch'],
  ['vrai', 'faux'],
  ['t', 'f'],
  ['on', 'off'],
]
const TRUTHS: ReadonlySet<string> = new Set(PAIRS.flat())

export function isTruth(cell: string): boolean {
  return cell.length <= 6 && TRUTHS.has(cell.toLowerCase())
}

export interface TruthWords {
  /** As they stand in the file; none of what needs no word: `true`, `FALSE`. */
  readonly yes: readonly string[]
  readonly no: readonly string[]
}

/**
 * What words of a column are true and false; null if they are no pair, or only one of it is there. A lonely `true` is one all the
 * same: it can be nothing else.
 */
export function truthWords(words: Iterable<string>): TruthWords | null {
  const all = [...words].sort()
  const lower = new Set(all.map(word => word.toLowerCase()))
  for (const [yes, no] of PAIRS) {
    const native = yes === 'true'
    if ([...lower].some(word => word !== yes && word !== no) || (lower.size < 2 && !native)) continue
    if (native) return { yes: [], no: [] }
    const those = (meaning: string) => all.filter(word => word.toLowerCase() === meaning)
    return { yes: those(yes), no: those(no) }
  }
  return null
}
