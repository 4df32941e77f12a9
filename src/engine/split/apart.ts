/** What can't be done by splits, and turns out only when the run is to begin. */
import { CustodyError } from '../../model/error.ts'
import { NOBODY_TO_ASK } from '../../sdk/source.ts'
import type { SinkSet } from '../nodes/sink/sink-set.ts'
import type { OpenSource } from '../nodes/source/source-reader.ts'
import { guarded } from './cuts.ts'

const WITHOUT = 'take `splits` out of the pipeline for this run'

/**
 * Reads no record. `deals`: what sources have is dealt, by one who reads it once.
 * @throws CustodyError CUSTODY_SPLITS: of a stream, or if there is a limit, and a source can't be cut; and that of a source.
 */
export async function refuseApart(
  sources: readonly OpenSource[],
  sinks: Pick<SinkSet, 'all'>,
  limit: number,
  deals: boolean,
): Promise<void> {
  for (const { node, intent } of sinks.all)
    if (intent.mode === 'stream')
      throw apart(
        node.name,
        `sink \`${node.name}\` writes to a device or a pipe, and splits write files that become one at the end`,
        'Name a file.',
      )
  for (const source of sources) {
    const { name } = source.node
    if (deals) continue
    const awaited = await guarded(source.node, async () => source.source.awaits?.(null))
    if (awaited != null)
      throw apart(
        name,
        `source \`${name}\` waits for ${awaited}, which can be read only once, and each split opens its input by itself`,
        'Save the input to a file, and name that.',
      )
    if (Number.isFinite(limit) && !(await canBeCut(source)))
      throw apart(
        name,
        `--limit can’t be kept where source \`${name}\` is read by one split as a whole`,
        `Leave --limit away, or ${WITHOUT}.`,
      )
  }
}

async function canBeCut({ node, source }: OpenSource): Promise<boolean> {
  if (source.cut === undefined) return false
  return (await guarded(node, async () => source.cut?.([], { signal: NOBODY_TO_ASK.signal, most_records: 0 }))) != null
}

function apart(node: string, message: string, hint: string): CustodyError {
  return new CustodyError('CUSTODY_SPLITS', message, { where: { node }, hint })
}
