/** How the answers of a run differ from those on record, row by row. */
import { canonicalize } from '../../model/canonical.ts'
import { idText } from '../../model/part-ids.ts'
import type { Drift } from '../../read/recorded/drift.ts'
import type { Paint } from '../terminal.ts'
import { count, counted, printable, shorten } from './text.ts'

/** More are in the JSON. */
const MOST_SHOWN = 20

export function renderDrift({ same, unknown, differing }: Drift, columns: number, paint: Paint): string {
  const parts = [`${counted(same, 'answer')} as on record`, `${count(differing.length)} different`]
  if (unknown > 0) parts.push(`${count(unknown)} not on record`)
  const lines = [`${paint('bold', 'drift')}  ${parts.join(' · ')}`]
  for (const { row, batch, node, call, recorded, now } of differing.slice(0, MOST_SHOWN)) {
    const of_nobody = batch === null ? 'the source' : `batch ${idText(batch)}`
    const whose = row === null ? of_nobody : `row ${idText(row)}`
    const [before, after] = parted(canonicalize(recorded), canonicalize(now))
    const room = Math.max(20, columns - 12)
    lines.push(`  ${whose} at ${printable(node)} (call ${idText(call)})`)
    lines.push(`    recorded  ${shorten(printable(before), room)}`, `    now       ${shorten(printable(after), room)}`)
  }
  if (differing.length > MOST_SHOWN)
    lines.push(`  and ${count(differing.length - MOST_SHOWN)} more: --json has them all`)
  return lines.join('\n')
}

/** Characters that are shown before the first difference. */
const LEAD = 20

/** Two texts from a little before where they part. */
function parted(a: string, b: string): readonly [string, string] {
  let same = 0
  while (same < a.length && a[same] === b[same]) same++
  const from = Math.max(0, same - LEAD)
  const cut = (text: string) => (from === 0 ? text : `…${text.slice(from)}`)
  return [cut(a), cut(b)]
}
