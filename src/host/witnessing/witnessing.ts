/** The companion of a run, of a command that appends to a ledger, and of nothing else: with the web, the user's alarms, and the clock. */
import type { Environment } from '../../ledger/keys/config-folder.ts'
import { userMemory } from '../../ledger/keys/known-ledgers.ts'
import { openWitnessing } from '../../ledger/open.ts'
import { isCustodyError } from '../../model/error.ts'
import { usersAlarms } from './alarms.ts'
import { Companion } from './companion.ts'
import { giveHead, type HeadGiven, type WitnessingPorts } from './give-head.ts'
import { webPost } from './post.ts'
import { type NamedWitnessing, witnessingOf } from './settings.ts'

/** A run's end waits for a witness so long at most, some four times over if it is overtaken by others. */
const TIMEOUT_MS = 5_000
/** Log 0 grows at the beginning of a run, at each progress, and at its seal. */
const EVERY_MS = 10_000

/** Who can't keep what they saw of the ledger looks at all of it the next time; reading it tells them that. */
function ports(env: Environment): WitnessingPorts {
  const memory = userMemory(env, () => undefined)
  return { post: webPost(TIMEOUT_MS), alarms: usersAlarms(env), memory, now_us: () => Date.now() * 1000 }
}

/** null if nobody is named. @throws CustodyError CUSTODY_POLICY. */
export function companionOf(
  env: Environment,
  url: string,
  named: NamedWitnessing,
  onTrouble: (why: string) => void,
): Companion | null {
  const settings = witnessingOf(env, named)
  if (settings.policy === null && settings.timestamps === null) return null
  return new Companion(url, settings, {
    ...ports(env),
    every: work => {
      const timer = setInterval(work, EVERY_MS)
      timer.unref()
      return () => clearInterval(timer)
    },
    onGiven: () => undefined,
    onTrouble,
  })
}

/** After a command that appended to a ledger without a pipeline: what the user's configuration names. What fails is reported. */
export async function giveToNamed(env: Environment, url: string, onTrouble: (why: string) => void): Promise<void> {
  try {
    await companionOf(env, url, { witnesses: null, timestamps: null }, onTrouble)?.close()
  } catch (error) {
    if (!isCustodyError(error)) throw error
    onTrouble(`witnesses weren’t asked: ${error.message}`)
  }
}

/** By a command of its own; null if nobody is named. @throws CustodyError CUSTODY_POLICY, and those of the ledger. */
export async function catchUp(env: Environment, url: string, named: NamedWitnessing): Promise<HeadGiven | null> {
  const settings = witnessingOf(env, named)
  if (settings.policy === null && settings.timestamps === null) return null
  const ledger = await openWitnessing(url)
  try {
    return await giveHead(ledger, settings, ports(env))
  } finally {
    await ledger.close()
  }
}
