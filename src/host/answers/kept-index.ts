/** The index beside a ledger, kept in the background. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { IndexBuilder } from '../../search/index/index-builder.ts'
import { ledgerId } from '../../search/ledger-id.ts'

export type KeptIndex = Pick<IndexBuilder, 'close'>

/** `index`: the folder. Each trouble is reported once. */
export async function keepIndex(
  reader: LedgerReader,
  index: string,
  onTrouble: (message: string) => void = () => undefined,
): Promise<KeptIndex> {
  const known = new Set<string>()
  const ledger = await ledgerId(reader)
  return new IndexBuilder({ url: reader.place, index, ledger }, report => {
    if (report.kind === 'round' || known.has(report.message)) return
    known.add(report.message)
    onTrouble(report.message)
  })
}
