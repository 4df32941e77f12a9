/** Which of a sink's files a row went to, where the row says it: as far as that can be seen from the path as it is written. */
import type { Artifact, PlanValue } from '../../format/run-values.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isObject, type Json } from '../../model/row.ts'
import { intentsOf } from './opening-values.ts'
import { artifactsOf } from './published-values.ts'
import { closingOf, openingOf } from './run-log.ts'

export interface NamedFiles {
  /** Absolute, with `*` for each value. */
  readonly pattern: string
  /** The path as the pipeline has it. */
  readonly template: string
  /** What was published; null if nothing was yet, or it is erased. */
  readonly artifacts: readonly Artifact[] | null
  /** Paths by names, folded; null where it can't be known whose a file is. */
  readonly files: ReadonlyMap<string, string | null>
}

/** Before the last name's extension. */
const NUMBER = /-[1-9]\d*(?=(?:\.[^./]*)?$)/
const OUTPUT = /\{\{ *row\.([A-Za-z_][A-Za-z0-9_]*) *\}\}/

/** By sink, those whose rows name its files. Without what is erased. @throws CustodyError CUSTODY_VERIFY_FAILED */
export async function namedFilesOf(
  reader: LedgerReader,
  log: number,
  plan: Pick<PlanValue, 'options'>,
): Promise<ReadonlyMap<string, NamedFiles>> {
  const named = new Map<string, NamedFiles>()
  const intents = Object.entries(await intentsOf(reader, log)).filter(([, each]) => each.by_value === true)
  if (intents.length === 0) return named
  const { publish } = await closingOf(reader, log)
  const artifacts = await artifactsOf(reader, log, publish, (await openingOf(reader, log)).topology)
  for (const [sink, { path }] of intents) {
    const template = optionOf(plan, sink, 'path')
    if (path === null || template === null) continue
    const numbers = optionOf(plan, sink, 'if_exists') === 'number'
    named.set(sink, namedFiles(path, template, artifacts.get(sink) ?? null, numbers))
  }
  return named
}

/** A text among a node's options, as it is written. */
export function optionOf(plan: Pick<PlanValue, 'options'>, node: string, key: string): string | null {
  const options = plan.options[node]
  const value = options === undefined || !isObject(options) ? null : options[key]
  return typeof value === 'string' ? value : null
}

/** `numbers`: whether a file whose name wasn't free has got another, such as `name-1.csv`: never one that a row names. */
export function namedFiles(
  pattern: string,
  template: string,
  artifacts: readonly Artifact[] | null,
  numbers: boolean,
): NamedFiles {
  const count = namesIn(template).split('/').length
  const files = new Map<string, string | null>()
  const numbered = new Map<string, string | null>()
  for (const { path } of artifacts ?? []) {
    const names = folded(path.split('/').slice(-count).join('/'))
    // Links may lead to files of one name in several folders.
    files.set(names, files.has(names) ? null : path)
    const named = numbers ? names.replace(NUMBER, '') : names
    if (named !== names) numbered.set(named, numbered.has(named) ? null : path)
  }
  return { pattern, template, artifacts, files: new Map([...numbered, ...files]) }
}

/** The names that a row gives its file, folded; null where the path has more than fields in it, or the row isn't known. */
export function namesFor({ pattern, template }: NamedFiles, row: Json): string | null {
  const [first = '', ...pieces] = namesIn(template).split(OUTPUT)
  let names = first
  for (let i = 0; i < pieces.length; i += 2) {
    const value = isObject(row) ? row[pieces[i] ?? ''] : undefined
    if (value == null || typeof value === 'object') return null
    names += String(value) + (pieces[i + 1] ?? '')
  }
  if (/\{[{%]/.test([first, ...pieces.filter((_, i) => i % 2 === 1)].join(''))) return null
  // The files of a re-run are called after those of the run before.
  const [ending = ''] = /\.rerun-\d+$/.exec(pattern) ?? []
  return folded(names + ending)
}

/** The path of its file; null where that can't be seen. */
export function fileFor(named: NamedFiles, row: Json): string | null {
  return named.files.get(namesFor(named, row) ?? '') ?? null
}

/** Whether the row's values name folders, too. */
export const namesFolders = ({ template }: NamedFiles): boolean => namesIn(template).includes('/')

/** From the first name on that has a value. */
function namesIn(template: string): string {
  return template.slice(template.lastIndexOf('/', template.indexOf('{{')) + 1)
}

const folded = (names: string) => names.normalize('NFC').toLowerCase()
