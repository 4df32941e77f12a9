/** Guards that meet outputs which can't be taken back when one breaks. */
import type { GuardsConfig } from '../config/pipeline.ts'
import type { Draft, DraftNode } from './draft.ts'
import { pluginUse, type ResolvedPlugin } from './plugins.ts'
import type { Report } from './report.ts'

/** Problems: CUSTODY_GUARD_LATE (a warning). Nothing is said where no guard was written. */
export function checkGuards(draft: Draft, plugins: ReadonlyMap<DraftNode, ResolvedPlugin>, report: Report): void {
  const { config } = draft
  if (![config.guards, ...config.sources.map(each => each.guards)].some(isSet)) return
  for (const [node, { spec, options, valid }] of plugins) {
    if (spec.kind !== 'sink' || !valid) continue
    const how = spec.delivery === 'outbound' ? 'send' : (spec.immediate?.(options) ?? null)
    // Where there are splits, files are written when the guards have held.
    if (how === null || (config.splits !== null && how !== 'send')) continue
    report.warning(
      'CUSTODY_GUARD_LATE',
      pluginUse(node)?.name_path ?? node.path,
      `guards are judged at the end of input, and \`${node.name}\` comes before: ${WORDS[how]} when one breaks`,
      { hint: how === 'append' ? '`abandon` cuts the file back, if nobody else has written to it' : undefined },
    )
  }
}

const WORDS = {
  send: 'what it has sent can’t be called back',
  stream: 'what it has written can’t be called back',
  append: 'what it has appended stays there',
} as const

const isSet = ({ rejected, failed, min_rows }: GuardsConfig) =>
  [rejected, failed, min_rows].some(each => each !== null && each.kind !== 'off')
