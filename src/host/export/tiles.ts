/** The ledger's own log, a run's, and those of its splits, as folders that clients of C2SP tlog-tiles read. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { CheckedReader } from '../../read/evidence/checked-reader.ts'
import { type LogTilesEnd, logTiles } from '../../read/export/log-tiles.ts'
import type { Staged } from './staged.ts'

export interface WrittenLog extends LogTilesEnd {
  /** The log's prefix: its folder, with `/`. */
  readonly folder: string
  readonly files: number
  readonly bytes: number
}

/** The ledger's own comes first, then the run's, then those of splits that were begun, in their order. `checked` reads through `reader`, in one snapshot. */
export async function writeTiles(
  { checked, reader }: { readonly checked: CheckedReader; readonly reader: LedgerReader },
  { log, run }: { readonly log: number; readonly run: string },
  into: Staged,
): Promise<readonly WrittenLog[]> {
  const written: WrittenLog[] = []
  for (const [of, folder] of [[0, 'ledger'] as const, ...(await logsOf(reader, { log, run }))]) {
    const files = logTiles(checked, reader, of)
    let [count, bytes] = [0, 0]
    for (;;) {
      const next = await files.next()
      if (next.done === true) {
        if (next.value.unbundled !== null) into.remove(`${folder}/tile/entries`)
        written.push({ folder, files: count, bytes, ...next.value })
        break
      }
      const file = into.open(`${folder}/${next.value.path}`)
      try {
        file.write(next.value.bytes)
      } finally {
        file.close()
      }
      count++
      bytes += next.value.bytes.length
    }
  }
  return written
}

/** With the folder of each. */
async function logsOf(
  reader: LedgerReader,
  { log, run }: { readonly log: number; readonly run: string },
): Promise<ReadonlyArray<readonly [log: number, folder: string]>> {
  const folder = `runs/${run}`
  const logs: Array<readonly [number, string]> = [[log, folder]]
  for (const { log: of, part, run: whose } of await reader.allLogs())
    if (whose === run && part > 0 && (await reader.size(of)) > 0) logs.push([of, `${folder}/splits/${part}`])
  return logs
}
