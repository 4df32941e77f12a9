/**
 * Alarms of witnesses, remembered in files of the user's configuration folder: a witness that has seen another history of a ledger isn't asked
 * again until somebody has looked, and removed the file.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configFolder, type Environment } from '../../ledger/keys/config-folder.ts'
import { makeFolders } from '../../model/folder.ts'
import { sha256Hex } from '../../model/sha256.ts'

export interface Alarm {
  /** Of log 0. */
  readonly origin: string
  /** Of the witness. */
  readonly url: string
  readonly what: string
  /** The head that it was given. */
  readonly note: string
  /** Microseconds. */
  readonly at_us: number
}

export interface Alarms {
  /** The file of an alarm that stands; null if there is none. */
  standing(origin: string, url: string): string | null
  /** Gives the file that it is kept in. @throws if it can't be. */
  raise(alarm: Alarm): string
}

export function usersAlarms(env: Environment): Alarms {
  const pathOf = (origin: string, url: string) =>
    join(configFolder(env), 'alarms', sha256Hex(`${origin}\n${url}`).slice(0, 16))
  return {
    standing: (origin, url) => {
      const path = pathOf(origin, url)
      return existsSync(path) ? path : null
    },
    raise: alarm => {
      const path = pathOf(alarm.origin, alarm.url)
      makeFolders(join(configFolder(env), 'alarms'), 0o700)
      writeFileSync(path, `${JSON.stringify(alarm, null, 2)}\n`, { mode: 0o600, flush: true })
      return path
    },
  }
}
