/** The ledger's own log, read as a whole from where it is stored. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { type Check, entryName, noting } from './check.ts'
import { LedgerLog, type Trusted } from './ledger-log.ts'
import { checkHead, checkPayloads, LogWalk } from './log.ts'
import { lookedEntries } from './page.ts'
import { compareTiles } from './tiles.ts'

/** Reads and checks log 0. */
export async function readLedgerLog(reader: LedgerReader, trusted: Trusted, check: Check): Promise<LedgerLog> {
  const log = new LedgerLog(check, trusted)
  const about = check.about('log 0')
  await noting(check, async () => {
    const walk = new LogWalk({ entries: about })
    for await (const looked of lookedEntries(reader, { log: 0, all_payloads: true }, 0, await reader.size(0))) {
      const { entry, payload } = looked
      walk.take(looked)
      if (trusted.sizes?.has(walk.tree.size) === true) log.roots.set(walk.tree.size, walk.tree.root())
      if (entry.row !== null) about.add(`${entryName(entry.seq)}: its column says row ${entry.row}`)
      if (entry.batch !== null) about.add(`${entryName(entry.seq)}: its column says batch ${entry.batch}`)
      if (payload !== null) about.add(`${entryName(entry.seq)}: it has a payload`)
      log.take(entry.seq, entry.body, walk)
    }
    await checkPayloads(reader, 0, walk, about)
    log.root = walk.tree.root()
    if (!walk.gaps) await compareTiles(reader, 0, [walk.tiles(), [], []], about)
    await checkHead(reader, { log: 0, origin: log.origin(0) }, walk.head(), size => log.keysOf(0, size), about)
  })
  return log
}
