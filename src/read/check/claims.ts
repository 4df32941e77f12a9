/**
 * What a proof proves, in sentences for somebody who knows nothing of ledgers, and what it doesn't.
 *
 * CLAIMS-1. Each claim says one thing that one part of the proof shows. So a proof of which parts were taken away claims less, and never
 *     something else.
 * CLAIMS-2. The same thing is said in the same words, so that claims can be compared.
 */
import { counted, grouped } from '../../model/number-text.ts'
import { fateOf } from '../../model/outcome.ts'
import { subjectName, tokenName } from '../verify/check.ts'
import { Ways } from '../verify/ways.ts'
import type { LogPart } from './log-part.ts'
import type { RunPart } from './run-part.ts'
import { absentAs, type SubjectPart } from './subject-part.ts'
import type { SubjectParts } from './subjects.ts'
import type { Claim } from './word.ts'

/** `tells`: whether the stories of the subjects are ones that can be. */
export function claimsOf(
  { ledger, word }: LogPart,
  run: RunPart | null,
  subjects: SubjectParts | null,
  tells: boolean,
): readonly Claim[] {
  const what: string[] = []
  if (run !== null) {
    for (const part of subjects?.all ?? [])
      what.push(...ofEntries(part, run), ...(tells ? ofEndings(part, run) : []), ...ofValues(part))
    what.push(...ofOpening(run), ...ofRun(ledger, run))
  }
  const by = word.signed_by.join(', ')
  return [...what.map(each => ({ what: each, by })), ...word.claims]
}

function* ofRun(ledger: string, { run, tree, rows, opening, seal, publish }: RunPart): Iterable<string> {
  const { name, plan_hash, custody, topology, splits } = opening
  const beside = splits === undefined ? '' : ' beside those of its splits'
  yield `run ${run} of ${name} is one of ledger ${ledger}, and was sealed as ${seal.status} with ${counted(tree.size, 'entry', 'entries')}${beside}, after ${counted(seal.totals.rows.read, 'row')}`
  if (splits !== undefined)
    yield `run ${run} has ${counted(splits, 'split')}, and split ${grouped(rows.part)} was closed after ${counted(rows.tree.size, 'entry', 'entries')}`
  yield `the plan, and the code of its plugins, are those with the hashes in the first entry (plan ${plan_hash}, Custody ${custody})`
  for (const { sink, rows, bytes } of publish?.artifacts ?? [])
    yield `${topology.nodes[sink - 1]?.name ?? `node ${sink}`} published ${counted(rows, 'row')} in ${counted(bytes, 'byte')}`
}

/** Values of the first entry. */
function* ofOpening({ opening: { topology, values }, opening_values }: RunPart): Iterable<string> {
  for (const [i, numbers] of values.nodes.entries())
    for (const [key, number] of Object.entries(numbers))
      if (opening_values.has(number))
        yield `the ${key} of ${topology.nodes[i]?.name ?? `node ${i + 1}`} are those that the run had`
  for (const key of ['plan', 'folder', 'arguments'] as const)
    if (opening_values.has(values[key] ?? 0)) yield `the ${key} of the run is what was recorded`
}

function* ofEntries({ subject, entries, course }: SubjectPart, { run }: RunPart): Iterable<string> {
  const tokens = counted(course.tokens.size, 'token')
  yield `all that run ${run} has on record of ${subjectName(subject)} is ${counted(entries.length, 'entry', 'entries')} and ${tokens}, and it is over`
}

function* ofEndings({ course, subject }: SubjectPart, { opening }: RunPart): Iterable<string> {
  const ways = new Ways(opening.topology)
  for (const { birth, ending } of course.tokens.values()) {
    if (ending === null) continue
    const { fate, node, sink, error } = ending.fact
    const { outcome, cause } = fateOf(fate) ?? { outcome: String(fate), cause: '?' }
    const at = sink === 0 ? `at ${ways.name(node)}` : `in sink ${ways.name(sink)}`
    yield `${tokenName(birth.token)} of ${subjectName(subject)} ended as ${outcome} / ${cause} ${at}${error === null ? '' : ` (${error.code})`}`
  }
}

/** Each by itself. */
function* ofValues({ subject, values, absent }: SubjectPart): Iterable<string> {
  for (let number = 1; number <= values.count; number++) {
    const why = absent.get(number)
    if (why === undefined) yield `value ${grouped(number)} of ${subjectName(subject)} is what was recorded`
    else if (why === 'erased')
      yield `value ${grouped(number)} of ${subjectName(subject)} was erased, as the ledger says`
  }
}

export function notProven(run: RunPart | null, subjects: SubjectParts | null): readonly string[] {
  const open = ['that what came in was true: the record says what was read, not that it was right']
  if (run === null || subjects === null) return open
  const [row] = subjects.all
  if (row !== undefined)
    open.push(
      `that nothing else of the run speaks of ${subjectName(row.subject)}: only the record of all its rows can show that`,
    )
  for (const part of subjects.all) {
    const name = subjectName(part.subject)
    const [withheld, altered] = [absentAs('withheld', part.absent), absentAs('altered', part.absent)]
    if (withheld.length > 0)
      open.push(
        `${withheld.length === 1 ? 'value' : 'values'} ${withheld.map(grouped).join(', ')} of ${name}, which the proof doesn’t show; who left ${withheld.length === 1 ? 'it' : 'them'} out can’t be known`,
      )
    if (altered.length > 0)
      open.push(
        `what ${altered.length === 1 ? 'value' : 'values'} ${altered.map(grouped).join(', ')} of ${name} ${altered.length === 1 ? 'was' : 'were'}: what the proof shows isn’t what was recorded`,
      )
    if (part.members.size > 0)
      open.push(`of which rows the tokens are that ${name} names: that is what the ledger says`)
    for (const next of subjects.missing(part))
      open.push(`what became of ${name} in ${subjectName(next)}, which the proof doesn’t show`)
  }
  return open
}
