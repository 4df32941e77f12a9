/** Whole proofs and records, honest and tampered with, and what is to be said of each. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkpointIn, checkpointText } from '../../src/format/checkpoint.ts'
import { makeCosigner } from '../../src/format/cosigning-key.ts'
import { parsePolicy } from '../../src/format/policy.ts'
import { proofText, type RowProof } from '../../src/format/proof.ts'
import { makeSigner } from '../../src/format/signing-key.ts'
import { parseTlogProof, tlogProofText } from '../../src/format/tlog-proof.ts'
import { parseVerifierKey, utf8 } from '../../src/format/verifier-key.ts'
import { openLedger, openLedgerReader } from '../../src/ledger/open.ts'
import { canonicalize } from '../../src/model/canonical.ts'
import { isCustodyError } from '../../src/model/error.ts'
import type { Json } from '../../src/model/row.ts'
import { checkProof } from '../../src/read/check/check-proof.ts'
import { checkRecord } from '../../src/read/check/check-record.ts'
import { CheckedReader } from '../../src/read/evidence/checked-reader.ts'
import { proveRow } from '../../src/read/prove/prove.ts'
import type { Model } from '../simulation/model.ts'
import { testPorts } from '../support/ledger.ts'
import { type Body, recorded, recordParts, signedAnew } from '../support/records.ts'
import { runModel, simulatedRun } from '../support/simulated-ledger.ts'

export interface EvidenceVector {
  readonly what: string
  readonly kind: 'row' | 'record'
  /** Of a record unpacked. */
  readonly file: string
  readonly keys: readonly string[]
  /** A policy that is demanded. */
  readonly policy?: string
  /** null: it can't be read. */
  readonly expected: {
    readonly ok: boolean
    readonly trust: string
    readonly proven: readonly string[]
    /** Where all that is shown of the run is shown to be of it, whatever its values are: what stands behind a step that failed isn't counted. */
    readonly withheld?: number
    /** Entries that revoked all keys on which its trust rests; absent if there are others. */
    readonly rests_on?: readonly number[]
  } | null
}

const MODEL: Model = {
  sources: [{ name: 'letters', to: 'tier', on_invalid: 'bad', values: [3, 5, null, 6, 9, 4] }],
  nodes: [
    { kind: 'gate', name: 'tier', mod: 3, broken: 9, routes: ['sums', 'low', 'low'], on_error: 'bad' },
    {
      kind: 'aggregate',
      name: 'sums',
      count: 2,
      operation: 'sum',
      broken: 0,
      later: false,
      to: 'low',
      on_error: 'bad',
    },
  ],
  sinks: [
    { name: 'bad', rejects: 0, on_error: 'discard' },
    { name: 'low', rejects: 0, on_error: 'bad' },
  ],
}

const { signer } = testPorts()
const OWN = signer.verifier_keys
const HEIR = makeSigner('heir', new Uint8Array(32).fill(8))
const STRANGER = makeSigner('stranger', new Uint8Array(32).fill(7)).verifier_keys

export async function evidenceVectors(): Promise<readonly EvidenceVector[]> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-vectors-'))
  try {
    const url = `sqlite:${join(folder, 'custody.db')}`
    await runModel(url, MODEL, 1)
    const [proof, record, ledger] = [await proofOf(url, 1), await recorded(url, 1), await recorded(url, null)]
    const [batched, shared] = [await proofOf(url, 4), await proofOf(url, 4, true)]
    const disclosing = await recorded(url, 1, [{ of: 'plan' }])
    await revoke(url)
    const revoked = { proof: await proofOf(url, 1), record: await recorded(url, 1) }
    const all = [
      ...[...proofs(proof, batched, shared), ...records(record, ledger)],
      ...[...disclosed(disclosing), ...ofRevoked(revoked), ...witnessedByKeys(proof)],
    ]
    return await Promise.all(all.map(async each => ({ ...each, expected: await expectedOf(each) })))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Given = Omit<EvidenceVector, 'expected'>

const HOUR_US = 3_600_000_000
const CHANGED = (text: string) => text.replace('"value":{"', '"value":{"a":1,"')

function proofs(proof: RowProof, batched: RowProof, shared: RowProof): readonly Given[] {
  const of = (what: string, file: string, keys = OWN): Given => ({ what, kind: 'row', file, keys })
  const text = proofText(proof)
  const whole = proofText(shared)
  const edited = (change: (copy: Editable) => void, of = text) => {
    const copy = JSON.parse(of) as Editable
    change(copy)
    return `${canonicalize(copy as unknown as Json)}\n`
  }
  return [
    of('a proof', text),
    of('one of a row that went into a batch', proofText(batched)),
    of('by a key that isn’t trusted', text, STRANGER),
    of('by no key', text, []),
    of(
      'a value left out',
      edited(copy => delete copy.subjects[0]?.entries[0]?.values),
    ),
    of('a value changed', CHANGED(text)),
    of('one with the values of its batch', whole),
    of('of that, the value of the row changed', CHANGED(whole)),
    of('and that of the batch left out', CHANGED(edited(copy => delete copy.subjects[1]?.entries[0]?.values, whole))),
    of(
      'a salt changed',
      text.replace(/"salt":"./, hit => `${hit.slice(0, -1)}${hit.endsWith('0') ? '1' : '0'}`),
    ),
    of('a number of an entry changed', text.replace('\\"o\\":0', '\\"o\\":1')),
    of(
      'an entry left out',
      edited(copy => copy.subjects[0]?.entries.pop()),
    ),
    of(
      'another row',
      edited(copy => Object.assign(copy.subjects[0] ?? {}, { number: 2 })),
    ),
    of(
      'the seal left out',
      edited(copy => copy.run.entries.pop()),
    ),
    of(
      '`sealed` left out',
      edited(copy => copy.log.pop()),
    ),
    of(
      'a hash of a path changed',
      edited(copy => copy.subjects[0]?.path.reverse()),
    ),
    of(
      'another root in the checkpoint',
      text.replaceAll(/\/0\\n(\d+)\\n./g, hit => `${hit.slice(0, -1)}${hit.endsWith('A') ? 'B' : 'A'}`),
    ),
    of(
      'an unknown key',
      edited(copy => Object.assign(copy, { extra: 1 })),
    ),
    of('without its newline', text.slice(0, -1)),
    of('not canonical', text.replace('{', '{ ')),
    of('an empty file', ''),
  ]
}

function records(record: string, ledger: string): readonly Given[] {
  const of = (what: string, file: string, keys = OWN): Given => ({ what, kind: 'record', file, keys })
  const parts = recordParts(record)
  /** The holder of the key signs it anew, with one entry changed. */
  const forged = (is: (entry: Body) => boolean, change: (entry: Body) => Body) => {
    const seq = parts.entries.findIndex(is)
    return signedAnew({ ...parts, entries: parts.entries.with(seq, change(parts.entries[seq] ?? {})) })
  }
  const lines = record.split('\n')
  return [
    of('a record', record),
    of('one of the ledger’s own log', ledger),
    of('by a key that isn’t trusted', record, STRANGER),
    of('signed anew, with nothing changed', signedAnew(parts)),
    of('a line left out', [...lines.slice(0, 3), ...lines.slice(4)].join('\n')),
    of(
      'two lines swapped',
      lines
        .with(6, lines[7] ?? '')
        .with(7, lines[6] ?? '')
        .join('\n'),
    ),
    of('a line more', `${record}{}\n`),
    of('without its newline', record.slice(0, -1)),
    of('an entry changed', record.replace('"o":0', '"o":1')),
    of(
      'made up: a row ends otherwise',
      forged(
        each => each.e !== undefined,
        each => ({ ...each, e: (each.e as number[][]).map(e => e.with(1, e[1] === 1 ? 2 : 1)) }),
      ),
    ),
    of(
      'made up: a batch lacks a member',
      forged(
        each => each.b !== undefined && each.d !== undefined,
        each => ({ ...each, d: (each.d as number[][]).map(d => d.slice(0, -1)) }),
      ),
    ),
    of(
      'made up: a count of the seal',
      forged(
        each => each.k === 'seal',
        each => ({ ...each, totals: { ...(each.totals as Body), groups: 7 } }),
      ),
    ),
    of(
      'made up: a second story of a row',
      signedAnew({ ...parts, entries: parts.entries.toSpliced(1, 0, parts.entries[1] ?? {}) }),
    ),
    of(
      'made up: a time before the one of the entry before it',
      forged(
        each => each.r === 1,
        each => ({ ...each, t: Number(each.t) - HOUR_US }),
      ),
    ),
  ]
}

function disclosed(record: string): readonly Given[] {
  const of = (what: string, file: string): Given => ({ what, kind: 'record', file, keys: OWN })
  return [
    of('a record that discloses a value', record),
    of('the value that is disclosed changed', CHANGED(record)),
    of(
      'its salt changed',
      record.replace(/"salt":"./, hit => `${hit.slice(0, -1)}${hit.endsWith('0') ? '1' : '0'}`),
    ),
  ]
}

/** From now on the heads of the ledger are signed by another key: whoever has the first one may be a thief. */
async function revoke(url: string): Promise<void> {
  const ledger = await openLedger(url, testPorts('revoking'), { create: false, changes_keys: true })
  await ledger.changeKeys('add', HEIR.verifier_keys, [signer, HEIR])
  await ledger.changeKeys('revoke', OWN, [HEIR])
  await ledger.close()
}

/** With heads above the revocation. */
function ofRevoked({ proof, record }: { readonly proof: RowProof; readonly record: string }): readonly Given[] {
  const thief = (text: string) => text.replaceAll(/\\n\\n— .*?\\n(?=")/g, `\\n\\n${thiefs(proof)}`)
  const rows = (what: string, file: string, keys: readonly string[]): Given => ({ what, kind: 'row', file, keys })
  const all = (what: string, file: string, keys: readonly string[]): Given => ({ what, kind: 'record', file, keys })
  const text = proofText(proof)
  return [
    rows('a proof above the revocation of a key, by that which came after it', text, HEIR.verifier_keys),
    rows('the same by the revoked key alone', text, OWN),
    rows('the same by both', text, [...OWN, ...HEIR.verifier_keys]),
    rows('a thief of the revoked key signs above the revocation', thief(text), OWN),
    all('a record above the revocation, by the key that came after it', record, HEIR.verifier_keys),
    all('the same by the revoked key alone', record, OWN),
    all('a thief of the revoked key signs a record above the revocation', thief(record), OWN),
  ]
}

type KeySeeds = Parameters<typeof makeCosigner>[1]

/** Cosigned by a key, and that as witness in a policy. */
function witnessedByKeys(proof: RowProof): readonly Given[] {
  const of = (what: string, by: KeySeeds): Given => {
    const cosigner = makeCosigner('witness.example/w', by)
    const log = proof.log.map(({ body, proof: text }) => {
      const { index = 0, path = [], checkpoint = '' } = parseTlogProof(text) ?? {}
      const head = checkpointIn(checkpoint)
      const lines = cosigner.cosign(checkpointText(head), head, 1_800_000_000).map(line => `— ${line}\n`)
      return { body, proof: tlogProofText({ index, path, checkpoint: `${checkpoint}${lines.join('')}` }) }
    })
    const policy = `witness w ${cosigner.keys[0]?.text}\nquorum w\n`
    return { what, kind: 'row', file: proofText({ ...proof, log }), keys: OWN, policy }
  }
  return [
    of('cosigned by a witness', { ed25519: new Uint8Array(32).fill(21) }),
    of('the witness has the ledger’s own key', { ed25519: new Uint8Array(32).fill(9) }),
  ]
}

/** Signature lines of the head of a proof by the key that was revoked, as JSON has them. */
function thiefs(proof: RowProof): string {
  const head = checkpointIn(parseTlogProof(proof.log[0]?.proof ?? '')?.checkpoint ?? '')
  const lines = signer.signHead(head).map(each => `— ${each}\n`)
  return JSON.stringify(lines.join('')).slice(1, -1)
}

async function expectedOf({ kind, file, keys, policy: text }: Given): Promise<EvidenceVector['expected']> {
  const trusted = keys.map(parseVerifierKey)
  const trusting = { trusted, policy: text === undefined ? null : parsePolicy(utf8(text)) }
  async function* whole() {
    yield file
  }
  try {
    const {
      ok,
      trust,
      proven,
      rests_on = [],
      checks,
      withheld,
    } = await (kind === 'row' ? checkProof(file, trusting) : checkRecord(whole(), trusting))
    const counts = checks.every(each => each.ok || ['trust', 'values'].includes(each.name))
    return {
      ...{ ok, trust, proven: ok ? proven.map(each => each.what) : [], ...(counts ? { withheld } : {}) },
      ...(rests_on.length === 0 ? {} : { rests_on: rests_on.map(each => each.entry) }),
    }
  } catch (error) {
    if (isCustodyError(error) && error.code === 'CUSTODY_PROOF_UNREADABLE') return null
    throw error
  }
}

async function proofOf(url: string, row: number, include_shared = false): Promise<RowProof> {
  const inner = await openLedgerReader(url)
  try {
    return await inner.snapshot(async () => {
      const reader = new CheckedReader(inner, { remembered: null })
      const { tree, logged } = await reader.check(1)
      const options = { withhold: [], only_exact: false, include_shared }
      return (await proveRow(reader, { log: 1, run: simulatedRun(1), tree, logged }, row, options)).proof
    })
  } finally {
    await inner.close()
  }
}

/** As much of a proof as is edited here. */
interface Editable {
  readonly log: Json[]
  readonly run: { readonly entries: Json[] }
  readonly subjects: ReadonlyArray<{ readonly entries: { values?: Json }[]; readonly path: Json[] }>
}
