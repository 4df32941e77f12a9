/**
 * A record, and a proof of a row, made of what is stored in a ledger as it stands, whether or not it holds together: as somebody with a
 * program of their own could make them. No value is in them.
 */

import { leafHash, nodeHash } from '../../src/format/hash.ts'
import { type ProvenEntry, type ProvenSubject, proofText } from '../../src/format/proof.ts'
import { tlogProofText } from '../../src/format/tlog-proof.ts'
import { canonicalize } from '../../src/model/canonical.ts'
import type { Hash } from '../../src/model/sha256.ts'
import type { Body, Forger } from './forger.ts'

const bodiesOf = (forger: Forger, log: number): readonly string[] =>
  forger.all('SELECT body FROM entries WHERE log = ? ORDER BY seq', log).map(each => `${each.body}`)

export function headOf(forger: Forger): string {
  return `${forger.all('SELECT note FROM heads WHERE log = 0')[0]?.note}`
}

/** `parts`: of which of its splits the record has the logs, in order. */
export function madeRecord(forger: Forger, log: number, parts: readonly number[] = []): string {
  const [ledger, entries] = [bodiesOf(forger, 0), bodiesOf(forger, log)]
  const run = `${forger.all('SELECT run FROM logs WHERE log = ?', log)[0]?.run}`
  const of_splits = parts.map(part => bodiesOf(forger, log + part))
  const splits = parts.length === 0 ? {} : { splits: of_splits.map(each => each.length) }
  const header = {
    ...{ format: 'custody-record/1', ledger: forger.body(0, 0).ledger ?? '', ledger_entries: ledger.length },
    ...{ checkpoint: headOf(forger), run: { run, log, entries: entries.length, ...splits } },
  }
  return `${[canonicalize(header), ...ledger, ...entries, ...of_splits.flat()].join('\n')}\n`
}

/** `part`: of the split in which the row is, if the run has some, of which there are so many; `row`: its number there. */
export function madeProof(forger: Forger, log: number, row: number, part = 0, splits = 0): string {
  const [ledger, own_entries] = [bodiesOf(forger, 0), bodiesOf(forger, log)]
  const whole = bodiesOf(forger, log + part)
  const entries = part === 0 ? whole : whole.slice(0, -1)
  const ids = part * 2 ** 32
  const facts = entries.map(each => JSON.parse(each) as Body)
  const [leaves, log_zero] = [entries.map(leafHash), ledger.map(leafHash)]
  const proven = (seq: number): ProvenEntry => ({ seq, body: entries[seq] ?? '', path: pathIn(leaves, seq) })
  const own_leaves = own_entries.map(leafHash)
  const ownProven = (seq: number) => ({ seq, body: own_entries[seq] ?? '', path: pathIn(own_leaves, seq) })
  const subject = (kind: 'row' | 'batch', number: number): ProvenSubject => {
    const key = kind === 'row' ? 'r' : 'b'
    const last = new Map<number, Hash>()
    for (const [seq, each] of facts.entries())
      if (each[key] !== undefined) last.set(Number(each[key]), leaves[seq] ?? '')
    const tree = [...last].toSorted(([a], [b]) => a - b).map(([, leaf]) => leaf)
    // From the one that is last back to the first: a second story isn't among them.
    const own: number[] = []
    let at = facts.findLastIndex(each => each[key] === number)
    for (; at >= 0; at = Number(facts[at]?.p ?? -1)) own.unshift(at)
    const members = (kind === 'row' ? [] : membersOf(facts, number)).map(([a, b]) => [a + ids, b + ids] as const)
    const shown = { kind, number: number + ids, entries: own.map(proven), path: pathIn(tree, number - 1) }
    return members.length === 0 ? shown : { ...shown, members }
  }
  const holds = facts.filter(each => each.r === row).flatMap(each => (each.h ?? []) as number[][])
  const batches = [...new Set(holds.flatMap(([, , , , batch]) => batch ?? []))]
  const said = ledger.flatMap((text, index) => {
    const { k, log: of } = JSON.parse(text) as Body
    const belongs = index === 0 || k === 'key' || (of === log && (k === 'opened' || k === 'sealed' || k === 'erase'))
    return belongs
      ? [{ body: text, proof: tlogProofText({ index, path: pathIn(log_zero, index), checkpoint: headOf(forger) }) }]
      : []
  })
  const published = own_entries.findIndex(each => (JSON.parse(each) as Body).k === 'publish')
  const own = [0, ...(published < 0 ? [] : [published]), own_entries.length - 1]
  const ends = Array.from({ length: splits }, (_, i) => leafHash(bodiesOf(forger, log + i + 1).at(-1) ?? ''))
  const split = { part, close: whole.at(-1) ?? '', path: pathIn(ends, part - 1) }
  const run = `${forger.all('SELECT run FROM logs WHERE log = ?', log)[0]?.run}`
  return proofText({
    ...{ format: 'custody-proof/1', ledger: `${forger.body(0, 0).ledger}`, log: said },
    run: { run, log, entries: own.map(ownProven), ...(part === 0 ? {} : { split }) },
    subjects: [subject('row', row), ...batches.map(each => subject('batch', each))],
  })
}

/** Of which rows the members of a batch are. */
function membersOf(facts: readonly Body[], batch: number): ReadonlyArray<readonly [number, number]> {
  const found = facts.flatMap(each =>
    ((each.h ?? []) as number[][]).flatMap(([token = 0, , , , of]) =>
      of === batch ? [[token, Number(each.r)] as const] : [],
    ),
  )
  return found.toSorted(([a], [b]) => a - b)
}

/** Inclusion proof (RFC 6962, section 2.1.1), the leaf's sibling first. */
function pathIn(leaves: readonly Hash[], index: number): readonly Hash[] {
  if (leaves.length <= 1) return []
  const left = largestPowerBelow(leaves.length)
  return index < left
    ? [...pathIn(leaves.slice(0, left), index), rootOf(leaves.slice(left))]
    : [...pathIn(leaves.slice(left), index - left), rootOf(leaves.slice(0, left))]
}

function rootOf(leaves: readonly Hash[]): Hash {
  if (leaves.length === 1) return leaves[0] ?? ''
  const left = largestPowerBelow(leaves.length)
  return nodeHash(rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left)))
}

function largestPowerBelow(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

/** Consistency proof (RFC 6962, section 2.1.2) between two sizes of log 0, as far as one can be made. */
export function consistencyOf(forger: Forger, old_size: number): readonly Hash[] {
  const leaves = bodiesOf(forger, 0).map(leafHash)
  const proof = (of: readonly Hash[], from: number, is_whole: boolean): readonly Hash[] => {
    if (from === of.length) return is_whole ? [] : [rootOf(of)]
    const left = largestPowerBelow(of.length)
    return from <= left
      ? [...proof(of.slice(0, left), from, is_whole), rootOf(of.slice(left))]
      : [...proof(of.slice(left), from - left, false), rootOf(of.slice(0, left))]
  }
  return old_size >= leaves.length || old_size === 0 ? [] : proof(leaves, old_size, true)
}
