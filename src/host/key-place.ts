/**
 * The key that values of a ledger are encrypted with: where it is, reading it, and remembering where it was.
 *
 * KEY-PLACE-1. What is remembered outside of ledgers is the place of a key (a file, or the name of a secret), never the key.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { readKeyFile } from '../ledger/encryption/key-file.ts'
import { ownKeychain } from '../ledger/encryption/keychain.ts'
import { type LedgerKey, parseLedgerKey } from '../ledger/encryption/ledger-key.ts'
import { configFolder, type Environment } from '../ledger/keys/config-folder.ts'
import { replaceFile } from '../ledger/keys/known-ledgers.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError, isCustodyError } from '../model/error.ts'
import { parseJson } from '../model/json.ts'
import { keyNeeded } from '../model/key-needed.ts'
import { holdsLedgerKey } from '../model/ledger-key-text.ts'
import { isObject, type Json } from '../model/row.ts'
import type { Plan } from '../plan/plan.ts'
import type { ProcessPlace } from './ledger.ts'
import { HostSecrets, isKept } from './secrets.ts'
import { succeeds } from './succeeds.ts'

/** A file by its absolute path, or a secret by its name. */
export type KeyPlace = NonNullable<Plan['ledger_key']>

/** As commands are given it. */
export interface GivenLedgerKey {
  readonly ledgerKey?: string
}

const SECRET = 'secret:'

/**
 * Where `--ledger-key` or `$CUSTODY_LEDGER_KEY` says that the key is: a file's path, or `secret:NAME`, of which the name may also say where a secret manager has it; null if neither says anything.
 * @throws CustodyError CUSTODY_LEDGER_KEY
 */
export function givenKeyPlace({ cwd, env }: ProcessPlace, { ledgerKey }: GivenLedgerKey): KeyPlace | null {
  const from_env = env.CUSTODY_LEDGER_KEY
  const [text, from] = ledgerKey !== undefined ? [ledgerKey, '--ledger-key'] : [from_env ?? '', '$CUSTODY_LEDGER_KEY']
  return text === '' && ledgerKey === undefined ? null : keyPlaceIn(text, cwd, from)
}

/** What says the same to a process that is begun elsewhere. @throws as `givenKeyPlace` */
export function keyVariable(place: ProcessPlace, given: GivenLedgerKey): Environment {
  const found = givenKeyPlace(place, given)
  if (found === null) return {}
  return { CUSTODY_LEDGER_KEY: 'file' in found ? found.file : `${SECRET}${found.secret}` }
}

/** @throws CustodyError CUSTODY_LEDGER_KEY */
export function keyPlaceIn(text: string, cwd: string, from: string): KeyPlace {
  // The key itself would stand in lists of processes, and in histories of shells.
  if (holdsLedgerKey(text))
    throw new CustodyError('CUSTODY_LEDGER_KEY', `${from} holds a ledger key itself, and not the place of one`, {
      hint: 'Name the file that holds it, or secret:NAME for an environment variable. Others may have seen the key.',
    })
  if (text.trim() === '') throw new CustodyError('CUSTODY_LEDGER_KEY', `${from} names no ledger key`)
  return text.startsWith(SECRET) ? { secret: text.slice(SECRET.length) } : { file: resolve(cwd, text) }
}

/** `cwd`: where relative paths in the names of secrets start. @throws CustodyError CUSTODY_LEDGER_KEY, and as reading secrets */
export async function ledgerKeyAt(place: KeyPlace, { cwd, env }: ProcessPlace): Promise<LedgerKey> {
  if ('file' in place) return readKeyFile(place.file)
  return parseLedgerKey(await new HostSecrets(env).value(place.secret, cwd), `the secret ${place.secret}`)
}

/** What a process opens with: the key that is given, and those whose places are remembered and that are still there. */
export async function fillKeychain(place: ProcessPlace, given: GivenLedgerKey): Promise<void> {
  ownKeychain.clear()
  for (const each of remembered(place.env)) {
    const key = await unlessGone(() => ledgerKeyAt(each, place))
    if (key !== null) ownKeychain.add(key)
  }
  const key_place = givenKeyPlace(place, given)
  if (key_place !== null) ownKeychain.choose(await ledgerKeyAt(key_place, place))
}

/**
 * What a run encrypts its values with; null: nothing. `like`: the key of the run that is continued, or whose values it takes, if that is
 * encrypted.
 * @throws CustodyError CUSTODY_LEDGER_KEY
 */
export async function keyForWriting(
  plan: Pick<Plan, 'ledger_key' | 'folder'>,
  env: Environment,
  like: string | null,
): Promise<LedgerKey | null> {
  if (ownKeychain.chosen !== null) return ownKeychain.chosen
  const { ledger_key: place } = plan
  if (place === null) return like === null ? null : ownKeychain.get(like)
  const key = await ledgerKeyAt(place, { cwd: plan.folder, env })
  ownKeychain.add(key)
  rememberPlace(key, place, env)
  return key
}

/** Without it nobody knows what a run's values are. @throws CustodyError CUSTODY_LEDGER_KEY */
export async function mustHaveKeyOf(reader: LedgerReader, log: number, run: string): Promise<void> {
  const key_id = await reader.encryptedWith(log)
  if (key_id !== null && ownKeychain.get(key_id) === null) throw keyNeeded(key_id, `run ${run}`)
}

const FILE = 'ledger-keys.json'

/** For readers who name no key. Not of what a secret manager keeps: nobody is asked for a key before it is known that one is needed. */
export function rememberPlace(key: LedgerKey, place: KeyPlace, env: Environment): void {
  if ('secret' in place && isKept(place.secret)) return
  const path = join(configFolder(env), FILE)
  const known = knownPlaces(path)
  if (JSON.stringify(known[key.id]) === JSON.stringify(place)) return
  // If it can't be written nothing is lost: whoever reads names the key.
  succeeds(() => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    replaceFile(path, `${JSON.stringify({ ...known, [key.id]: place })}\n`)
  })
}

function remembered(env: Environment): readonly KeyPlace[] {
  return Object.values(knownPlaces(join(configFolder(env), FILE)))
}

function knownPlaces(path: string): { readonly [id: string]: KeyPlace } {
  try {
    // cast: of JSON.
    const known = parseJson(readFileSync(path, 'utf8')) as Json
    return isObject(known)
      ? Object.fromEntries(Object.entries(known).flatMap(([id, place]) => (isPlace(place) ? [[id, place]] : [])))
      : {}
  } catch {
    // It isn't there, or no longer what was written: it is only for convenience.
    return {}
  }
}

function isPlace(place: Json): place is KeyPlace & Json {
  return isObject(place) && (typeof place.file === 'string' || typeof place.secret === 'string')
}

async function unlessGone(read: () => Promise<LedgerKey>): Promise<LedgerKey | null> {
  try {
    return await read()
  } catch (error) {
    if (isCustodyError(error)) return null
    throw error
  }
}
