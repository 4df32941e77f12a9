/**
 * Makes the proof of a row (docs/proof-format.md): finds what belongs into it, and how each entry is shown to be where it is. What is read was
 * checked (evidence/checked-reader.ts). Of a long run no more is read than what `explain` reads, and a tile for each entry.
 */
import type { RunEntry } from '../../format/entry.ts'
import { bytesToHex } from '../../format/hash.ts'
import {
  PROOF_FORMAT,
  type ProvenEntry,
  type ProvenSubject,
  type RowProof,
  type ShownValue,
} from '../../format/proof.ts'
import type { TiledTree } from '../../format/tiled-tree.ts'
import type { LedgerReader, StoredPayload } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import { keyNeeded } from '../../model/key-needed.ts'
import { idOf } from '../../model/part-ids.ts'
import type { Json } from '../../model/row.ts'
import { decodeRunEntry } from '../decode.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { readable } from '../runs/damaged.ts'
import { closingOf } from '../runs/run-log.ts'
import { type Commits, decodePayload } from '../values.ts'
import { Ways } from '../verify/ways.ts'
import { loggedEntries, type WhichHead } from './logged.ts'
import { type RowPlace, rowPlace } from './row-place.ts'
import { type ProveOptions, type Selection, type Selections, select } from './selection.ts'
import { type GatheredSubject, gatherSubjects } from './subjects.ts'
import { RunTrees } from './trees.ts'
import type { EvidenceHead } from './witnessed-head.ts'

export interface MadeProof extends Selections {
  readonly proof: RowProof
  readonly head: GivenHead
}

/** The head that evidence leads to. */
export interface GivenHead extends EvidenceHead {
  /** Entries of the latest one. */
  readonly latest: number
}

/** A run with its log, the tree of that, and seqs of what log 0 says of it and of keys. */
export interface ProvenRun {
  readonly run: string
  readonly log: number
  readonly tree: TiledTree
  readonly logged: readonly number[]
  /** Of the logs of its splits; of a run that has none nobody asks for it. */
  readonly treeOf?: (log: number) => Promise<TiledTree>
}

/**
 * @param reader one that checks
 * @throws CustodyError CUSTODY_PROOF_OPEN, CUSTODY_ROW_UNKNOWN, CUSTODY_PROOF_VALUE; UnsoundRecord
 */
export async function proveRow(
  reader: LedgerReader,
  { log, run, tree, logged: seqs, treeOf }: ProvenRun,
  row: number,
  options: ProveOptions,
  which: WhichHead = 'first_witnessed',
): Promise<MadeProof> {
  const { last, last_seq, publish } = await closingOf(reader, log)
  if (last?.k !== 'seal') throw new CustodyError('CUSTODY_PROOF_OPEN', `run ${run} isn’t sealed yet`)
  const opening = await runEntry(reader, log, 0)
  if (opening.facts.k !== 'open') throw new UnsoundRecord(['the run’s log doesn’t begin with its opening'])
  const place = await rowPlace(reader, { log, tree, opening: opening.facts, seal: last, treeOf }, row)
  const logged = await loggedEntries(reader, seqs, which)
  const sealed = logged.entries.find(({ entry }) => entry.k === 'sealed')?.entry
  if (sealed?.k !== 'sealed') throw new UnsoundRecord(['the ledger’s own log doesn’t say that the run was sealed'])
  if (tree.root !== sealed.root)
    throw new UnsoundRecord(['the run’s entries don’t give the root with which it was sealed'])
  const trees = new RunTrees(reader, log, tree, last.subjects)
  const { topology } = opening.facts
  const scene = { topology, sealed: last.status }
  const first = { kind: 'row', row: place.number } as const
  const subjects = await gatherSubjects(reader, place.log, scene, first, options.include_shared)
  const [own, ...rest] = subjects
  if (own === undefined) throw new UnsoundRecord([`row ${row} isn’t there`])
  const selections = select(own, rest, new Ways(topology), options)
  const of_opening = openingNumbers(opening.facts, subjects, selections.row)
  const entries = [await provenEntry(trees, opening, of_opening)]
  for (const seq of publish === null ? [last_seq] : [publish.seq, last_seq])
    entries.push(await provenEntry(trees, await runEntry(reader, log, seq), new Set()))
  const proven: ProvenSubject[] = []
  for (const [i, subject] of subjects.entries())
    proven.push(await provenSubject(place, subject, i === 0 ? selections.row : selections.others[i - 1]))
  const { ledger, head, latest } = logged
  const proof: RowProof = {
    format: PROOF_FORMAT,
    ...{ ledger, log: logged.entries.map(each => each.logged), subjects: proven },
    run: { run, log, entries, ...(place.split === null ? {} : { split: place.split }) },
    ...(head.timestamps.length === 0 ? {} : { timestamps: head.timestamps }),
  }
  return { proof, head: { ...head, latest }, ...selections }
}

interface FoundEntry extends Commits {
  readonly seq: number
  readonly body: string
  readonly payload: StoredPayload | null
}

async function runEntry(
  reader: LedgerReader,
  log: number,
  seq: number,
): Promise<FoundEntry & { readonly facts: RunEntry }> {
  const stored = await reader.entry(log, seq)
  if (stored === null) throw new UnsoundRecord([`entry ${seq} isn’t there`])
  const { body } = stored
  return { ...readable(log, () => decodeRunEntry(seq, body)), seq, body, payload: await reader.payload(log, seq) }
}

/** Expressions of nodes that it came to, and the fields that its source declares, where its data is shown. */
function openingNumbers(
  { values }: Extract<RunEntry, { k: 'open' }>,
  subjects: readonly GatheredSubject[],
  { shown }: Selection,
): ReadonlySet<number> {
  const numbers = new Set<number>()
  for (const { course } of subjects) {
    const source = course.first?.origin?.source ?? 0
    const { fields } = values.nodes[source - 1] ?? {}
    if (fields !== undefined && shown.has(1)) numbers.add(fields)
    for (const { visits } of course.tokens.values())
      for (const { fact } of visits) {
        const { expressions } = values.nodes[fact.node - 1] ?? {}
        if (expressions !== undefined) numbers.add(expressions)
      }
  }
  return numbers
}

async function provenSubject(
  { part, trees }: RowPlace,
  gathered: GatheredSubject,
  selection: Selection | undefined,
): Promise<ProvenSubject> {
  const { subject, bodies, payloads, members } = gathered
  const number = subject.kind === 'row' ? subject.row : subject.batch
  const entries: ProvenEntry[] = []
  for (const [i, entry] of gathered.entries.entries()) {
    const found = { ...entry, seq: gathered.seqs[i] ?? 0, body: bodies[i] ?? '', payload: payloads[i] ?? null }
    entries.push(await provenEntry(trees, found, selection?.shown ?? new Set(), number => gathered.values.get(number)))
  }
  const path = await trees.ofLast(subject.kind, number)
  const outside = members.map(([token, row]) => [idOf(part, token), idOf(part, row)] as const)
  const shown = { kind: subject.kind, number: idOf(part, number), entries, path }
  return { ...shown, ...(members.length === 0 ? {} : { members: outside }) }
}

/** `whole`: a value that is stored as a change of another. */
async function provenEntry(
  trees: RunTrees,
  { seq, body, payload, first_value, commitments }: FoundEntry,
  shown: ReadonlySet<number>,
  whole: (number: number) => Json = () => null,
): Promise<ProvenEntry> {
  const values: ShownValue[] = []
  const decoded = payload === null ? null : decodePayload(payload)
  for (const [i] of commitments.entries()) {
    const number = first_value + i
    const [stored, salt] = [decoded?.values[i], decoded?.salts[i]]
    if (!shown.has(number) || stored === undefined || salt === undefined || stored.kind === 'erased') continue
    if (stored.kind === 'unreadable') throw keyNeeded(stored.key_id, `entry ${seq}, which the proof is to show,`)
    values.push({ number, salt: bytesToHex(salt), value: stored.kind === 'full' ? stored.value : whole(number) })
  }
  return { seq, body, path: await trees.ofEntry(seq), ...(values.length === 0 ? {} : { values }) }
}
