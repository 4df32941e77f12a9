/** Files as people have them, through a pipeline of one source and one sink, by the command line within this process. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { runInProcess } from './in-process.ts'

type Options = { readonly [option: string]: unknown }

export interface DataCase {
  /** `csv` if not given. */
  readonly source?: string
  readonly options?: Options
  /** What the source reads, as `in`; absent: `options` names a path, or `files` has it. */
  readonly input?: string | Uint8Array
  readonly files?: { readonly [name: string]: string | Uint8Array }
  readonly schema?: Options
  /** What stands between source and sink. */
  readonly node?: Options
  /** `jsonl` if not given. */
  readonly sink?: string
  readonly sink_options?: Options
  /** Called when the files are there. */
  readonly prepare?: (folder: string) => void
}

export interface DataResult {
  readonly exit: number
  /** Code of what stopped it. */
  readonly code: string | null
  /** Its message and hint. */
  readonly message: string
  /** What the sink wrote. */
  readonly text: string
  /** The same by line, each of which is JSON. */
  readonly rows: readonly unknown[]
  /** Of records that were rejected: code, line, and text. */
  readonly rejected: ReadonlyArray<readonly [code: string, line: number, raw: unknown]>
  /** Codes of rows that met an error. */
  readonly errors: readonly string[]
}

interface ErrorRow {
  readonly line: number
  readonly raw: unknown
  readonly _error: { readonly code: string }
}

export async function tryData({
  source = 'csv',
  options = {},
  input,
  files = {},
  schema,
  node,
  sink = 'jsonl',
  sink_options = {},
  prepare,
}: DataCase): Promise<DataResult> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-data-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const target = (plugin: string, name: string, more: Options = {}) => ({
    plugin,
    options: { path: `out/${name}`, if_exists: 'replace', ...more },
  })
  const pipeline = {
    name: 'data',
    defaults: { on_error: 'problems', on_invalid: 'rejected' },
    sources: {
      rows: {
        plugin: source,
        options: { path: 'in', ...options },
        ...(schema && { schema }),
        to: node ? 'node' : 'all',
      },
    },
    ...(node && { nodes: { node: { ...node, to: 'all' } } }),
    sinks: {
      all: target(sink, 'all', sink_options),
      problems: { ...target('jsonl', 'problems'), on_error: 'discard' },
      rejected: { ...target('jsonl', 'rejected'), on_error: 'discard' },
    },
  }
  const given = { 'p.yaml': JSON.stringify(pipeline), ...files, ...(input === undefined ? {} : { in: input }) }
  for (const [name, content] of Object.entries(given)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  prepare?.(folder)
  const { exit, stdout } = await runInProcess(['run', 'p.yaml', '--json'], folder, {
    XDG_CONFIG_HOME: join(folder, 'config'),
  })
  const answer = JSON.parse(stdout) as { error?: { code: string; message: string; hint?: string } }
  const written = (name: string) => {
    const path = join(folder, 'out', name)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
  const rowsOf = (name: string) =>
    written(name)
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as unknown)
  return {
    exit,
    code: answer.error?.code.replace('CUSTODY_', '') ?? null,
    message: `${answer.error?.message} ${answer.error?.hint}`,
    text: written('all'),
    rows: sink === 'jsonl' ? rowsOf('all') : [],
    rejected: (rowsOf('rejected') as ErrorRow[]).map(({ _error, line, raw }) => [_error.code, line, raw] as const),
    errors: (rowsOf('problems') as ErrorRow[]).map(({ _error }) => _error.code),
  }
}
