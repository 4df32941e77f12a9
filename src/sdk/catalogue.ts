/** All plugins that a pipeline can use, by kind and name. A source and a sink may share a name; two of a kind may not. */
import { CustodyError } from '../model/error.ts'
import { nearestNames } from '../model/nearest.ts'
import type { PluginKind, PluginSpec } from './spec.ts'
import { specProblems } from './spec-problems.ts'

type SpecOf<Kind extends PluginKind> = Extract<PluginSpec, { kind: Kind }>

export class Catalogue {
  readonly #specs = new Map<string, PluginSpec>()

  /** @throws CustodyError CUSTODY_PLUGIN_LOAD if a spec isn't sound or two of a kind have one name. */
  constructor(specs: Iterable<PluginSpec>) {
    for (const spec of specs) this.#add(spec)
  }

  #add(spec: PluginSpec): void {
    const [problem] = specProblems(spec)
    if (problem !== undefined) {
      throw new CustodyError('CUSTODY_PLUGIN_LOAD', `The plugin ${String(spec.name)} can’t be used: ${problem}.`)
    }
    const key = keyOf(spec.kind, spec.name)
    if (this.#specs.has(key)) {
      const hint = 'Rename one of them; the names of built-ins are taken.'
      throw new CustodyError('CUSTODY_PLUGIN_LOAD', `There are two ${spec.kind}s of the name ${spec.name}.`, { hint })
    }
    this.#specs.set(key, spec)
  }

  get<Kind extends PluginKind>(kind: Kind, name: string): SpecOf<Kind> | undefined {
    return this.#specs.get(keyOf(kind, name)) as SpecOf<Kind> | undefined
  }

  /** In the order in which they were added. */
  all(kind?: PluginKind): readonly PluginSpec[] {
    const specs = [...this.#specs.values()]
    return kind === undefined ? specs : specs.filter(spec => spec.kind === kind)
  }

  /** Those of one name, of any kind: for saying that a plugin exists, but is of another kind. */
  named(name: string): readonly PluginSpec[] {
    return this.all().filter(spec => spec.name === name)
  }

  names(kind?: PluginKind): readonly string[] {
    return [...new Set(this.all(kind).map(spec => spec.name))]
  }

  /** Names close to one that isn't there, the closest first; else of those whose summaries have the word, as that of `excel` has `xlsx`. */
  nearest(name: string, kind?: PluginKind): readonly string[] {
    const near = nearestNames(name, this.names(kind))
    if (near.length > 0) return near
    const word = name.toLowerCase()
    const named = this.all(kind).filter(({ summary }) => wordsOf(summary).includes(word))
    return [...new Set(named.map(spec => spec.name))]
  }

  /** A catalogue with more plugins. @throws as the constructor. */
  with(specs: Iterable<PluginSpec>): Catalogue {
    return new Catalogue([...this.all(), ...specs])
  }
}

const wordsOf = (text: string) => text.toLowerCase().split(/[^a-z0-9_]+/)
const keyOf = (kind: PluginKind, name: string) => `${kind} ${name}`
