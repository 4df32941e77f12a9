/**
 * The index of a ledger: a folder beside it, `custody.db-index`, with a folder for each run. It is derived from the ledger, and may be
 * removed at any time.
 *
 * INDEX-FOLDER-1. A segment is put in its place by a change of its name, from a file in the run's folder; what is forgotten of a run goes with its
 *     folder, by a change of the folder's name. Whichever is first: behind it nothing stands there that was read before.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { besideLedger } from '../../ledger/beside.ts'
import { CustodyError } from '../../model/error.ts'
import { isMissing } from './missing.ts'

export function indexFolder(url: string): string {
  return `${besideLedger(url)}-index`
}

/** Of a run's entries, from one up to but without the other. */
export interface SegmentName {
  readonly path: string
  readonly from: number
  readonly end: number
}

const SEGMENT = /^(\d{1,15})-(\d{1,15})\.segment$/
const GONE = 'gone-'
const TROUBLE = 'trouble'

export class RunFolder {
  readonly #index: string
  readonly #folder: string

  constructor(index: string, run: string) {
    this.#index = index
    this.#folder = join(index, run)
  }

  /** Those that are one behind the other, from entry 0 on: of several from the same entry the longest. */
  chain(): readonly SegmentName[] {
    const longest = new Map<number, SegmentName>()
    for (const segment of this.all()) {
      const other = longest.get(segment.from)
      if (other === undefined || other.end < segment.end) longest.set(segment.from, segment)
    }
    const chain: SegmentName[] = []
    for (let next = longest.get(0); next !== undefined; next = longest.get(next.end)) {
      chain.push(next)
      if (next.end <= next.from) return []
    }
    return chain
  }

  all(): readonly SegmentName[] {
    return namesIn(this.#folder).flatMap(name => {
      const [, from, end] = SEGMENT.exec(name) ?? []
      return from === undefined ? [] : [{ path: join(this.#folder, name), from: Number(from), end: Number(end) }]
    })
  }

  /** Where a segment may be written before it is given its place. */
  draft(): string {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    return join(this.#folder, `draft-${randomBytes(6).toString('hex')}`)
  }

  /** False: what was known of the run was forgotten meanwhile. */
  place(draft: string, from: number, end: number): boolean {
    try {
      renameSync(draft, join(this.#folder, `${from}-${end}.segment`))
      return true
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  remove(segments: Iterable<SegmentName>): void {
    for (const { path } of segments) rmSync(path, { force: true })
  }

  /** What processes that are gone left half written. Whoever calls it is the only one who builds. */
  removeDrafts(): void {
    for (const name of namesIn(this.#folder))
      if (name.startsWith('draft-')) rmSync(join(this.#folder, name), { force: true })
  }

  /** Why it can't be built; null where nothing is in the way. */
  get trouble(): string | null {
    try {
      return readFileSync(join(this.#folder, TROUBLE), 'utf8')
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  set trouble(what: string | null) {
    const path = join(this.#folder, TROUBLE)
    if (what === null) rmSync(path, { force: true })
    else {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      writeFileSync(path, what, { mode: 0o600 })
    }
  }

  /** Nothing is left of it when this returns. */
  forget(): void {
    const gone = join(this.#index, `${GONE}${randomBytes(6).toString('hex')}`)
    try {
      renameSync(this.#folder, gone)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    removeGone(this.#index)
  }
}

/** Runs of which something is known. */
export function indexedRuns(index: string): readonly string[] {
  return namesIn(index).filter(name => /^[0-9a-f-]{36}$/.test(name))
}

/** What was forgotten by a process that has ended meanwhile. */
export function removeGone(index: string): void {
  for (const name of namesIn(index))
    if (name.startsWith(GONE)) rmSync(join(index, name), { recursive: true, force: true })
}

/** What an index knows of runs whose values are erased. @throws CustodyError CUSTODY_LEDGER_WRITE if it can't be removed. */
export function forgetRuns(url: string, runs: Iterable<string>): void {
  const index = indexFolder(url)
  if (!existsSync(index)) return
  for (const run of runs)
    try {
      new RunFolder(index, run).forget()
    } catch (cause) {
      throw new CustodyError(
        'CUSTODY_LEDGER_WRITE',
        `what the index in ${index} knows of run ${run} can’t be removed`,
        {
          hint: 'Remove that folder by hand; it is made again from the ledger.',
          cause,
        },
      )
    }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
