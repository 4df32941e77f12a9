/** What a run published: files by sink, against the sums that its entry has of them (I4). */
import type { RunEntry } from '../../format/entry.ts'
import { counted } from '../../model/number-text.ts'
import type { Json } from '../../model/row.ts'
import { artifactsFrom } from '../runs/run-values.ts'
import { ShapeError } from '../shape.ts'
import type { Ways } from './ways.ts'

/** What is wrong. `value`: the files, by name of their sink. */
export function artifactProblems(
  { artifacts }: Extract<RunEntry, { k: 'publish' }>,
  value: Json,
  ways: Ways,
): readonly string[] {
  const problems: string[] = []
  try {
    const by_sink = new Map(Object.entries(artifactsFrom(value)))
    for (const fact of artifacts) {
      const name = ways.name(fact.sink)
      const all = by_sink.get(name) ?? []
      by_sink.delete(name)
      const sum = (key: 'rows' | 'bytes') => all.reduce((total, each) => total + each[key], 0)
      // A sink without a file isn't in the value.
      const count = fact.files ?? Math.min(all.length, 1)
      if (all.length !== count)
        problems.push(
          `sink ${name} has published ${counted(count, 'file')}, and ${counted(all.length, 'file is', 'files are')} named`,
        )
      if (all.length === 0 && fact.files === undefined) continue
      for (const key of ['rows', 'bytes'] as const)
        if (sum(key) !== fact[key])
          problems.push(
            `sink ${name} has published ${counted(fact[key], key.slice(0, -1))}, and its files have ${counted(sum(key), key.slice(0, -1))}`,
          )
      if (fact.files !== undefined)
        for (const { path, rows } of all)
          if (rows === 0)
            problems.push(`sink ${name} has published ${path} without a row, and it is rows that name its files`)
      const paths = new Set(all.map(({ path }) => path))
      if (paths.size < all.length) problems.push(`sink ${name} has published two files at one path`)
    }
    for (const name of by_sink.keys()) problems.push(`files are named of ${name}, which is no sink that published`)
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    problems.push(`what was published can't be read: ${error.message}`)
  }
  return problems
}
