/**
 * The views for auditors in SQLite, which use nothing that SQLite 3.40 lacks. That a view finds a row or a token without reading its run
 * SQLite chooses because of the sizes in schema.ts.
 */
import { idOf } from '../../model/part-ids.ts'
import { quoted } from '../view-columns.ts'
import { type Dialect, type Path, type Subject, viewsIn } from '../views.ts'

/** `'$.topology.nodes[' || (…) || '].name'` */
function pathText(path: Path): string {
  const parts = path.map(each => {
    if (typeof each === 'string') return `.${each}`
    return typeof each === 'number' ? `[${each}]` : `[' || ${each.place} || ']`
  })
  return `'$${parts.join('')}'`
}

const extracted = (json: string, path: Path) => `json_extract(${json}, ${pathText(path)})`

/** The logs of a run have numbers that follow each other. */
const RUN = `FROM logs l JOIN entries o ON o.log = l.log - l.part AND o.seq = 0`
const TOKEN_ENTRIES = `${RUN}
JOIN (SELECT log, token, row, batch FROM endings UNION ALL SELECT log, token, row, batch FROM open_tokens) t ON t.log = l.log
JOIN entries e ON e.log = t.log AND e.row IS t.row AND e.batch IS t.batch`

const subject = (is: string, same: string): Subject => ({
  is,
  same,
  token_entries: TOKEN_ENTRIES,
  and_is: ` AND ${is}`,
})
const ROWS = subject(`e.row IS NOT NULL`, `s.log = e.log AND s.row = e.row`)
const BATCHES = subject(
  `e.row IS NULL AND e.batch IS NOT NULL`,
  `s.log = e.log AND s.row IS NULL AND s.batch = e.batch`,
)

const id = (number: string) => `${number} + l.part * ${idOf(1, 0)}`

export const ofPart = (of: string, part: number) => `+${of}.part = ${part}`

const SQLITE: Dialect = {
  body: of => `${of}.body`,
  parsed: text => text,
  value: of => `${of}.value`,
  text_value: of => `${of}.value`,
  whole_value: of => `${of}.value`,
  place: of => `${of}.key`,
  whole: extracted,
  text: extracted,
  size: list => `json_array_length(${list})`,
  stored: path => extracted('p.body', path),
  each: (json, path, as) => `json_each(${path.length === 0 ? json : `${json}, ${pathText(path)}`}) ${as}`,
  comma: ',',
  // Rounding is avoided by whole milliseconds.
  iso: us => `strftime('%Y-%m-%dT%H:%M:%fZ', (${us}) / 1000 / 1000.0, 'unixepoch')`,
  hex: bytes => `lower(hex(${bytes}))`,
  now_us: `(julianday('now') - 2440587.5) * 86400000000.0`,
  word: sql => sql,
  runs: RUN,
  entries: (and = '') => `${RUN} JOIN entries e ON e.log = l.log${and}`,
  tokenEntries: select => select(TOKEN_ENTRIES),
  subjects: [ROWS, BATCHES],
  entry: as => `entries ${as}`,
  others: (as, same) => ` JOIN entries ${as} ON ${same}`,
  last: (condition, of) => `FROM entries s
    WHERE s.log = ${of}.log AND s.row IS NULL AND s.batch IS NULL AND ${condition} ORDER BY s.seq DESC LIMIT 1`,
  sum: of => `sum(${of})`,
  // Without `+` it would be known that there is one log, and the ways that are chosen for one take longer.
  ofPart,
  // A sum of columns is no integer to SQLite, and of views whose arms differ in that no condition of another view's row reaches a table.
  idOf: number => (/^\w+\.\w+$/.test(number) ? `CAST(${id(number)} AS INTEGER)` : id(number)),
  any: column => column,
  ties: () => '',
}

export const VIEWS = viewsIn(SQLITE)

export function viewStatements(): readonly string[] {
  return Object.entries(VIEWS).map(
    ([name, { columns, stored }]) => `CREATE VIEW ${name} (${columns.map(quoted).join(', ')}) AS\n${stored}`,
  )
}
