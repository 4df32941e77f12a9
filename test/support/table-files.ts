/** For tests of files that are no text: written by a sink, read by a source, damaged, and made by whole runs that are killed. */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isCustodyError } from '../../src/model/error.ts'
import type { Json, Row } from '../../src/model/row.ts'
import { OBSERVED, type RowSchema } from '../../src/model/schema.ts'
import { NOBODY_TO_ASK } from '../../src/sdk/source.ts'
import type { Sink, SinkSpec, Source, SourceSpec } from '../../src/sdk/spec.ts'
import { custodyProcess, killAtRandom } from './kills.ts'

/** Written in one go. @returns codes of rows that were refused */
export async function writeTable<O>(
  spec: SinkSpec<O>,
  path: string,
  rows: readonly Row[],
  { input = OBSERVED, ...options }: { readonly input?: RowSchema; readonly [option: string]: unknown } = {},
): Promise<readonly string[]> {
  const run = '01890000-0000-7000-8000-000000000000'
  const context = {
    node: 'out',
    folder: dirname(path),
    input,
    secrets: [],
    run,
    placed: null,
    originalNames: () => ({}),
  }
  const sink = spec.create(spec.options.parse({ path, if_exists: 'replace', ...options }), context) as Sink
  try {
    await sink.open(await sink.prepare(), null)
    const refused = rows.map(row => sink.write(row))
    await sink.finish()
    await sink.publish()
    return refused.flatMap(error => (error === null ? [] : [error.code]))
  } finally {
    await sink.close()
  }
}

export function tableSource<O>(
  spec: SourceSpec<O>,
  path: string,
  { input = OBSERVED, ...options }: { readonly input?: RowSchema; readonly [option: string]: unknown } = {},
): Source {
  const context = { node: 'in', folder: dirname(path), input, secrets: [] }
  return spec.create(spec.options.parse({ path, ...options }), context) as Source
}

/** Rows, and codes in the place of rejected records. @throws what the source throws */
export async function readTable<O>(
  spec: SourceSpec<O>,
  path: string,
  options: { readonly input?: RowSchema; readonly [option: string]: unknown } = {},
): Promise<readonly (Row | string)[]> {
  const source = tableSource(spec, path, options)
  const records: (Row | string)[] = []
  try {
    await source.begin?.()
    for await (const some of source.read(null, NOBODY_TO_ASK))
      for (const each of some)
        if (each.kind === 'row') records.push(each.row)
        else if (each.kind === 'reject') records.push(each.code)
    return records
  } finally {
    await source.close()
  }
}

/** How the reading of a damaged file ends: with records, or an error of the file; anything else is thrown. */
export interface Outcome {
  readonly records: readonly (Row | string)[] | null
  readonly code: string | null
  readonly message: string
}

export async function outcomeOf<O>(spec: SourceSpec<O>, path: string, content: Uint8Array): Promise<Outcome> {
  writeFileSync(path, content)
  try {
    return { records: await readTable(spec, path), code: null, message: '' }
  } catch (error) {
    if (!isCustodyError(error)) throw error
    return { records: null, code: error.code, message: error.message }
  }
}

/** A file with one byte changed at a time, at each `step`th place, and cut there. */
export function* damaged(file: Buffer, step: number, flips: readonly number[]): Generator<Buffer> {
  for (let at = 0; at < file.length; at += step) {
    yield file.subarray(0, at)
    for (const flip of flips) {
      const bytes = Buffer.from(file)
      bytes[at] = (bytes[at] ?? 0) ^ flip
      yield bytes
    }
  }
}

// ── whole runs ──────────────────────────────────────────────────────────────────────────────────────────────────────

const LEDGER = ['custody.db', 'custody.db-wal', 'custody.db-shm']

/**
 * Kills runs of a pipeline at any moment of their time. @returns the hash of each file in `out`, of a run that nobody disturbed
 * @throws Error with what differs, of the first run that came to another end
 */
export async function killedRuns(
  pipeline: Json,
  prepare: (folder: string) => void | Promise<void>,
  kills: number,
): Promise<{ readonly files: { readonly [name: string]: string }; readonly killed: number; readonly runs: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-kills-'))
  try {
    await prepare(folder)
    writeFileSync(join(folder, 'p.yaml'), JSON.stringify(pipeline))
    let files: { readonly [name: string]: string } | null = null
    const { killed, runs } = await killAtRandom(folder, kills, async () => {
      const left = filesIn(folder)
      files ??= left
      if (JSON.stringify(left) !== JSON.stringify(files))
        throw new Error(
          `a run that was killed has left ${JSON.stringify(left)}, and should have ${JSON.stringify(files)}`,
        )
      const verified = await custodyProcess(folder, ['verify', '--files'], null)
      if (verified.code !== 0) throw new Error(verified.stdout)
      // Else one that was killed before it began would be taken for the one before it.
      for (const name of ['out', ...LEDGER]) rmSync(join(folder, name), { recursive: true, force: true })
    })
    return { files: files ?? {}, killed, runs }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Hidden ones included. */
function filesIn(folder: string): { readonly [name: string]: string } {
  const out = join(folder, 'out')
  const names = existsSync(out) ? readdirSync(out, { recursive: true, encoding: 'utf8' }).sort() : []
  const files = names.filter(name => !statSync(join(out, name)).isDirectory())
  return Object.fromEntries(
    files.map(name => [
      name,
      createHash('sha256')
        .update(readFileSync(join(out, name)))
        .digest('hex'),
    ]),
  )
}
