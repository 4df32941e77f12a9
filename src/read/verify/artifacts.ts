/** What a run published: the files of each sink, against the sums that its entry has of them (I4). */
import type { PublishedFact, RunEntry } from '../../format/entry.ts'
import { counted } from '../../model/number-text.ts'
import type { SubjectValues } from '../values.ts'
import { formed } from './run-values.ts'
import type { Ways } from './ways.ts'

/** What is wrong. `values`: those of the run. What is gone, or has another form, isn't looked at. */
export function* artifactProblems(
  { artifacts }: Extract<RunEntry, { k: 'publish' }>,
  values: Pick<SubjectValues, 'get'>,
  ways: Ways,
): Iterable<string> {
  for (const fact of artifacts) yield* problemsOf(fact, values, ways.name(fact.sink))
}

function* problemsOf(fact: PublishedFact, values: Pick<SubjectValues, 'get'>, name: string): Iterable<string> {
  if ((fact.paths === undefined) !== (fact.contents === undefined))
    yield `of the files of sink ${name} it has only ${fact.paths === undefined ? 'the contents' : 'the paths'}`
  if (fact.contents === undefined && fact.files !== undefined)
    yield `sink ${name} has published ${counted(fact.files, 'file')}, and none is named`
  const paths = formed(values, fact.paths, 'paths')
  const contents = formed(values, fact.contents, 'contents')
  const count = fact.files ?? 1
  for (const all of [paths, contents])
    if (all !== null && all.length !== count)
      yield `sink ${name} has published ${counted(count, 'file')}, and ${counted(all.length, 'file is', 'files are')} named`
  if (paths !== null && new Set(paths).size < paths.length) yield `sink ${name} has published two files at one path`
  if (contents === null) return
  if (fact.files !== undefined)
    for (const [i, { rows }] of contents.entries())
      if (rows === 0)
        yield `sink ${name} has published ${paths?.[i] ?? 'a file'} without a row, and it is rows that name its files`
  for (const key of ['rows', 'bytes'] as const) {
    const sum = contents.reduce((total, each) => total + each[key], 0)
    if (sum !== fact[key])
      yield `sink ${name} has published ${counted(fact[key], key.slice(0, -1))}, and its files have ${counted(sum, key.slice(0, -1))}`
  }
}
