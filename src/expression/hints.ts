/** What somebody most likely meant who writes an expression as other languages have it. */
import { nearestNames } from '../model/nearest.ts'

/** Behind a mistake of syntax at `offset`; null where nothing is known. */
export function syntaxHint(source: string, offset: number): string | null {
  const [before, after] = [source.slice(0, offset), source.slice(offset)]
  const keyword = /^(in|true|false|null)\b/.exec(after)
  if (keyword !== null && before.trimEnd().endsWith('.')) return `For a field of that name write ["${keyword[1]}"].`
  if (/^=/.test(after)) return 'Write == to compare.'
  if (/^[&|]/.test(after)) return 'Write && for and, || for or.'
  if (/^(?:and|or|not)\b/.test(after) || /\bnot\s+$/.test(before)) return 'Write && for and, || for or, ! for not.'
  if (/^(?:if|else)\b/i.test(after)) return CHOICE
  if (after.startsWith('??') || (after.startsWith('?') && before.endsWith('?')))
    return 'Write row.?x.orValue(0) for a value in place of what is missing or null.'
  return /^[^\x20-\x7e]/.test(after) ? namedInIndex(source, offset) : null
}

const CHOICE = 'Write condition ? a : b.'

/** A name behind a dot has letters of ASCII: `row.eröffnet` is `row["eröffnet"]`. */
function namedInIndex(source: string, offset: number): string | null {
  for (const { 0: whole, 1: owner = '', 2: name = '', index } of source.matchAll(DOTTED))
    if (index <= offset && offset < index + whole.length) return `For a field of that name write ${owner}["${name}"].`
  return null
}

const DOTTED = /([A-Za-z_][A-Za-z0-9_]*)\.([\p{L}\p{M}\p{N}_]+)/gu

/** Functions of other languages, in lower case, with what there is in their place. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['if', CHOICE],
  ['iif', CHOICE],
  ...['now', 'today', 'getdate', 'current_timestamp', 'current_date', 'sysdate'].map(
    name => [name, 'The only time of day is run.started_at, when the run started.'] as const,
  ),
  ...['coalesce', 'ifnull', 'isnull', 'nvl'].map(
    name => [name, 'Write row.?x.orValue(0) for a value in place of what is missing or null.'] as const,
  ),
  ...['len', 'length', 'count'].map(name => [name, 'Write size(…) for the length of a text or a list.'] as const),
  ...['str', 'tostring', 'to_string'].map(name => [name, 'Write string(…).'] as const),
  ...['float', 'tonumber', 'to_number', 'number'].map(name => [name, 'Write double(…), or int(…).'] as const),
  ...['concat', 'concatenate'].map(name => [name, 'Write a + b.'] as const),
  ...['touppercase', 'ucase'].map(name => [name, 'Write row.x.upper().'] as const),
  ...['tolowercase', 'lcase'].map(name => [name, 'Write row.x.lower().'] as const),
  ...['strip', 'btrim'].map(name => [name, 'Write row.x.trim().'] as const),
  ...['substr', 'mid'].map(name => [name, 'Write row.x.substring(from, to), with positions from 0.'] as const),
  ...['date', 'to_date', 'todate', 'strptime', 'parse_date'].map(
    name => [name, "Write date.parse(row.x, 'dd.MM.yyyy')."] as const,
  ),
  ...['strftime', 'date_format', 'format_date'].map(name => [name, "Write date.format(t, 'yyyy-MM-dd')."] as const),
])

/** In place of a function that doesn't exist; null where nothing is known. @param name as it is written, without the dot before a method */
export function elsewhereHint(name: string): string | null {
  return ELSEWHERE.get(name.toLowerCase()) ?? null
}

/** In place of a name that isn't known: `Row` is `row`. @param known names that are */
export function nameHint(name: string, known: readonly string[]): string | null {
  const [nearest] = nearestNames(name, known, 1)
  return nearest === undefined ? null : `Did you mean ${nearest}?`
}
