/** Which of a sink's files a row went to, where the row says it: as far as that can be seen from the path as it is written. */
import type { Artifact } from '../../format/entry.ts'
import { isObject, type Json } from '../../model/row.ts'

export interface NamedFiles {
  /** Absolute, with `*` for each value. */
  readonly pattern: string
  /** The path as the pipeline has it. */
  readonly template: string
  /** Paths by names, folded; null where it can't be known whose a file is. */
  readonly files: ReadonlyMap<string, string | null>
}

/** Before the last name's extension. */
const NUMBER = /-[1-9]\d*(?=(?:\.[^./]*)?$)/
const OUTPUT = /\{\{ *row\.([A-Za-z_][A-Za-z0-9_]*) *\}\}/

/** `numbers`: whether a file whose name wasn't free has got another, such as `name-1.csv`: never one that a row names. */
export function namedFiles(
  pattern: string,
  template: string,
  artifacts: readonly Artifact[],
  numbers: boolean,
): NamedFiles {
  const count = namesIn(template).split('/').length
  const files = new Map<string, string>()
  const numbered = new Map<string, string | null>()
  for (const { path } of artifacts) {
    const names = folded(path.split('/').slice(-count).join('/'))
    files.set(names, path)
    const named = numbers ? names.replace(NUMBER, '') : names
    if (named !== names) numbered.set(named, numbered.has(named) ? null : path)
  }
  return { pattern, template, files: new Map([...numbered, ...files]) }
}

/** Null where the path has more than fields in it, or the row isn't known. */
export function fileFor({ pattern, template, files }: NamedFiles, row: Json): string | null {
  const [first = '', ...pieces] = namesIn(template).split(OUTPUT)
  let names = first
  for (let i = 0; i < pieces.length; i += 2) {
    const value = isObject(row) ? row[pieces[i] ?? ''] : undefined
    if (value == null || typeof value === 'object') return null
    names += String(value) + (pieces[i + 1] ?? '')
  }
  // The files of a re-run are called after those of the run before.
  const [ending = ''] = /\.rerun-\d+$/.exec(pattern) ?? []
  return files.get(folded(names + ending)) ?? null
}

/** From the first name on that has a value. */
function namesIn(template: string): string {
  return template.slice(template.lastIndexOf('/', template.indexOf('{{')) + 1)
}

const folded = (names: string) => names.normalize('NFC').toLowerCase()
