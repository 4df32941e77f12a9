/** Processes on several machines that work on one run: each with a name, a signing key and a configuration of its own. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLedgerReader } from '../../src/ledger/open.ts'
import type { LedgerReader, StoredLease } from '../../src/ledger/read-port.ts'
import { parseHolder } from '../../src/model/holder.ts'
import { hasHosts, onHost } from '../crash/hosts.ts'
import { Program } from '../crash/place.ts'
import { built } from './built.ts'
import { keyOf } from './far-side.ts'
import { ROOT } from './source-file.ts'

export interface AtWork {
  /** Where the pipeline is. */
  readonly folder: string
  readonly url: string
}

/** The environment of a machine whose time of day is so far ahead; less than 0: behind. */
export const clockOff = (ms: number): { readonly [name: string]: string } => ({
  NODE_OPTIONS: `--import=${join(ROOT, 'test/support/shifted-clock.ts')}`,
  SHIFTED_BY_MS: `${ms}`,
})

/** Begins a command on a machine of that name, where machines can have names. `env`: besides. */
export function onMachine(
  { folder, url }: AtWork,
  host: string,
  words: readonly string[],
  env: { readonly [name: string]: string } = {},
): Program {
  const home = join(folder, `home-${host}`)
  mkdirSync(home, { recursive: true })
  const own = {
    ...{ HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') },
    ASKED_BY: keyOf(host),
  }
  const program = [process.execPath, built('crash/custody'), ...words]
  return new Program(hasHosts() ? onHost(host, program) : program, folder, {
    ...{ CUSTODY_LEDGER: url, CUSTODY_LEASE: '1s', ...own },
    ...env,
  })
}

export async function reading<T>({ url }: AtWork, work: (reader: LedgerReader) => Promise<T>): Promise<T> {
  const reader = await openLedgerReader(url)
  try {
    return await work(reader)
  } finally {
    await reader.close()
  }
}

/** Waits until `seen` gives something of the leases of the newest run; that of its coordinator is the first. */
export async function untilLeases<T>(at: AtWork, seen: (leases: readonly StoredLease[]) => T | null): Promise<T> {
  for (;;) {
    const found = await reading(at, async reader => seen(await reader.leases())).catch(() => null)
    if (found !== null) return found
    await sleep(20)
  }
}

/** The leases that a machine, or a process, has. */
export function heldBy(leases: readonly StoredLease[], who: { readonly host?: string; readonly pid?: number }) {
  return leases.filter(({ holder }) => {
    const held_by = parseHolder(holder)
    if (held_by === null) return false
    return (
      (who.host === undefined || held_by.host.startsWith(`${who.host} `)) &&
      (who.pid === undefined || held_by.pid === who.pid)
    )
  })
}
