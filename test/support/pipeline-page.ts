/**
 * Runs the pipelines that a page shows, and reports the results, so that the page can be held to what it says.
 *
 * Comments before blocks: `file PATH` writes the block there. `FILE.yaml [--set PATH=VALUE …]: WHAT` stands before what that
 * pipeline gives: WHAT is a path that it writes, or `endings`, the answer to the query of the page (the block marked `query`).
 * Time is the test's own: it passes only while nothing else can happen, for plugins of the page as for timers.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { parsePipeline } from '../../src/config/load.ts'
import type { Point } from '../../src/engine/ports/crash-points.ts'
import { runPlan } from '../../src/engine/run/start.ts'
import { parseVerifierKey } from '../../src/format/verifier-key.ts'
import { loadPlugins } from '../../src/host/plugins/load.ts'
import { openLedger, openLedgerReader } from '../../src/ledger/open.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { builtins } from '../../src/plugins/index.ts'
import { verifyLedger } from '../../src/read/verify/verify.ts'
import { Catalogue } from '../../src/sdk/catalogue.ts'
import { filesIn } from '../../src/sdk/option-files.ts'
import type { Source, SourceSpec } from '../../src/sdk/spec.ts'
import { SECRETS } from './compile-text.ts'
import { testPorts } from './ledger.ts'
import { type CodeBlock, codeBlocks } from './markdown.ts'
import { ROOT } from './source-file.ts'
import { VirtualClock } from './virtual-clock.ts'

const RUN = '019b7c1a-0000-7000-8000-000000000001'
/** What plugins of the page import, and what stands for it here. */
const STANDS_FOR: ReadonlyArray<readonly [string, string]> = [
  [
    "import { setTimeout as sleep } from 'node:timers/promises'",
    'const sleep = (ms: number): Promise<void> => globalThis.sleepOfPage(ms)',
  ],
  ["from 'custody/sdk'", `from '${join(ROOT, 'src', 'sdk', 'index.ts')}'`],
  ["from 'zod'", `from '${fileURLToPath(import.meta.resolve('zod'))}'`],
]

declare global {
  var sleepOfPage: (ms: number) => Promise<void>
}

/** A block that says what a run gives. */
export interface Claim {
  readonly block: CodeBlock
  /** `joined.yaml --set nodes.joined.policy=first` */
  readonly command: string
  /** A path, or `endings`. */
  readonly what: string
}

export class PipelinePage {
  readonly blocks: readonly CodeBlock[]
  readonly claims: readonly Claim[]
  readonly #query: string
  readonly #runs = new Map<string, Promise<Finished>>()

  constructor(text: string) {
    this.blocks = codeBlocks(text)
    this.#query = this.blocks.find(({ mark }) => mark === 'query')?.text ?? ''
    this.claims = this.blocks.flatMap(block => {
      const [, command, what] = /^(\S+\.yaml(?: --set \S+)*): (\S+)$/.exec(block.mark ?? '') ?? []
      return command === undefined || what === undefined ? [] : [{ block, command, what }]
    })
  }

  /** Of each run: its warnings as `CODE: message`, and what `verify` finds wrong. */
  async finished(command: string): Promise<Finished> {
    const known = this.#runs.get(command)
    if (known !== undefined) return known
    const run = this.#run(command)
    this.#runs.set(command, run)
    return run
  }

  async #run(command: string): Promise<Finished> {
    const [file = '', ...words] = command.split(' ')
    const folder = mkdtempSync(join(tmpdir(), 'custody-page-'))
    try {
      this.#layOut(folder)
      const sets = words.filter(each => each !== '--set')
      const { plan, warnings } = await planOf(folder, file, sets)
      const url = `sqlite:${join(folder, 'custody.db')}`
      await drive(plan, url)
      const outputs = new Map<string, string>()
      for (const { command: own, what } of this.claims)
        if (own === command && what !== 'endings') outputs.set(what, readFileSync(join(folder, what), 'utf8').trimEnd())
      outputs.set('endings', endingsIn(join(folder, 'custody.db'), this.#query))
      return { warnings, outputs, problems: await problemsIn(url) }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  #layOut(folder: string): void {
    for (const { mark, text } of this.blocks) {
      const path = /^file (\S+)$/.exec(mark ?? '')?.[1]
      if (path === undefined) continue
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      const ours = STANDS_FOR.reduce((all, [theirs, own]) => all.replace(theirs, own), text)
      writeFileSync(join(folder, path), `${ours}\n`)
    }
  }
}

export interface Finished {
  readonly warnings: readonly string[]
  /** By path, and `endings`. */
  readonly outputs: ReadonlyMap<string, string>
  readonly problems: readonly string[]
}

async function planOf(folder: string, file: string, overrides: readonly string[]) {
  const text = readFileSync(join(folder, file), 'utf8')
  const { pipeline, diagnostics } = parsePipeline(text, { file, folder, env: {}, overrides })
  if (pipeline === null) throw new Error(`${file}: ${JSON.stringify(diagnostics)}`)
  const plugins = await loadPlugins(pipeline.config.plugins, folder)
  const compiled = compilePlan(
    pipeline,
    new Catalogue(builtins).with(plugins.plugins.map(({ spec }) => spec)),
    SECRETS,
    filesIn(pipeline.folder),
  )
  const all = [...diagnostics, ...compiled.diagnostics]
  if (compiled.plan === null) throw new Error(`${file}: ${JSON.stringify([all, plugins.problems])}`)
  return { plan: compiled.plan, warnings: all.map(({ code, message }) => `${code}: ${message}`) }
}

/** Time may pass unless something is being read or made durable. */
class RateWindow {
  reading = 0
  writing = true
  readonly atPoint = (point: Point): void => {
    if (point === 'before_flush') this.writing = true
    if (point === 'after_commit' || point === 'after_outputs_open') this.writing = false
  }

  /** The plan, with sources that say when they have read all. */
  watching(plan: Plan): Plan {
    const nodes = plan.nodes.map(node =>
      node.kind === 'source' ? { ...node, plugin: { ...node.plugin, spec: this.#watched(node.plugin.spec) } } : node,
    )
    return { ...plan, nodes }
  }

  #watched(spec: SourceSpec): SourceSpec {
    const create = async (...[options, context]: Parameters<SourceSpec['create']>): Promise<Source> => {
      const source = await spec.create(options, context)
      const read = source.read.bind(source)
      this.reading++
      const pace = this
      source.read = async function* (from, context) {
        yield* read(from, context)
        pace.reading--
      }
      return source
    }
    return { ...spec, create }
  }
}

async function drive(plan: Plan, url: string): Promise<void> {
  const clock = new VirtualClock()
  const pace = new RateWindow()
  globalThis.sleepOfPage = ms => clock.sleep(ms * 1000)
  const ledger = await openLedger(url, { ...testPorts(), now_us: () => clock.now_us() }, { create: true })
  let done = false
  const common = { run: RUN, ledger, clock, custody: 'page', limit: Number.POSITIVE_INFINITY, dry_run: false }
  const signal = new AbortController().signal
  const work = runPlan({ plan: pace.watching(plan), ...common, signal, atPoint: pace.atPoint }).finally(() => {
    done = true
  })
  work.catch(() => undefined)
  while (!done) {
    // Whatever can happen now has happened after this.
    await new Promise(resolve => setImmediate(resolve))
    if (!done && pace.reading === 0 && !pace.writing) clock.advance()
  }
  await ledger.close()
  const { error } = await work
  if (error !== null) throw error
}

/** The answer to a query, in columns; `–` stands for NULL. */
function endingsIn(path: string, query: string): string {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const rows = db.prepare(query).all()
    const table = [Object.keys(rows[0] ?? {}), ...rows.map(row => Object.values(row).map(each => String(each ?? '–')))]
    const widths = table[0]?.map((_, i) => Math.max(...table.map(cells => (cells[i] ?? '').length))) ?? []
    return table
      .map(cells =>
        cells
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd(),
      )
      .join('\n')
  } finally {
    db.close()
  }
}

async function problemsIn(url: string): Promise<readonly string[]> {
  const reader = await openLedgerReader(url)
  try {
    const { runs } = await verifyLedger(reader, { keys: [parseVerifierKey(testPorts().signer.verifier_key)] })
    return runs.flatMap(({ checks }) => checks.flatMap(({ problems }) => problems))
  } finally {
    await reader.close()
  }
}

export const nameOf = ({ command, what }: Claim): string => `${command}: ${basename(what)}`
