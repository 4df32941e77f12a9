/**
 * A ledger and an intruder who can change anything in its file. All of it happens in transactions that are rolled back, on
 * the connection that the verifier reads from.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { expect } from 'vitest'
import { checkpointText } from '../../src/format/checkpoint.ts'
import { leafHash } from '../../src/format/hash.ts'
import { noteOf } from '../../src/format/note.ts'
import type { Signer } from '../../src/format/signing-key.ts'
import { Frontier } from '../../src/format/tree.ts'
import { parseVerifierKey } from '../../src/format/verifier-key.ts'
import { SqliteReader } from '../../src/ledger/sqlite/reader.ts'
import { canonicalize } from '../../src/model/canonical.ts'
import type { Json } from '../../src/model/row.ts'
import { type VerifyResult, verifyLedger } from '../../src/read/verify/verify.ts'
import { testPorts } from './ledger.ts'

export const TABLES = ['logs', 'entries', 'payloads', 'endings', 'open_tokens', 'tiles', 'heads', 'leases'] as const
export type Table = (typeof TABLES)[number]

export type TableRow = { [column: string]: SQLInputValue }
/** An entry as JSON. */
export type Body = { [key: string]: Json }

export class Forger {
  /** The key that the ledger was signed with. */
  readonly signer: Signer = testPorts().signer
  readonly keys = [parseVerifierKey(this.signer.verifier_key)]
  readonly db: DatabaseSync
  readonly reader: SqliteReader
  readonly #folder: string
  readonly #in_both_ways_each: number

  private constructor(folder: string, path: string, in_both_ways_each: number) {
    this.#folder = folder
    this.#in_both_ways_each = in_both_ways_each
    this.db = new DatabaseSync(path)
    // So does an intruder.
    this.db.exec('PRAGMA ignore_check_constraints = ON')
    this.reader = new SqliteReader(this.db, `sqlite:${path}`)
    const expected = this.reader.expectedObjects()
    this.reader.expectedObjects = () => expected
  }

  /**
   * `make` makes the ledger at the URL that it is given, with the key of `testPorts`. One of `in_both_ways_each` looks of `after` is by a
   * verifier that keeps little, too.
   */
  static async of(make: (url: string) => Promise<void>, in_both_ways_each = 1): Promise<Forger> {
    const folder = mkdtempSync(join(tmpdir(), 'custody-forger-'))
    const path = join(folder, 'custody.db')
    await make(`sqlite:${path}`)
    return new Forger(folder, path, in_both_ways_each)
  }

  /** A copy of the ledger as it stands, to be changed for good. Closed, and gone, with `close`. */
  copy(): Forger {
    const folder = mkdtempSync(join(tmpdir(), 'custody-forger-'))
    const path = join(folder, 'custody.db')
    this.db.exec(`VACUUM INTO '${path}'`)
    const copy = new DatabaseSync(path)
    copy.exec('PRAGMA journal_mode = WAL')
    copy.close()
    return new Forger(folder, path, this.#in_both_ways_each)
  }

  get url(): string {
    return this.reader.url
  }

  /** All that the ledger holds, as text. */
  contents(): string {
    return JSON.stringify(
      TABLES.map(table => this.all(`SELECT * FROM ${table} ORDER BY 1, 2`)),
      (_, value) => (typeof value === 'bigint' ? `${value}` : value),
    )
  }

  /** Changes the ledger, and leaves it so. */
  change(tamper: () => void): void {
    const { db } = this
    db.exec('BEGIN')
    const triggers = this.all("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`)
    tamper()
    for (const { sql } of triggers) db.exec(`${sql}`)
    db.exec('COMMIT')
  }

  /** The file as it lies on the disk. */
  bytes(): Buffer {
    this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return readFileSync(this.reader.url.slice('sqlite:'.length))
  }

  close(): void {
    this.db.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  all(sql: string, ...values: SQLInputValue[]): TableRow[] {
    return this.db.prepare(sql).all(...values) as TableRow[]
  }

  /** Runs a statement that must change something. */
  run(sql: string, ...values: SQLInputValue[]): void {
    expect(this.db.prepare(sql).run(...values).changes, sql).toBeGreaterThan(0)
  }

  #looks = 0

  /** What `verify` says after `tamper`, which is undone then. Triggers are out of its way, and back before anybody looks. */
  after(tamper: () => void, trusted = this.keys): Promise<VerifyResult> {
    return this.within(tamper, async () => {
      const result = await verifyLedger(this.reader, { keys: trusted })
      // Of what waits no more than a text may be kept: nothing else is found then.
      if (this.#looks++ % this.#in_both_ways_each === 0)
        expect(await verifyLedger(this.reader, { keys: trusted, kept_whole: 0 })).toEqual(result)
      return result
    })
  }

  /** What `look` finds after `tamper`, which is undone then. */
  async within<T>(tamper: () => void, look: () => Promise<T>): Promise<T> {
    const { db } = this
    db.exec('BEGIN')
    try {
      const triggers = this.all("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
      for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`)
      tamper()
      for (const { sql } of triggers) db.exec(`${sql}`)
      return await look()
    } finally {
      db.exec('ROLLBACK')
    }
  }

  async problems(tamper: () => void, trusted = this.keys): Promise<string[]> {
    return problemTexts(await this.after(tamper, trusted))
  }

  body(log: number, seq: number): Body {
    return JSON.parse(`${this.all('SELECT body FROM entries WHERE log = ? AND seq = ?', log, seq)[0]?.body}`) as Body
  }

  put(log: number, seq: number, body: Body): void {
    this.run('UPDATE entries SET body = ? WHERE log = ? AND seq = ?', canonicalize(body), log, seq)
  }

  /** The first entry of log 1 that ends a token with this fate. */
  withFate(fate: number): { seq: number; body: Body; token: number; row: number } {
    const [ending] = this.all('SELECT token, seq, row FROM endings WHERE log = 1 AND fate = ? ORDER BY token', fate)
    const seq = Number(ending?.seq)
    return { seq, body: this.body(1, seq), token: Number(ending?.token), row: Number(ending?.row) }
  }

  /** Size and root of the tree of a log's stored entries. */
  treeOf(log: number): { size: number; root: string } {
    return treeOf(this.all('SELECT body FROM entries WHERE log = ? ORDER BY seq', log))
  }

  /** Rebuilds a log's tree from its entries, and signs its root. */
  resign(log: number, by: Signer): { size: number; root: string } {
    const head = this.treeOf(log)
    const signed = { origin: `custody/${this.body(0, 0).ledger}/${log}`, ...head }
    const text = checkpointText(signed)
    const note = log === 0 ? noteOf(text, by.signHead(signed)) : by.sign(text)
    this.run('UPDATE heads SET note = ? WHERE log = ?', note, log)
    return head
  }

  /** Rewrites all that follows from the entries of log 1: the seal's tree, the head, what log 0 says, and its head. */
  rebuild(by: Signer): void {
    const seal = this.#seqOf(1, 'seal')
    if (seal !== null) {
      const rows = this.all(
        'SELECT body, max(seq) FROM entries WHERE log = 1 AND row IS NOT NULL GROUP BY row ORDER BY row',
      )
      const batches = this.all(
        'SELECT body, max(seq) FROM entries WHERE log = 1 AND batch IS NOT NULL GROUP BY batch ORDER BY batch',
      )
      this.put(1, seal, { ...this.body(1, seal), subjects: { rows: treeOf(rows), batches: treeOf(batches) } })
    }
    const opened = this.#seqOf(0, 'opened') as number
    const root = treeOf(this.all('SELECT body FROM entries WHERE log = 1 AND seq = 0')).root
    this.put(0, opened, { ...this.body(0, opened), root })
    const head = this.resign(1, by)
    const said = `SELECT seq FROM entries WHERE log = 0 AND body LIKE '%"k":"progress","log":1,%'`
    for (const { seq } of this.all(said)) {
      const progress = Number(seq)
      const body = this.body(0, progress)
      const first = this.all('SELECT body FROM entries WHERE log = 1 AND seq < ? ORDER BY seq', Number(body.size))
      this.put(0, progress, { ...body, ...treeOf(first) })
    }
    const sealed = this.#seqOf(0, 'sealed')
    if (sealed !== null) this.put(0, sealed, { ...this.body(0, sealed), ...head })
    this.resign(0, by)
  }

  /** The first entry of a kind. */
  #seqOf(log: number, kind: string): number | null {
    const [found] = this.all(
      `SELECT seq FROM entries WHERE log = ? AND body LIKE ? ORDER BY seq`,
      log,
      `%"k":"${kind}"%`,
    )
    return found === undefined ? null : Number(found.seq)
  }
}

function treeOf(entries: readonly TableRow[]): { size: number; root: string } {
  const tree = new Frontier()
  for (const { body } of entries) tree.append(leafHash(`${body}`))
  return { size: tree.size, root: tree.root() }
}

/** Problems of all checks, each once, behind the check's name. */
export function problemTexts(result: VerifyResult): string[] {
  const checks = [...result.runs.flatMap(each => each.checks), ...result.ledger.checks]
  const problems = checks.flatMap(({ name, problems: found }) => found.map(each => `${name}: ${each}`))
  expect(result.ok).toBe(problems.length === 0)
  return [...new Set(problems)]
}
