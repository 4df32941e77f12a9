/** Sinks whose rows say which file they go to: the real ones, on files in memory, whose power goes with that of all else. */
import type { Row } from '../../src/model/row.ts'
import { ManyFilesSink } from '../../src/plugins/sinks/many-files-sink.ts'
import type { IfExists } from '../../src/plugins/sinks/target.ts'
import type { Sink, SinkContext } from '../../src/sdk/spec.ts'
import { MemoryFiles } from '../support/memory-files.ts'
import type { Power } from '../support/power.ts'
import type { SinkModel } from './model.ts'
import type { Random } from './random.ts'
import { formatOf } from './sink-format.ts'

const PRIOR = '{"n":0}\n'
const MODES: readonly IfExists[] = ['append', 'replace', 'fail', 'number']
const FILES = 4

/** In the words of the path. */
const fileOf = ({ n }: { readonly n?: unknown }): string => String((typeof n === 'number' ? n : 0) % FILES)

export class NamedFiles {
  readonly files = new MemoryFiles()
  readonly #random: Random
  readonly #modes = new Map<string, IfExists>()

  /** `power` is used as something is made durable; not each time, since there are many. */
  constructor(random: Random, power: () => Power) {
    this.#random = random
    this.files.before = () => {
      const { on } = power()
      if (!on || random.chance(0.3)) power().use()
    }
  }

  sink(model: SinkModel, { run, inUse }: SinkContext): Sink {
    const if_exists = this.#modeOf(model.name)
    const path = `out/${model.name}/{{ row.n | default: 0 | modulo: ${FILES} }}`
    const target = { path, folder: '/', node: model.name, if_exists, appendable: true, run }
    const newFormat = () => formatOf(model)
    const options = { target, newFormat, pack: null, max_files: FILES * 2, inUse: inUse ?? (() => null) }
    return new ManyFilesSink(options, this.files)
  }

  /** Rows of one file behind those of another: what is compared, as nothing says how they stood to each other. */
  inFiles<R extends { readonly n?: unknown }>(rows: readonly R[]): readonly R[] {
    return rows.toSorted((a, b) => (fileOf(a) < fileOf(b) ? -1 : fileOf(a) > fileOf(b) ? 1 : 0))
  }

  /** The rows that each sink has in the end, and what is wrong. */
  written(disk: Map<string, Row[]>): string[] {
    const problems: string[] = []
    for (const [name, mode] of this.#modes) {
      const rows: Row[] = []
      for (const path of this.files.list().filter(each => each.startsWith(`/out/${name}/`))) {
        const file = path.split('/').at(-1) ?? ''
        if (file.startsWith('.')) problems.push(`${path} was left behind`)
        const text = this.files.text(path) ?? ''
        const is_theirs = mode === 'number' && !file.includes('-')
        if (mode === 'append' && !text.startsWith(PRIOR)) problems.push(`${path} has lost what was there`)
        if (is_theirs && text !== PRIOR) problems.push(`${path} was written to`)
        if (is_theirs || text === PRIOR) continue
        const own = (mode === 'append' ? text.slice(PRIOR.length) : text).split('\n').slice(0, -1)
        const in_file = own.map(line => JSON.parse(line) as Row)
        if (in_file.some(row => fileOf(row) !== file.split('-')[0])) problems.push(`${path} has rows of another file`)
        rows.push(...in_file)
      }
      disk.set(name, [...this.inFiles(rows)])
    }
    return problems
  }

  #modeOf(name: string): IfExists {
    let mode = this.#modes.get(name)
    if (mode === undefined) {
      mode = this.#random.pick(MODES)
      this.#modes.set(name, mode)
      if (mode !== 'fail') for (let file = 0; file < FILES; file++) this.files.put(`/out/${name}/${file}`, PRIOR)
    }
    return mode
  }
}
