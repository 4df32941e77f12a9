/** For tests of sources and sinks: files in a temporary folder, and sources read to their end. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Row } from '../../src/model/row.ts'
import { OBSERVED, type RowSchema } from '../../src/model/schema.ts'
import { NOBODY_TO_ASK } from '../../src/sdk/source.ts'
import type { ResumePoint, Sink, SinkSpec, Source, SourceRecord, SourceSpec } from '../../src/sdk/spec.ts'

export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'custody-test-'))

  constructor() {
    onTestFinished(() => rmSync(this.path, { recursive: true, force: true }))
  }
  /** Writes a file. @returns its absolute path. */
  put(name: string, content: string | Uint8Array): string {
    mkdirSync(dirname(join(this.path, name)), { recursive: true })
    writeFileSync(join(this.path, name), content)
    return join(this.path, name)
  }
  text(name: string): string {
    return readFileSync(join(this.path, name), 'utf8')
  }
  /** A source with the options as YAML would give them. */
  source<O>(spec: SourceSpec<O>, options: object, input: RowSchema = OBSERVED): Source {
    return spec.create(spec.options.parse(options), { node: 'in', folder: this.path, input, secrets: [] }) as Source
  }
  sink<O>(
    spec: SinkSpec<O>,
    options: object,
    more: { input?: RowSchema; originals?: Record<string, string>; run?: string } = {},
  ): Sink {
    const context = {
      node: 'out',
      folder: this.path,
      input: more.input ?? OBSERVED,
      secrets: [],
      run: more.run ?? '01890000-0000-7000-8000-000000000000',
      placed: null,
      originalNames: () => more.originals ?? {},
    }
    return spec.create(spec.options.parse(options), context) as Sink
  }
}

export async function readAll(source: Source, from: ResumePoint | null = null): Promise<SourceRecord[]> {
  const all: SourceRecord[] = []
  for await (const items of source.read(from, NOBODY_TO_ASK))
    all.push(...items.filter(each => each.kind !== 'end_of_file'))
  return all
}

/** What a record says, without its position. */
export function brief(record: SourceRecord): unknown {
  return record.kind === 'row' ? [record.line, { ...record.row }] : [record.line, record.code, record.raw]
}

export async function rowsOf(source: Source): Promise<Row[]> {
  try {
    return (await readAll(source)).map(record => {
      if (record.kind === 'row') return { ...record.row }
      throw new Error(`line ${record.line}: ${record.code} ${record.message}`)
    })
  } finally {
    await source.close()
  }
}

/** Opens, writes and publishes in one go. @returns codes of rows that were refused. */
export async function writeAll(sink: Sink, rows: readonly Row[]): Promise<string[]> {
  const refused: string[] = []
  try {
    await sink.open(await sink.prepare(), null)
    for (const row of rows) {
      const error = sink.write(row)
      if (error !== null) refused.push(error.code)
    }
    await sink.finish()
    await sink.publish()
  } finally {
    await sink.close()
  }
  return refused
}
