/**
 * Patterns of dates, a part of Unicode's (UTS 35): compiled once, and then strict. A text that isn't of the pattern, or names a day or
 * a time that there isn't, is no date.
 */

interface Part {
  /** Matches it, with one group. */
  readonly text: string
  /** What it says. */
  readonly says: 'year' | 'month' | 'day' | 'hour' | 'half' | 'minute' | 'second' | 'fraction' | 'zone'
  readonly value: (text: string) => string
}

const MONTHS = 'january february march april may june july august september october november december'.split(' ')
const two = (text: string | number) => String(text).padStart(2, '0')
const number = (says: Part['says'], text: string): Part => ({ says, text, value: two })
/** As POSIX has it: 69 … 99 are of the last century. */
const century = (text: string) => (text >= '69' ? `19${text}` : `20${text}`)
const monthNamed = (text: string) => two(MONTHS.findIndex(each => each.startsWith(text.toLowerCase())) + 1)

const PARTS: { readonly [letters: string]: Part } = {
  yyyy: { says: 'year', text: '\\d{4}', value: text => text },
  yy: { says: 'year', text: '\\d{2}', value: century },
  MMMM: { says: 'month', text: MONTHS.join('|'), value: monthNamed },
  MMM: { says: 'month', text: MONTHS.map(each => each.slice(0, 3)).join('|'), value: monthNamed },
  MM: number('month', '\\d{2}'),
  M: number('month', '\\d{1,2}'),
  dd: number('day', '\\d{2}'),
  d: number('day', '\\d{1,2}'),
  HH: number('hour', '\\d{2}'),
  H: number('hour', '\\d{1,2}'),
  hh: number('hour', '\\d{2}'),
  h: number('hour', '\\d{1,2}'),
  a: { says: 'half', text: '[ap]\\.?m\\.?', value: text => text.toLowerCase().slice(0, 1) },
  mm: number('minute', '\\d{2}'),
  ss: number('second', '\\d{2}'),
  S: { says: 'fraction', text: '\\d{1,9}', value: text => text },
  XXX: { says: 'zone', text: 'Z|[+-]\\d{2}:\\d{2}', value: text => text.toUpperCase() },
  XX: { says: 'zone', text: 'Z|[+-]\\d{4}', value: text => text.toUpperCase().replace(/(\d{2})$/, ':$1') },
}
const LITERAL = /^(?:'((?:[^']|'')*)'|([^A-Za-z']+))/

/** A text as ISO 8601 has it: `2026-01-31`, `2026-01-31T14:05:00`, with the pattern's fraction and zone; null if it is no such date. */
export type DateReader = (text: string) => string | null

/** @returns what reads such dates, or the sentence that says what is wrong with the pattern. */
export function compileDatePattern(pattern: string): DateReader | string {
  const parts: Part[] = []
  let expression = ''
  for (let rest = pattern; rest !== ''; ) {
    const literal = LITERAL.exec(rest)
    const letters = literal === null ? (/^([A-Za-z])\1*/.exec(rest)?.[0] ?? rest) : ''
    const taken = literal?.[0] ?? letters
    rest = rest.slice(taken.length)
    if (literal !== null) {
      const [all, quoted, plain = ''] = literal
      expression += RegExp.escape(all === "''" ? "'" : (quoted?.replaceAll("''", "'") ?? plain))
      continue
    }
    const part = PARTS[/^S+$/.test(letters) ? 'S' : letters]
    if (part === undefined)
      return `${letters} means nothing in a pattern; there are ${Object.keys(PARTS).join(', ')}, and texts in single quotes`
    if (parts.some(({ says }) => says === part.says)) return `the ${part.says} stands twice in the pattern`
    parts.push(part)
    expression += `(${part.text})`
  }
  const problem = problemOf(parts, /h/.test(pattern.replace(/'[^']*'/g, '')))
  if (problem !== null) return problem
  const whole = new RegExp(`^${expression}$`, 'iu')
  return text => read(parts, whole.exec(text))
}

/** What must stand in a pattern beside what stands there. `half_day`: hours are counted from 1 to 12. */
function problemOf(parts: readonly Part[], half_day: boolean): string | null {
  const says = (what: Part['says']) => parts.some(part => part.says === what)
  for (const what of ['year', 'month', 'day'] as const) if (!says(what)) return `the pattern has no ${what}`
  if (half_day !== says('half')) return 'h, hours from 1 to 12, and a, am or pm, belong together'
  if (says('minute') && !says('hour')) return 'the pattern has minutes, and no hour'
  if (says('second') && !says('minute')) return 'the pattern has seconds, and no minutes'
  if (says('fraction') && !says('second')) return 'the pattern has a fraction, and no seconds'
  return says('zone') && !says('hour') ? 'the pattern has a zone, and no hour' : null
}

function read(parts: readonly Part[], found: RegExpExecArray | null): string | null {
  if (found === null) return null
  const said: { [what in Part['says']]?: string } = {}
  for (const [index, part] of parts.entries()) said[part.says] = part.value(found[index + 1] ?? '')
  const { year = '', month = '', day = '', minute = '00', second = '00', fraction, zone = '' } = said
  const date = `${year}-${month}-${day}`
  // What a calendar hasn't, another day would stand for.
  const there = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(there.getTime()) || !there.toISOString().startsWith(date)) return null
  const hour = hourOf(said.hour, said.half)
  if (hour === undefined) return date
  if (hour === null || minute > '59' || second > '59' || !isZone(zone)) return null
  return `${date}T${hour}:${minute}:${second}${fraction === undefined ? '' : `.${fraction}`}${zone}`
}

/** From 00 to 23; null if there is no such hour, undefined if none was said. */
function hourOf(hour: string | undefined, half: string | undefined): string | null | undefined {
  if (hour === undefined || half === undefined) return hour === undefined || hour <= '23' ? hour : null
  if (hour < '01' || hour > '12') return null
  return two((Number(hour) % 12) + (half === 'p' ? 12 : 0))
}

/** No more than 14:59 from UTC, and nothing. */
function isZone(zone: string): boolean {
  return zone === '' || zone === 'Z' || (zone.slice(1, 3) <= '14' && zone.slice(4) <= '59')
}
