/** Reads a whole file as a run would: by the source plugin itself, with options and schema as a pipeline file has them. */
import { CustodyError } from '../model/error.ts'
import type { Row } from '../model/row.ts'
import { OBSERVED, type RowSchema } from '../model/schema.ts'
import { sources } from '../plugins/sources/index.ts'
import { ERROR_FIELD } from '../sdk/error-row.ts'
import { compileRowSchema } from '../sdk/schema-check.ts'
import { NOBODY_TO_ASK } from '../sdk/source.ts'
import type { SourceColumn, SourceHead, SourceSpec } from '../sdk/spec.ts'
import type { LineName } from './examples.ts'
import type { FormatName } from './format.ts'

export type Options = { readonly [option: string]: unknown }

export interface Rejected {
  /** Line at which the record begins, from 1. */
  readonly line: number
  /** In which it stands, of several. */
  readonly file?: string
  readonly code: string
  readonly message: string
}

export interface Reading {
  readonly plugin: FormatName
  readonly options: Options
  /** The pipeline’s folder, absolute. */
  readonly folder: string
}

const FIRST_KEPT = 5

/** Records that would be rejected: how many by code, and the first. */
export class Rejects {
  count = 0
  readonly codes = new Map<string, number>()
  readonly first: Rejected[] = []

  add(rejected: Rejected): void {
    this.count += 1
    this.codes.set(rejected.code, (this.codes.get(rejected.code) ?? 0) + 1)
    if (this.first.length < FIRST_KEPT) this.first.push(rejected)
  }
}

export interface ReadWhole {
  /** As the file names them; null where it names none. */
  readonly columns: readonly SourceColumn[] | null
  /** What the source itself finds odd. */
  readonly warnings: readonly string[]
  /** Records, rejected ones included. */
  readonly records: number
  readonly rejects: Rejects
}

/** What is done with what was read. */
export interface Taking {
  /** Called before the first record, with the file’s columns if it names them. */
  readonly onColumns?: (columns: readonly SourceColumn[]) => void
  readonly onRow?: (row: Row, line: LineName) => void
  /** Called with the text of a record that can’t be read. */
  readonly onReject?: (raw: unknown, code: string, line: LineName) => void
}

/** @throws CustodyError CUSTODY_PACKAGE_MISSING, and as the source does: CUSTODY_SOURCE, CUSTODY_INPUT_FORMAT, CUSTODY_UNCLOSED_QUOTE. */
export async function readWhole(
  { plugin, options, folder }: Reading,
  schema: RowSchema | null,
  taking: Taking = {},
): Promise<ReadWhole> {
  const spec = sourceNamed(plugin)
  const context = { node: plugin, folder, input: schema ?? OBSERVED, secrets: [] }
  const parsed = spec.options.parse(options)
  const missing = spec.missing?.(parsed) ?? null
  if (missing !== null)
    throw new CustodyError('CUSTODY_PACKAGE_MISSING', `${plugin} needs ${missing.names.join(' and ')} installed`, {
      hint: missing.install,
    })
  const source = await spec.create(parsed, context)
  const check = compileRowSchema(schema ?? OBSERVED, { textual: spec.textual })
  const rejects = new Rejects()
  let records = 0
  try {
    await source.list?.(null)
    const head: SourceHead | null = (await source.begin?.()) ?? null
    const columns = head?.columns ?? null
    if (columns !== null) taking.onColumns?.(columns)
    for await (const chunk of source.read(null, NOBODY_TO_ASK)) {
      for (const record of chunk) {
        if (record.kind === 'end_of_file') continue
        records += 1
        const { line, file } = record
        const place = file === undefined ? { line } : { line, file }
        const name: LineName = file === undefined ? line : `${line} of ${file}`
        if (record.kind === 'reject') {
          rejects.add({ ...place, code: record.code, message: record.message })
          taking.onReject?.(record.raw, record.code, name)
        } else if (Object.hasOwn(record.row, ERROR_FIELD))
          rejects.add({ ...place, code: 'RESERVED_FIELD', message: `it has a field ${ERROR_FIELD}` })
        else {
          const checked = check(record.row)
          if (checked.ok) taking.onRow?.(checked.row, name)
          else rejects.add({ ...place, code: checked.code, message: checked.message })
        }
      }
    }
    const heads = head === null ? [] : [head, ...(head.unlike ?? [])]
    return { columns, warnings: heads.flatMap(({ warnings = [] }) => warnings), records, rejects }
  } finally {
    await source.close()
  }
}

function sourceNamed(name: string): SourceSpec {
  for (const spec of sources) if (spec.kind === 'source' && spec.name === name) return spec
  throw new CustodyError('CUSTODY_UNKNOWN_PLUGIN', `there is no source ${name}`)
}
