/** A sink to begin with: a file that can be wound back. */
import type { PluginTemplate } from './kind.ts'

export const SINK: PluginTemplate = {
  source: `import { createHash, type Hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CustodyError, defineSink, type Receipt, rowError, type Sink, type SinkIntent } from 'custody/sdk'
import { z } from 'zod'

export default defineSink({
  name: 'NAME',
  summary: 'Writes one field of each row, a line each',
  options: z.strictObject({
    path: z.string().describe('The file, relative to the pipeline file’s folder'),
    field: z.string().describe('The field that is written'),
  }),
  determinism: 'deterministic',
  errors: { NOT_A_LINE: 'The field has no text, or one with a line break.' },
  examples: [
    {
      title: 'Names',
      options: { path: 'names.txt', field: 'name' },
      rows_in: [{ name: 'ada' }, { name: 7 }, { name: 'grace' }, { name: 'alan' }],
    },
  ],
  requires: ({ field }) => [{ field, path: ['field'] }],
  create: ({ path, field }, { folder }) => new Lines(resolve(folder, path), field),
})

/**
 * A run's file grows under another name and gets its own when the run has ended. After each commit Custody keeps a receipt of what
 * is durable. After a crash the file is cut back to the last one, and continues from there: no row twice, none missing.
 */
class Lines implements Sink {
  readonly #path: string
  readonly #field: string
  #file: FileHandle | null = null
  #hash: Hash = createHash('sha256')
  #rows = 0
  #bytes = 0
  /** Of rows since the last flush. */
  #pending: string[] = []

  constructor(path: string, field: string) {
    this.#path = path
    this.#field = field
  }

  get #staged(): string {
    return \`\${this.#path}.part\`
  }

  /** Looks, and touches nothing. */
  async prepare(): Promise<SinkIntent> {
    if (existsSync(this.#path)) throw new CustodyError('CUSTODY_TARGET_EXISTS', \`\${this.#path} exists already\`)
    return { path: this.#path, mode: 'fail', prior_bytes: 0, prior_sha256: null, staged: this.#staged }
  }

  /** Begins, or winds back to a receipt: in another process, or in this one when a commit failed. */
  async open(_intent: SinkIntent, receipt: Receipt | null): Promise<void> {
    await this.close()
    await mkdir(dirname(this.#path), { recursive: true })
    this.#rows = receipt?.rows ?? 0
    this.#bytes = receipt?.bytes ?? 0
    this.#pending = []
    this.#file = await open(this.#staged, 'a')
    const { size } = await this.#file.stat()
    if (size < this.#bytes) throw new CustodyError('CUSTODY_OUTPUT_CHANGED', \`\${this.#staged} was cut by somebody\`)
    await this.#file.truncate(this.#bytes)
    this.#hash = createHash('sha256').update(readFileSync(this.#staged))
  }

  /** Takes a row into memory, or refuses it: nothing of it is written then. */
  write(row: Parameters<Sink['write']>[0]) {
    const text = row[this.#field]
    if (typeof text !== 'string' || text.includes('\\n'))
      return rowError('NOT_A_LINE', \`\${this.#field} is no text of one line\`, { field: this.#field })
    this.#pending.push(\`\${text}\\n\`)
    return null
  }

  /** All rows so far are durable when this returns. */
  async flush(): Promise<Receipt> {
    const bytes = Buffer.from(this.#pending.join(''))
    await this.#file?.appendFile(bytes)
    await this.#file?.sync()
    this.#hash.update(bytes)
    this.#rows += this.#pending.length
    this.#bytes += bytes.length
    this.#pending = []
    return { rows: this.#rows, bytes: this.#bytes, sha256: this.#hash.copy().digest('hex'), state: null }
  }

  /** What a format needs at its end would be written here. */
  finish(): Promise<Receipt> {
    return this.flush()
  }

  /** May be asked for again: it has happened, or it happens now. */
  async publish() {
    if (existsSync(this.#staged)) await rename(this.#staged, this.#path)
    const sha256 = createHash('sha256').update(readFileSync(this.#path)).digest('hex')
    return { path: this.#path, rows: this.#rows, bytes: this.#bytes, sha256 }
  }

  /** The run is given up. */
  async discard() {
    await this.close()
    await rm(this.#staged, { force: true })
    return { kind: 'dropped' } as const
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = null
  }
}
`,
  test: `test('a file that is there stops the run before anything is written', async () => {
  const { create } = plugin
  const context = { node: 'test', folder: '.', input: OBSERVED, secrets: [], run: 'r', placed: null, originalNames: () => ({}) }
  const made = await create({ path: 'package.json', field: 'name' }, context)
  await assert.rejects(() => made.prepare(), { code: 'CUSTODY_TARGET_EXISTS' })
})
`,
  pipeline: `name: example
plugins: [../src/index.ts]
defaults: { on_error: problems, on_invalid: problems }
sources:
  people: { plugin: csv, options: { path: people.csv }, to: names }
sinks:
  names: { plugin: NAME, options: { path: out/names.txt, field: name } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
`,
  cases: `# What a sink refuses isn't seen here: in a test sinks keep every row, and write nothing.
cases:
  - name: every person arrives
    rows: { people: [{ id: 1, name: ada }] }
    expect: { sinks: { names: [{ name: ada }] }, errors: [] }
`,
  data: { 'people.csv': 'id,name\n1,ada\n2,\n3,grace\n' },
}
