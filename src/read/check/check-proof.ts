/**
 * Checks the proof of a row (docs/proof-format.md) with nothing at hand but its file and the reader's keys, and tells the row's story. No I/O: it
 * runs in a browser, too.
 *
 * CHECK-PROOF-1. Each step stands on the one before; what a step that failed would have shown is neither claimed nor shown.
 * CHECK-PROOF-2. Nothing is claimed by keys that the reader doesn't trust.
 */
import type { ProvenSubject, RowProof } from '../../format/proof.ts'
import type { Story } from '../explain/story.ts'
import { Telling } from '../explain/telling.ts'
import { Check, type CheckResult } from '../verify/check.ts'
import type { RevokedJson } from '../verify/keys.ts'
import { claimsOf, notProven } from './claims.ts'
import { heldByProofs } from './held-entries.ts'
import { checkLogPart, checkSince, type LogPart } from './log-part.ts'
import { parseProof } from './parse.ts'
import { checkRunPart, type RunPart } from './run-part.ts'
import { sceneOf } from './scene.ts'
import { absentAs } from './subject-part.ts'
import { SubjectParts } from './subjects.ts'
import { type CheckOptions, type Claim, NOBODYS, type TrustKind, wordChecks, wordJson } from './word.ts'

export interface CheckedProof {
  readonly ok: boolean
  readonly trust: TrustKind
  /** Of the ledger's own log; null if it can't be read. */
  readonly head: { readonly ledger: string; readonly size: number; readonly root: string } | null
  /** By when the head existed, as others say whom the reader trusts, and who they are; absent if nobody does. ISO 8601, UTC. */
  readonly as_of?: string
  readonly as_of_by?: readonly string[]
  /** Keys that were revoked, on which alone it rests whose word this is; absent if there are others. */
  readonly rests_on?: readonly RevokedJson[]
  readonly kind: 'row'
  readonly run: string
  readonly row: number
  readonly proven: readonly Claim[]
  readonly not_proven: readonly string[]
  /** Values of the row, and of what it went into, that are neither shown nor erased. What is shown and isn't what was recorded isn't withheld. */
  readonly withheld: number
  readonly checks: readonly CheckResult[]
  /** null if its entries aren't shown to be all. */
  readonly story: Story | null
  /** The keys in force that have signed, as `name+hash`, whether or not they are trusted. */
  readonly signed_by: readonly string[]
}

const STEPS = [
  ...(['log', 'signatures', 'witnesses', 'trust', 'timestamps', 'since'] as const),
  ...(['run', 'entries', 'story', 'values'] as const),
] as const
type Checks = { readonly [step in (typeof STEPS)[number]]: Check }

/**
 * @param file the text of the file
 * @throws CustodyError CUSTODY_PROOF_UNREADABLE
 */
export async function checkProof(file: string, options: CheckOptions): Promise<CheckedProof> {
  const proof = parseProof(file)
  // cast: each step has its check.
  const checks = Object.fromEntries(STEPS.map(step => [step, new Check(step)])) as unknown as Checks
  const log = logPartOf(proof, options, checks)
  const word = log?.word ?? null
  const run = log === null ? null : checkRunPart(proof.run, log, checks)
  if (run === null) for (const step of ['entries', 'story', 'values'] as const) checks[step].leave()
  const subjects = run === null ? null : SubjectParts.check(proof.subjects, run, checks)
  if (subjects !== null && subjects.all.length < proof.subjects.length) checks.story.leave()
  const story = run === null || subjects === null ? null : await storyOf(run, subjects, proof.subjects, checks)
  const claims = log === null || log.word.trust === 'none' ? [] : claimsOf(log, run, subjects, checks.story.ok)
  const results = [
    ...[checks.log, ...wordChecks(checks, word, proof.timestamps ?? [], options)],
    ...((options.since ?? null) === null ? [] : [checks.since]),
    ...[checks.run, checks.entries, checks.story, checks.values],
  ].map(each => each.result())
  return {
    ok: results.every(each => each.ok),
    ...wordJson(word, true),
    head: log === null ? null : { ledger: log.ledger, size: log.head.size, root: log.head.root },
    kind: 'row',
    run: proof.run.run,
    row: proof.subjects[0]?.number ?? 0,
    proven: claims,
    not_proven: [...(word?.open ?? [NOBODYS]), ...notProven(run, subjects)],
    withheld: (subjects?.all ?? []).reduce((sum, { absent }) => sum + absentAs('withheld', absent).length, 0),
    checks: results,
    story,
    signed_by: word?.signed_by ?? [],
  }
}

function logPartOf(proof: RowProof, options: CheckOptions, checks: Checks): LogPart | null {
  const { since = null } = options
  const held = heldByProofs(proof.log, checks.log)
  const log = held === null ? null : checkLogPart(held.entries, held.note, proof.timestamps ?? [], options, checks)
  if (log !== null && log.ledger !== proof.ledger)
    checks.log.add(`it is the log of ledger ${log.ledger}, not of ${proof.ledger}`)
  if (held !== null && log !== null && checks.log.ok) {
    if (since !== null) checkSince(since, log, held.entries, checks.since)
    return log
  }
  for (const step of ['since', 'run'] as const) checks[step].leave()
  return null
}

async function storyOf(
  run: RunPart,
  subjects: SubjectParts,
  proven: readonly ProvenSubject[],
  checks: Checks,
): Promise<Story | null> {
  const [row] = subjects.all
  if (row === undefined || row.subject.kind !== 'row' || row.subject.row !== proven[0]?.number) return null
  return new Telling(subjects, sceneOf(run, checks.values)).of(row)
}
