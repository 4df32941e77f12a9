/** How several files begin: those that begin alike are spoken of once, so that a thousand files aren't a thousand warnings. */
import type { SourceHead } from '../../sdk/spec.ts'

interface Kind {
  readonly head: SourceHead
  alike: number
}

export class Heads {
  /** Original names of fields: where files differ, those of the first. */
  originals: { [field: string]: string } | null = null
  readonly #kinds = new Map<string, Kind>()

  add(head: SourceHead, originals: { readonly [field: string]: string } | null): void {
    const { input, columns, warnings = [] } = head
    const key = JSON.stringify([columns, warnings.map(text => text.replaceAll(input, ''))])
    const known = this.#kinds.get(key)
    if (known === undefined) this.#kinds.set(key, { head, alike: 0 })
    else known.alike += 1
    if (known === undefined && originals !== null) this.originals = { ...originals, ...this.originals }
  }

  /** `warnings`: of all of them together. */
  all(warnings: readonly string[]): SourceHead {
    const [first, ...others] = [...this.#kinds.values()].map(({ head, alike }) =>
      alike === 0 ? head : { ...head, alike },
    )
    if (first === undefined) return { input: 'no file', columns: null, warnings }
    return { ...first, unlike: warnings.length === 0 ? others : [...others, { input: '', columns: null, warnings }] }
  }
}
