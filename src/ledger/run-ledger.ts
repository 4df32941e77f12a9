/**
 * One run's log, open for writing: drafts go in, commits come out.
 *
 * Errors that ended a token in a later commit than they happened in are looked up by the entries that committed to them.
 */
import type { SubjectEntry } from '../model/entry.ts'
import { CustodyError } from '../model/error.ts'
import { hexToBytes, leafHash } from '../model/hash.ts'
import { Frontier } from '../model/merkle.ts'
import type { Appended, Appender, UnresolvedError } from './appender.ts'
import { encodeRun, encodeSubject } from './encode.ts'
import { LEASE_US } from './lease.ts'
import type { LogZeroWriter } from './ledger.ts'
import type { StoredEnding, StoredEntry } from './read-port.ts'
import type { Store } from './store.ts'
import {
  type CheckpointHead,
  type LeaseChange,
  type LedgerPorts,
  NOTHING,
  type RunDraft,
  type RunLedger,
  type SubjectDraft,
  type WriteBatch,
} from './write-port.ts'

export interface RunParts {
  readonly run: string
  readonly log: number
  readonly epoch: number
  readonly store: Store
  readonly appender: Appender
  readonly log_zero: LogZeroWriter
  readonly ports: LedgerPorts
}

export class StoredRunLedger implements RunLedger {
  readonly #parts: RunParts

  constructor(parts: RunParts) {
    this.#parts = parts
  }

  get log(): number {
    return this.#parts.log
  }

  get size(): number {
    return this.#parts.appender.size
  }

  append(draft: SubjectDraft): number {
    return this.#parts.appender.append(encodeSubject(draft))
  }

  appendRun(draft: RunDraft): number {
    return this.#parts.appender.append(encodeRun(draft))
  }

  async commit(): Promise<CheckpointHead> {
    const { store, epoch, ports } = this.#parts
    return this.#durably(appended =>
      store.write(this.#batch(appended, { kind: 'keep', epoch, expires_us: ports.now_us() + LEASE_US })),
    )
  }

  drop(): void {
    this.#parts.appender.drop()
  }

  async seal(draft: RunDraft): Promise<CheckpointHead> {
    const { store, epoch, run, log, log_zero, ports } = this.#parts
    this.appendRun(draft)
    return this.#durably(appended => {
      const { size, root } = appended.checkpoint
      return log_zero({ k: 'sealed', log, run, size, root, t: ports.now_us() }, ledger =>
        store.write(this.#batch(appended, { kind: 'end', epoch }, ledger)),
      )
    })
  }

  async subjectTree(): Promise<{ readonly size: number; readonly root: string }> {
    const known = this.#parts.appender.subjectHead()
    if (known !== null) return known
    const tree = new Frontier()
    for await (const { body } of this.#parts.store.reader.lastEntries(this.log)) tree.append(leafHash(body))
    return { size: tree.size, root: tree.root() }
  }

  async renew(): Promise<void> {
    const { store, epoch, ports } = this.#parts
    await store.write(this.#batch(null, { kind: 'keep', epoch, expires_us: ports.now_us() + LEASE_US }))
  }

  async release(): Promise<void> {
    const { store, epoch } = this.#parts
    await store.write(this.#batch(null, { kind: 'release', epoch }))
  }

  async #durably(write: (appended: Appended) => Promise<void>): Promise<CheckpointHead> {
    const { appender } = this.#parts
    try {
      const appended = appender.take()
      await write(appended.unresolved.length === 0 ? appended : await this.#resolve(appended))
      appender.accept()
      return appended.checkpoint
    } catch (error) {
      appender.drop()
      throw error
    }
  }

  #batch(appended: Appended | null, lease: LeaseChange, ledger: WriteBatch['ledger'] = null): WriteBatch {
    return { ...(appended ?? NOTHING), log: this.log, lease, ledger }
  }

  async #resolve(appended: Appended): Promise<Appended> {
    const endings = [...appended.endings]
    for (const each of appended.unresolved) {
      const earlier = await this.#earlierEntries(each, appended)
      const hex = commitmentIn(earlier, each.value)
      if (hex === undefined)
        throw new CustodyError('CUSTODY_ENGINE_DEFECT', `an ending names value ${each.value}, which no entry has`)
      endings[each.ending] = { ...(endings[each.ending] as StoredEnding), error_hash: hexToBytes(hex) }
    }
    return { ...appended, endings }
  }

  /** Bodies of the subject's entries, stored and about to be. */
  async #earlierEntries({ row, batch }: UnresolvedError, appended: Appended): Promise<readonly SubjectEntryBody[]> {
    const { reader } = this.#parts.store
    const stored: StoredEntry[] = []
    if (row !== null) stored.push(...(await reader.entriesOfRow(this.log, row)))
    else for await (const each of reader.entriesOfRun(this.log)) stored.push(each)
    return [...stored, ...appended.entries]
      .filter(each => each.row === row)
      .map(each => JSON.parse(each.body) as SubjectEntryBody)
      .filter(each => row !== null || each.b === batch)
  }
}

/** What is needed here of a subject's entry: see `SubjectEntry`. */
interface SubjectEntryBody {
  readonly b?: number
  readonly c?: SubjectEntry['commitments']
  readonly w?: number
}

function commitmentIn(entries: readonly SubjectEntryBody[], value: number): string | undefined {
  for (const { c, w } of entries)
    if (c !== undefined && w !== undefined && c[value - w] !== undefined) return c[value - w]
  return undefined
}
