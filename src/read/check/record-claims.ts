/**
 * What a completeness record proves, in sentences for somebody who knows nothing of ledgers, and what it doesn't (claims.ts); and what it discloses of
 * files.
 */
import type { CursorFact } from '../../format/entry.ts'
import type { CutContent, FileContent } from '../../format/run-values.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { fateOf } from '../../model/outcome.ts'
import { formed } from '../verify/run-values.ts'
import { Ways } from '../verify/ways.ts'
import type { FoldedRun, RecordedLedger } from './check-record.ts'
import { type Claim, NOBODYS, type Word } from './word.ts'

/** A file, or a part of one from its beginning. */
export interface DisclosedFile {
  /** One after another; several where splits have read it. */
  readonly pieces: ReadonlyArray<{ readonly bytes: number; readonly sha256: string }>
  /** Rows or records in it. */
  readonly count: number
}

/** By names of nodes. */
export interface DisclosedFiles {
  readonly sources: ReadonlyArray<{ readonly name: string; readonly files: readonly ReadFile[] }>
  readonly outputs: ReadonlyArray<{ readonly name: string; readonly files: readonly DisclosedFile[] }>
}

export interface ReadFile extends DisclosedFile {
  /** Whether it was read to its end; else these are the bytes that were read. */
  readonly whole: boolean
}

export function disclosedFiles({ fold, values }: FoldedRun): DisclosedFiles {
  const { opening, files } = values
  const ways = new Ways(opening?.topology ?? { nodes: [], edges: [] })
  const named = { get: (number: number) => values.fitting.get(number) ?? null }
  const sources = new Map<string, ReadFile[]>()
  for (const { source, records, bytes, done, hash } of [...fold.facts.cursors, ...files]) {
    const sha256 = formed(named, hash, 'hash')
    if (sha256 === null || bytes === undefined) continue
    const known = sources.get(ways.name(source)) ?? []
    sources.set(ways.name(source), [...known, { pieces: [{ bytes, sha256 }], count: records, whole: done }])
  }
  for (const cut of fold.facts.cuts) {
    const contents = formed(named, cut.hashes, 'hashes')
    const read = [...fold.facts.cursors].find(({ source }) => source === cut.source)
    // Of a run that was given up splits may have read less.
    if (cut.dealt !== undefined || contents === null || read === undefined || !isAllOf(cut, read)) continue
    sources.set(ways.name(cut.source), [...filesOfCut(cut, contents)])
  }
  const outputs = fold.facts.published.flatMap(({ sink, contents }) => {
    const found = formed(named, contents, 'contents')
    return found === null ? [] : [{ name: ways.name(sink), files: found.map(contentFile) }]
  })
  return { sources: [...sources].map(([name, of]) => ({ name, files: of })), outputs }
}

type FilePiece = NonNullable<CutContent['files']>[number]
type Cut = FoldedRun['fold']['facts']['cuts'][number]

const sumOf = (counts: readonly number[]) => counts.reduce((sum, each) => sum + each, 0)

function isAllOf({ ranges }: Cut, { records, bytes }: Pick<CursorFact, 'records' | 'bytes'>): boolean {
  return records === sumOf(ranges.map(each => each.records)) && bytes === sumOf(ranges.map(each => each.bytes))
}

/** Files that ranges have, one after another: of a source without a list one, and of the last file perhaps a part. */
function* filesOfCut({ ranges }: Cut, contents: readonly CutContent[]): Iterable<ReadFile> {
  let pieces: FilePiece[] = []
  const file = (whole: boolean): ReadFile => {
    const count = sumOf(pieces.map(({ records }) => records))
    return { pieces: pieces.map(({ bytes, sha256 }) => ({ bytes, sha256 })), count, whole }
  }
  for (const [i, { records, bytes }] of ranges.entries()) {
    const { sha256, files = [] } = contents[i] ?? { sha256: '' }
    for (const each of files) {
      pieces.push(each)
      yield file(true)
      pieces = []
    }
    const left = bytes - sumOf(files.map(each => each.bytes))
    if (left > 0) pieces.push({ records: records - sumOf(files.map(each => each.records)), bytes: left, sha256 })
  }
  if (pieces.length > 0) yield file(false)
}

function contentFile({ rows, ...content }: FileContent): DisclosedFile {
  return { pieces: [content], count: rows }
}

/** For a record of which all checks hold. */
export function recordClaims(ledger: RecordedLedger, word: Word, run: FoldedRun | null): readonly Claim[] {
  const by = word.signed_by.join(', ')
  const own = [...ofLedger(ledger), ...(run === null ? [] : ofRun(ledger, run))].map(what => ({ what, by }))
  return [...own, ...word.claims]
}

function* ofLedger({ log, head }: RecordedLedger): Iterable<string> {
  let [runs, sealed] = [0, 0]
  for (const each of log.registered) {
    runs++
    if (each.sealed !== null) sealed++
  }
  yield `ledger ${log.id} had ${counted(head.size, 'entry', 'entries')} in its own log, and by these ${counted(runs, 'run')}, ${grouped(sealed)} of them sealed: there were no others`
}

function* ofRun({ log }: RecordedLedger, { of, fold, values, all_entries }: FoldedRun): Iterable<string> {
  const { recount, facts } = fold
  const { opening } = values
  if (opening === null) return
  const ways = new Ways(opening.topology)
  const { name, plan_hash, custody } = opening
  yield `run ${of.run} of ${name} is one of ledger ${log.id}, and was sealed as ${sealedAs(facts)} with ${counted(all_entries, 'entry', 'entries')}: these are all that it has`
  if (of.splits !== undefined)
    yield `it has ${counted(of.splits.length, 'split')}, each of which is here and was closed with all that it was cut to, and they add up to it`
  yield `the plan, and the code of its plugins, are those with the hashes in the first entry (plan ${plan_hash}, Custody ${custody})`
  for (const { source, records, done } of facts.cursors)
    yield `${counted(records, 'record')} of ${ways.name(source)} ${records === 1 ? 'was' : 'were'} read${done ? ', to its end' : ', and no more'}; each has a row`
  yield `of the ${counted(recount.rows, 'row')}, ${grouped(recount.rows - recount.rejected)} went into the pipeline and ${grouped(recount.rejected)} ${recount.rejected === 1 ? 'was' : 'were'} rejected; each has one story, and no other`
  yield `${counted(recount.born, 'token')} came into being, and each has exactly one ending${endingsText(fold, ways)}`
  if (recount.groups > 0)
    yield `${counted(recount.groups, 'fork, expansion, merge, batch or join', 'forks, expansions, merges, batches and joins')} add up: each child, branch and member is accounted for`
  for (const { sink, rows, bytes } of facts.published)
    yield `${ways.name(sink)} published ${counted(rows, 'row')} in ${counted(bytes, 'byte')}: as many rows as ended in it`
  yield* ofOpening(values, ways)
}

function sealedAs({ seal }: FoldedRun['fold']['facts']): string {
  return seal?.k === 'seal' ? seal.status : 'nothing'
}

function endingsText({ facts }: FoldedRun['fold'], ways: Ways): string {
  const endings = facts.seal?.totals.endings ?? []
  const each = endings.map(([fate, sink, count]) => {
    const { outcome, cause } = fateOf(fate) ?? { outcome: String(fate), cause: '?' }
    return `${grouped(count)} ${outcome} / ${cause}${sink === 0 ? '' : ` in ${ways.name(sink)}`}`
  })
  return each.length === 0 ? '' : `: ${each.join(', ')}`
}

function* ofOpening({ opening, fitting }: FoldedRun['values'], ways: Ways): Iterable<string> {
  if (opening === null) return
  const plan = formed({ get: number => fitting.get(number) ?? null }, opening.values.plan, 'plan')
  if (plan !== null) yield `the pipeline file that ran, ${plan.file}, is the one that the record discloses`
  for (const [i, numbers] of opening.values.nodes.entries())
    for (const [key, number] of Object.entries(numbers))
      if (fitting.has(number)) yield `the ${key} of ${ways.name(i + 1)} are those that the record discloses`
}

export function unproven(ok: boolean, word: Word | null, run: FoldedRun | null): readonly string[] {
  if (word === null) return [NOBODYS]
  if (word.trust === 'none') return word.open
  if (!ok) return ['any of it: it doesn’t hold']
  const open = [...word.open, 'that the ledger has had no more entries since: only a later head can show that']
  if (run === null) return open
  open.push(
    'that what came in was true: the record says how much was read, and what became of each, not that it was right',
  )
  if (run.fold.facts.reruns !== null)
    open.push(
      `that its rows are those of run ${run.fold.facts.reruns.run}, which it repeats: that run isn’t in the record`,
    )
  open.push('what the values say: the record commits to them, and has none but those that it discloses')
  return open
}
