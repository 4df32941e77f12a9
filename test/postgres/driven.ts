/** Whole runs in this process, over a network on which things happen: each goes on until it is sealed, and is held against an undisturbed one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeSigner } from '../../src/format/signing-key.ts'
import { ownKeychain } from '../../src/ledger/encryption/keychain.ts'
import { newLedgerKeyText, parseLedgerKey } from '../../src/ledger/encryption/ledger-key.ts'
import { DEFAULT_SCHEMA } from '../../src/ledger/postgres/address.ts'
import { type CustodyError, type ErrorCode, isCustodyError } from '../../src/model/error.ts'
import { thisProcess } from '../../src/model/holder.ts'
import { drive } from '../crash/drive.ts'
import { compare, type Undisturbed } from '../crash/endure.ts'
import type { CrashPipeline } from '../crash/pipelines.ts'
import { type LedgerIn, Place } from '../crash/place.ts'
import { ask } from '../support/postgres.ts'
import type { Network } from './network.ts'

export const SIGNER = makeSigner('test', new Uint8Array(32).fill(7))
/** What a run may stop with whose server can't be had. */
const STOPPED: ReadonlySet<ErrorCode> = new Set([
  ...(['CUSTODY_LEDGER_WRITE', 'CUSTODY_LEDGER_IN_DOUBT', 'CUSTODY_LEDGER_READ', 'CUSTODY_LEDGER_BUSY'] as const),
  // Of a server that has taken the place of another one, and lacks what that had last.
  'CUSTODY_RUN_LOST',
])
/** Small, so that there are many. */
const COMMIT_ROWS = 150
const MOST_ATTEMPTS = 5

export interface Came {
  /** Empty if everything is as it should be. */
  readonly problems: readonly string[]
  /** Codes with which it stopped, one for each time. */
  readonly stops: readonly string[]
}

/** A ledger key in a file of that folder, which this process reads by, too. */
export function ownKeyFile(folder: string): string {
  const text = newLedgerKeyText()
  ownKeychain.add(parseLedgerKey(text, 'the test'))
  const path = join(folder, 'ledger.key')
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

/** How many payloads of runs have values there that whoever has the database can read. */
export async function readableAt(url: string): Promise<number> {
  const schema = new URL(url).searchParams.get('schema') ?? DEFAULT_SCHEMA
  const [found] = await ask(url, `SELECT count(*)::int AS readable FROM ${schema}.payloads WHERE log > 0`)
  return Number(found?.readable)
}

/** Runs it, or resumes it, once. `nth`: of those in this process. Gives what stopped it; null: it is sealed. */
export async function attempt(place: Place, nth: number, threaded: boolean): Promise<CustodyError | null> {
  const { url, way = url, key_file } = place.ledger
  const resume = await place.hasRun()
  // Others than this process: a run that stopped without a server is still held by whoever began it.
  const holder = { ...thisProcess(), start: `attempt ${nth}` }
  const order = { folder: place.folder, url: way, signer: SIGNER, key_file, resume, threaded, holder }
  try {
    return (await drive({ ...order, commit_rows: COMMIT_ROWS })).error
  } catch (error) {
    if (!isCustodyError(error)) throw error
    // Whose seal was answered to nobody.
    return error.code === 'CUSTODY_RUN_UNKNOWN' && resume ? null : error
  }
}

/** Runs it, and resumes it when it stopped, until it is sealed. Networks are healed after each attempt. `also`: what else it may stop with. */
export async function driven(
  place: Place,
  networks: readonly Network[],
  threaded: boolean,
  also: readonly ErrorCode[] = [],
): Promise<Came> {
  const stops: string[] = []
  for (let nth = 1; nth <= MOST_ATTEMPTS; nth++) {
    const error = await attempt(place, nth, threaded)
    for (const network of networks) network.heal()
    for (const network of networks) await network.settled()
    if (error === null) return { problems: [], stops }
    stops.push(error.code)
    if (!STOPPED.has(error.code) && !also.includes(error.code))
      return { problems: [`it stopped: ${error.code}: ${error.stack}`], stops }
  }
  return { problems: ['it never came to its end'], stops }
}

/** What nobody disturbs. @throws if anything is wrong with it. */
export async function undisturbed(pipeline: CrashPipeline, ledgerIn?: LedgerIn): Promise<Undisturbed> {
  const place = new Place(pipeline, ledgerIn)
  try {
    const { problems, stops } = await driven(place, [], false)
    const all = [...problems, ...stops, ...(await place.problems(true))]
    if (all.length > 0) throw new Error(`undisturbed: ${all.join('; ')}`)
    return { outputs: place.outputs(), outcome: await place.outcome(), points: {}, took_ms: 0 }
  } finally {
    place.close()
  }
}

/** The same with all that happens meanwhile. */
export async function troubled(
  pipeline: CrashPipeline,
  whole: Undisturbed,
  { ledgerIn, network, threaded }: { ledgerIn: LedgerIn; network: Network; threaded: boolean },
): Promise<Came> {
  const place = new Place(pipeline, ledgerIn)
  try {
    const { problems, stops } = await driven(place, [network], threaded)
    return { problems: [...problems, ...(await compare(place, whole))], stops }
  } finally {
    place.close()
  }
}
