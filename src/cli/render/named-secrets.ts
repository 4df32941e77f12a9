/** The secrets that a pipeline names: what keeps each, and where it is used. */
import { isReference, keeperOf, parseSecretReference } from '../../model/secret-reference.ts'
import type { SecretUse } from '../../plan/secrets.ts'
import { columnsOf, padEnd, printable } from './text.ts'

export interface NamedSecret {
  readonly name: string
  /** `environment`, `file`, `vault`, …; null: what is written there names none. */
  readonly kept_by: string | null
  /** Paths in the pipeline file, their steps joined by dots. */
  readonly used_at: readonly string[]
}

/** Each once, in the order in which the file’s parts are looked at. */
export function namedSecrets(uses: readonly SecretUse[]): readonly NamedSecret[] {
  const by_name = Map.groupBy(uses, each => each.name)
  return [...by_name].map(([name, places]) => {
    const reference = parseSecretReference(name)
    return {
      name,
      kept_by: isReference(reference) ? reference.kind : null,
      used_at: places.map(({ path }) => path.join('.')),
    }
  })
}

/** A line each, under a line that says what they are; empty if there are none. */
export function secretsText(uses: readonly SecretUse[]): string {
  const named = namedSecrets(uses)
  if (named.length === 0) return ''
  const cells = named.map(
    ({ name, used_at }) => [printable(name), keeper(name), used_at.map(printable).join(', ')] as const,
  )
  const width = (column: 0 | 1) => Math.max(...cells.map(each => columnsOf(each[column])))
  const lines = cells.map(([name, by, at]) => `  ${padEnd(name, width(0))}  ${padEnd(by, width(1))}  ${at}`)
  return ['secrets, read when a run starts', ...lines].join('\n')
}

function keeper(name: string): string {
  const reference = parseSecretReference(name)
  if (!isReference(reference)) return 'nothing'
  return reference.kind === 'file' ? 'a file' : keeperOf(reference)
}
