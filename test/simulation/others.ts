/**
 * Other programs, which append to the outputs of a simulated run, cut, remove, move or replace them between any two of its steps;
 * and the person who puts that right again when the run has stopped for it. The sinks are the real ones, on files in memory.
 */
import type { RunResult } from '../../src/engine/run/start.ts'
import type { Row } from '../../src/model/row.ts'
import { FileSink } from '../../src/plugins/sinks/file-sink.ts'
import type { IfExists } from '../../src/plugins/sinks/target.ts'
import type { Sink, SinkContext, SinkIntent } from '../../src/sdk/spec.ts'
import { MemoryFiles } from '../support/memory-files.ts'
import type { MemoryLedger } from '../support/memory-ledger.ts'
import type { SinkModel } from './model.ts'
import type { Random } from './random.ts'
import { formatOf } from './sink-format.ts'

const PRIOR = '{"n":0}\n'
const THEIRS = '{"theirs":1}\n'
const MODES: readonly IfExists[] = ['append', 'replace', 'fail']
const DOINGS = ['append', 'cut', 'remove', 'move', 'replace'] as const
/** What a run says that stops for what others did. */
const SAYS: ReadonlySet<string> = new Set(['CUSTODY_OUTPUT_CHANGED', 'CUSTODY_TARGET_EXISTS'])
/** Steps with nothing between them and the look before them: not even others come in between, or that can't be seen. */
const UNDIVIDED: ReadonlySet<string> = new Set(['look', 'link', 'rename', 'truncate', 'remove'])

interface Output {
  readonly path: string
  readonly mode: IfExists
  intent: SinkIntent | null
  open: boolean
  published: boolean
}

interface Touch {
  readonly what: string
  readonly path: string
  readonly output: Output
  /** A process that seals the run all the same has not looked. */
  must_be_noticed: boolean
  /** What must still be there when the run has stopped. */
  readonly isThere: () => boolean
  readonly undo: () => void
  /** What stood there after it. */
  readonly left: string | null
  /** It was found by a later process. */
  carried: boolean
}

export class Others {
  readonly files = new MemoryFiles()
  /** They have gone home. */
  #quiet = false
  readonly #random: Random
  readonly #outputs = new Map<string, Output>()
  #touch: Touch | null = null

  /** `step`: called before the run changes anything. */
  constructor(random: Random, step: () => void) {
    this.#random = random
    this.files.before = name => {
      step()
      if (!this.#quiet && !UNDIVIDED.has(name) && this.#touch === null && random.chance(0.03)) this.#meddle()
    }
  }

  sink(model: SinkModel, { run }: SinkContext): Sink {
    const output = this.#outputOf(model.name)
    Object.assign(output, { open: false, published: false })
    const target = { path: output.path, folder: '/', node: model.name, if_exists: output.mode, appendable: true, run }
    const sink = new FileSink(target, formatOf(model), null, this.files)
    return {
      prepare: async () => {
        output.intent = await sink.prepare()
        return output.intent
      },
      open: async (intent, receipt) => {
        output.intent = intent
        await sink.open(intent, receipt)
        output.open = true
      },
      write: row => sink.write(row),
      flush: () => sink.flush(),
      finish: () => sink.finish(),
      publish: async () => {
        const artifact = await sink.publish()
        output.published = true
        return artifact
      },
      close: () => sink.close(),
    }
  }

  /**
   * After a process: what is wrong. Whatever they did is put right then, but for some of it where the power went.
   * `result`: null if it went; `last`: they have gone home.
   */
  settle(result: RunResult | null, { sealed, entries_kept }: MemoryLedger, last: boolean): string[] {
    this.#quiet ||= last
    const touch = this.#touch
    const code = result?.error?.code ?? null
    if (touch === null) return code === null || !SAYS.has(code) ? [] : [`${code}, and nobody had touched anything`]
    const problems: string[] = []
    if (!touch.isThere()) problems.push(`others ${touch.what}: that is gone`)
    if (sealed && touch.must_be_noticed) problems.push(`others ${touch.what}: that was sealed over`)
    const { output } = touch
    // What was cut may be what the run had not recorded yet, and cut back itself; what stood in the way may be gone.
    const is_other = touch.path === output.path && this.files.text(touch.path) !== touch.left
    const went_on = touch.carried ? output.open : is_other && !touch.must_be_noticed
    const accepted = output.mode === 'append' && went_on && (code === null || !SAYS.has(code))
    const renamed = output.mode !== 'append' && is_other
    const carries =
      result === null && entries_kept.length > 0 && !last && !touch.path.includes('/.') && this.#random.chance(0.5)
    if (carries && !accepted && !renamed) Object.assign(touch, { carried: true, must_be_noticed: false })
    else {
      if (!sealed && !accepted && !renamed) touch.undo()
      this.#touch = null
    }
    return problems
  }

  /** The rows that each sink has in the end, and what lies about. */
  written(disk: Map<string, Row[]>): string[] {
    for (const [name, { path, mode }] of this.#outputs) {
      const text = this.files.text(path) ?? ''
      const lines = (mode === 'append' ? text.slice(PRIOR.length) : text).split('\n').slice(0, -1)
      disk.set(
        name,
        lines.map(line => JSON.parse(line) as Row),
      )
    }
    return this.files
      .list()
      .filter(path => path.startsWith('/out/.'))
      .map(path => `${path} was left behind`)
  }

  #outputOf(name: string): Output {
    let output = this.#outputs.get(name)
    if (output === undefined) {
      const mode = this.#random.pick(MODES)
      output = { path: `/out/${name}`, mode, intent: null, open: false, published: false }
      this.#outputs.set(name, output)
      if (mode !== 'fail') this.files.put(output.path, PRIOR)
    }
    return output
  }

  /** Does something to one file. */
  #meddle(): void {
    const output = this.#random.pick([...this.#outputs.values()])
    if (output.published || output.intent === null) return
    const { path, mode, open } = output
    const staged = output.intent.staged ?? ''
    // Once it is linked to its place too, what changes it changes what is published.
    const is_staged = this.files.text(staged) !== null && !(mode === 'fail' && this.files.text(path) !== null)
    const lock = `/out/.${path.slice('/out/'.length)}.custody-lock`
    if (open && this.files.text(lock) !== null && this.#random.chance(0.1))
      this.#do('remove', lock, output, is_staged || mode === 'append')
    else if (is_staged && this.#random.chance(0.5)) this.#do(this.#random.pick(DOINGS), staged, output, open)
    else if (mode === 'append') this.#do(this.#random.pick(DOINGS), path, output, open)
    else if (mode === 'fail' && this.files.text(path) === null) this.#do('replace', path, output, true)
    else if (mode === 'replace' && is_staged) {
      // Of what is replaced nothing is lost if it is moved away.
      const doing = this.#random.pick(DOINGS)
      this.#do(doing, path, output, doing !== 'remove' && doing !== 'move')
    }
  }

  #do(doing: (typeof DOINGS)[number], path: string, output: Output, must_be_noticed: boolean): void {
    const text = this.files.text(path) ?? ''
    const is_hidden = path.includes('/.')
    const touched = (undo: () => void, isThere = () => true, noticed = must_be_noticed) => {
      const common = { what: `${doing} ${path}`, path, output, carried: false, left: this.files.text(path) }
      this.#touch = { ...common, must_be_noticed: noticed, isThere: () => is_hidden || isThere(), undo }
    }
    const id = this.files.facts(path)?.id
    const putText = () => {
      // Who resumed the run may have made another of it.
      if (this.files.facts(path)?.id === id && id !== undefined) this.files.edit(path, () => text)
    }
    const keep = this.files.keep(path)
    const putBack = () => {
      // Who resumed the run may have made it anew.
      if (this.files.text(path) === this.#touch?.left) keep()
    }
    switch (doing) {
      case 'append':
        this.files.append(path, THEIRS)
        // What stands behind the end of a hidden file is of no meaning, and may be written over.
        return touched(putText, () => this.files.text(path)?.includes(THEIRS) === true, must_be_noticed && !is_hidden)
      case 'cut':
        if (text === '') return
        this.files.edit(path, each => each.slice(0, -1))
        return touched(putText)
      case 'remove':
        this.files.drop(path)
        return touched(putBack)
      case 'move':
        this.files.move(path, `/away${path}`)
        return touched(putBack)
      case 'replace':
        this.files.put(path, THEIRS)
        return touched(putBack, () => this.files.text(path) === THEIRS)
    }
  }
}
