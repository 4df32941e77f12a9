/**
 * The views for auditors in PostgreSQL, from version 16 on. Texts are compared and sorted byte by byte, as SQLite does.
 *
 * VIEWS-1. The body of an entry becomes jsonb once in each place that reads it: `OFFSET 0` keeps the planner from putting the cast
 *     into each expression. What a run opens with becomes so once for each run: any_value keeps it so, and lets `run_id = …` through to it.
 * VIEWS-2. Rows and batches are looked up each by an equality, which an index finds; nothing is said twice, because the planner
 *     would take it for rarer than it is.
 */

import { idOf } from '../../model/part-ids.ts'
import type { ViewName } from '../read-port.ts'
import { quoted } from '../view-columns.ts'
import { VIEW_DESCRIPTIONS } from '../view-descriptions.ts'
import { type Listing, listingText } from '../view-parts.ts'
import { type Dialect, type Path, type Subject, viewsIn } from '../views.ts'

const bytewise = (text: string) => `(${text} COLLATE "C")`

function steps(path: Path): readonly string[] {
  return path.map(each => {
    if (typeof each === 'string') return `'${each}'`
    return typeof each === 'number' ? `${each}` : `(${each.place})::int`
  })
}

const found = (json: string, path: Path) => [json, ...steps(path)].join(' -> ')

function text(json: string, path: Path): string {
  const way = steps(path)
  return bytewise(`(${[json, ...way.slice(0, -1)].join(' -> ')} ->> ${way.at(-1)})`)
}

/** Whatever isn't JSON says nothing, and keeps nobody from reading the rest. */
const parsed = (body: string) => `CASE WHEN ${body} IS JSON THEN ${body}::jsonb END`
const body = (of: string) => `CROSS JOIN LATERAL (SELECT ${parsed(`${of}.body`)} AS body OFFSET 0) ${of}_json`

/**
 * No text of PostgreSQL holds the character 0, which stored values may have. Canonical JSON never escapes a digit, so that `\u0030` can
 * stand for it meanwhile, wherever its backslash isn't one that is meant as such.
 */
const NUL = String.raw`(?<!\\)((?:\\\\)*)\\u0000`
const STAND_IN = String.raw`(?<!\\)((?:\\\\)*)\\u0030`
const withoutNul = (json: string) => String.raw`regexp_replace(${json}, '${NUL}', '\1\\u0030', 'g')`
const withNul = (json: string) => String.raw`regexp_replace(${json}, '${STAND_IN}', '\1\\u0000', 'g')`

const RUNS = `FROM (SELECT l.log, l.run, l.part, any_value(${parsed('o.body')}) AS opening
  FROM logs l JOIN entries o ON o.log = l.log - l.part AND o.seq = 0 GROUP BY l.log) l`
const ENTRIES = (and = '') => `${RUNS} JOIN entries e ON e.log = l.log${and} ${body('e')}`
const tokenEntries = (of: string) => `${RUNS}
JOIN (SELECT log, token, row, batch FROM endings UNION ALL SELECT log, token, row, batch FROM open_tokens) t ON t.log = l.log
JOIN entries e ON e.log = t.log AND ${of} ${body('e')}`

const ROWS: Subject = {
  is: `e.row IS NOT NULL`,
  same: `s.log = e.log AND s.row = e.row`,
  token_entries: tokenEntries(`e.row = t.row`),
  and_is: '',
}
const BATCHES: Subject = {
  is: `e.row IS NULL AND e.batch IS NOT NULL`,
  same: `s.log = e.log AND s.row IS NULL AND s.batch = e.batch`,
  token_entries: tokenEntries(`e.row IS NULL AND e.batch = t.batch`),
  and_is: '',
}
const SUBJECTS = [ROWS, BATCHES] as const

const ofPart = (of: string, part: number) => `${of}.part = ${part}`

/** With `ties` more columns stand behind those of a view. */
const postgres = (ties: boolean): Dialect => ({
  body: of => (of === 'o' ? 'l.opening' : of === 'p' ? parsed('p.body') : `${of}_json.body`),
  parsed: json => `(${json})::jsonb`,
  value: of => `${of}.value`,
  text_value: of => bytewise(`(${of}.value #>> '{}')`),
  whole_value: of => `(${of}.value)::bigint`,
  place: of => `(${of}.nth - 1)`,
  whole: (json, path) => `(${found(json, path)})::bigint`,
  text,
  size: list => `jsonb_array_length(${list})`,
  stored: path => `CASE WHEN p.body NOT LIKE '%\\\\u0000%' THEN ${text('p.body::json', path)}
      ELSE ${bytewise(withNul(text(`${withoutNul('p.body')}::json`, path)))} END`,
  each: (json, path, as) => `jsonb_array_elements(${found(json, path)}) WITH ORDINALITY AS ${as}(value, nth)`,
  comma: ' CROSS JOIN LATERAL',
  iso: us =>
    bytewise(`to_char(timestamp 'epoch' + (${us}) / 1000 * interval '1 millisecond', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`),
  hex: bytes => bytewise(`encode(${bytes}, 'hex')`),
  now_us: `extract(epoch FROM statement_timestamp()) * 1000000`,
  word: bytewise,
  runs: RUNS,
  entries: ENTRIES,
  tokenEntries: select => SUBJECTS.map(({ token_entries }) => select(token_entries)).join('\nUNION ALL\n'),
  subjects: SUBJECTS,
  entry: as => `entries ${as} ${body(as)}`,
  others: (as, same) => ` JOIN entries ${as} ON ${same} ${body(as)}`,
  // Sorted by all columns of the index, which then gives the last one first.
  last: (condition, of) => `FROM entries s ${body('s')}
    WHERE s.log = ${of}.log AND s.row IS NULL AND s.batch IS NULL AND ${condition}
    ORDER BY s.row DESC, s.batch DESC, s.seq DESC LIMIT 1`,
  sum: of => `sum(${of})::bigint`,
  ofPart,
  idOf: number => `${number} + l.part * ${idOf(1, 0)}`,
  any: column => `min(${column})`,
  ties: (arm, ...more) => (ties ? `, ${[arm, ...more, ...Array(TIES).fill(0)].slice(0, TIES).join(', ')}` : ''),
})

/** Columns behind those of a view. */
const TIES = 3

export const VIEWS = viewsIn(postgres(false))

const LISTED = viewsIn(postgres(true))

/** All that makes the views, in the schema that objects are made in. */
export function viewStatements(): readonly string[] {
  return Object.entries(VIEWS).map(
    ([name, { columns, stored }]) => `CREATE VIEW ${quoted(name)} (${columns.map(quoted).join(', ')}) AS\n${stored}`,
  )
}

/** What they say, for whoever looks with a client of their own. No part of what `verify` compares: ledgers of older versions have none. */
export function commentStatements(): readonly string[] {
  const said = (what: string, text: string) => `COMMENT ON ${what} IS '${text.replaceAll("'", "''")}'`
  return Object.entries(VIEW_DESCRIPTIONS).flatMap(([view, { text, columns }]) => [
    said(`VIEW ${quoted(view)}`, text),
    ...Object.entries(columns).map(([column, of]) => said(`COLUMN ${quoted(view)}.${quoted(column)}`, of)),
  ])
}

const TIE_COLUMNS = Array.from({ length: TIES }, (_, i) => `tie_${i}`)

/**
 * A statement for rows of a view in its order, $1 being the run and $2 the value of an equality. What is equal by that order stands as the
 * entries have it, as in SQLite; what has no value stands first.
 */
export function listing(name: ViewName, { part, where }: Listing): string {
  const view = LISTED[name]
  const more = view.select === VIEWS[name].select ? [] : TIE_COLUMNS
  const by = [...view.order, ...more].map(each => `v.${quoted(each)} NULLS FIRST`)
  const of_part = part === null ? '' : ` AND ${ofPart('v', part)}`
  const condition = `v.run_id = $1${of_part}${where === null ? '' : ` AND v.${quoted(where.column)} = $2`}`
  return listingText(view, part, { condition, by, more })
}
