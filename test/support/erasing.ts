/** An erasure as it is on record: values that are absent, with a zero salt, and an entry of log 0 that says so, signed. */
import type { DatabaseSync } from 'node:sqlite'
import { checkpointText } from '../../src/format/checkpoint.ts'
import { leafHash, SALT_BYTES } from '../../src/format/hash.ts'
import { noteOf } from '../../src/format/note.ts'
import type { Signer } from '../../src/format/signing-key.ts'
import { Frontier } from '../../src/format/tree.ts'
import { canonicalize } from '../../src/model/canonical.ts'
import type { Json } from '../../src/model/row.ts'

/** Erases all values of each entry in `seqs`, or those in `places` (from 1). */
export function eraseValues(db: DatabaseSync, log: number, seqs: readonly number[], places?: readonly number[]): void {
  for (const seq of seqs) {
    const stored = db.prepare('SELECT salts, body FROM payloads WHERE log = ? AND seq = ?').get(log, seq)
    const salts = Uint8Array.from(stored?.salts as Uint8Array)
    const values = (JSON.parse(`${stored?.body}`) as Json[]).map((value, i) => {
      if (places !== undefined && !places.includes(i + 1)) return value
      salts.fill(0, i * SALT_BYTES, (i + 1) * SALT_BYTES)
      return null
    })
    db.prepare('DELETE FROM payloads WHERE log = ? AND seq = ?').run(log, seq)
    db.prepare('INSERT INTO payloads (log, seq, salts, body) VALUES (?, ?, ?, ?)').run(
      log,
      seq,
      salts,
      canonicalize(values),
    )
  }
}

/** `values`: as in the entry, `[first, last]` or `[seq, seq, place, …]`. */
export function recordErasure(db: DatabaseSync, signer: Signer, log: number, values: readonly number[][]): void {
  const bodies = db
    .prepare('SELECT body FROM entries WHERE log = 0 ORDER BY seq')
    .all()
    .map(({ body }) => `${body}`)
  const [born, last] = [bodies[0], bodies.at(-1)].map(each => JSON.parse(`${each}`))
  const run = `${db.prepare('SELECT run FROM logs WHERE log = ?').get(log)?.run}`
  bodies.push(canonicalize({ k: 'erase', log, run, t: last.t, values, z: last.z ?? '' }))
  const tree = new Frontier()
  for (const body of bodies) tree.append(leafHash(body))
  const head = { origin: `custody/${born.ledger}/0`, size: tree.size, root: tree.root() }
  const entry = db.prepare('INSERT INTO entries (log, seq, "row", body) VALUES (0, ?, NULL, ?)')
  entry.run(bodies.length - 1, bodies.at(-1) as string)
  db.prepare('UPDATE heads SET note = ? WHERE log = 0').run(noteOf(checkpointText(head), signer.signHead(head)))
}

/** All of it at once, for whole entries. */
export function erase(db: DatabaseSync, signer: Signer, log: number, seqs: readonly number[]): void {
  eraseValues(db, log, seqs)
  recordErasure(
    db,
    signer,
    log,
    seqs.map(seq => [seq, seq]),
  )
}
