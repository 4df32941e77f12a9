/** The result of `custody check` for people: the story of a row, then what is proven, and what isn’t. */
import type { CheckedErasure } from '../../read/check/check-erasure.ts'
import type { CheckedProof } from '../../read/check/check-proof.ts'
import type { CheckedRecord } from '../../read/check/check-record.ts'
import { listed } from '../../read/words/text.ts'
import { verdictOf } from '../../read/words/verdict.ts'
import type { Context } from '../context.ts'
import { renderStory } from './story.ts'
import { count, filled, printable } from './text.ts'

/** Width of the words before each claim. */
const LEAD = 14

export function renderChecked(
  checked: CheckedProof | CheckedRecord | CheckedErasure,
  { terminal, cwd }: Pick<Context, 'terminal' | 'cwd'>,
): string {
  const { columns, paint } = terminal
  const story = checked.kind === 'row' ? checked.story : null
  const { ok, as_of, as_of_by = [], signed_by, proven, not_proven, withheld, checks } = checked
  const lines: string[] = []
  if (story !== null) lines.push(renderStory(story, { columns, paint, cwd }), '')
  const verdict = verdictOf(checked)
  if (verdict.kind === 'holds') lines.push(`${paint(['bold', 'green'], verdict.name)}${verdict.rest}`)
  else lines.push(paint(['bold', 'red'], verdict.name))
  if (verdict.kind === 'untrusted')
    lines.push(
      ...item(
        'signed by',
        `${verdict.signed_by}, or so it says. It holds together; get the key from whoever keeps the ledger, not from whoever gave you the file, and name it with --key`,
        columns,
      ),
    )
  if (verdict.kind === 'broken') {
    for (const { name, problems } of checks)
      for (const problem of problems) lines.push(...item('✗', `${name}: ${printable(problem)}`, columns))
    for (const { name, unfinished, problems } of checks)
      if (unfinished === true && problems.length === 0) lines.push(...item('–', `${name}: not checked`, columns))
  }
  if (as_of !== undefined)
    lines.push(
      ...item(
        'as of',
        printable(`${as_of}: it existed by then, as ${listed(as_of_by)} ${as_of_by.length === 1 ? 'says' : 'say'}`),
        columns,
      ),
    )
  for (const [i, { what, by }] of proven.entries()) {
    const whose = by === signed_by.join(', ') ? '' : `, by ${by}`
    lines.push(...item(i === 0 ? (ok ? 'proven' : 'still proven') : '', printable(`${what}${whose}`), columns))
  }
  for (const [i, what] of not_proven.entries())
    lines.push(...item(i === 0 ? 'not proven' : '', printable(what), columns))
  lines.push(...item('withheld', withheld === 0 ? 'nothing' : `${count(withheld)} of the values`, columns))
  return lines.join('\n')
}

function item(lead: string, text: string, columns: number): string[] {
  const [first = '', ...rest] = filled(text, Math.max(20, columns - LEAD - 2))
  return [`  ${lead.padEnd(LEAD)}${first}`, ...rest.map(line => `${' '.repeat(LEAD + 2)}${line}`)]
}
