/** The result of `custody check` for people: the story of a row, then what is proven, and what isn’t. */
import type { CheckedProof } from '../../read/check/check-proof.ts'
import type { CheckedRecord } from '../../read/check/check-record.ts'
import type { Context } from '../context.ts'
import { renderStory } from './story.ts'
import { count, filled, printable } from './text.ts'

/** Width of the words before each claim. */
const LEAD = 14

export function renderChecked(
  checked: CheckedProof | CheckedRecord,
  { terminal, cwd }: Pick<Context, 'terminal' | 'cwd'>,
): string {
  const { columns, paint } = terminal
  const story = checked.kind === 'row' ? checked.story : null
  const { ok, proven, not_proven, withheld, checks, signed_by } = checked
  const lines: string[] = []
  if (story !== null) lines.push(renderStory(story, { columns, paint, cwd }), '')
  const by = signed_by.map(printable).join(' and ')
  if (ok) lines.push(`${paint(['bold', 'green'], 'holds')}, by ${signed_by.length === 1 ? 'key' : 'keys'} ${by}`)
  else if (isOnlyUntrusted(checked)) {
    lines.push(
      paint(['bold', 'red'], 'proves nothing to you: no key that you trust has signed it'),
      ...item(
        'signed by',
        `${by}, or so it says. It holds together; get the key from whoever keeps the ledger, not from whoever gave you the file, and name it with --key`,
        columns,
      ),
    )
  } else {
    lines.push(paint(['bold', 'red'], 'doesn’t hold'))
    for (const { name, problems } of checks)
      for (const problem of problems) lines.push(...item('✗', `${name}: ${printable(problem)}`, columns))
    for (const { name, unfinished, problems } of checks)
      if (unfinished === true && problems.length === 0) lines.push(...item('–', `${name}: not checked`, columns))
  }
  for (const [i, { what }] of proven.entries())
    lines.push(...item(i === 0 ? (ok ? 'proven' : 'still proven') : '', printable(what), columns))
  for (const [i, what] of not_proven.entries())
    lines.push(...item(i === 0 ? 'not proven' : '', printable(what), columns))
  lines.push(...item('withheld', withheld === 0 ? 'nothing' : `${count(withheld)} of the values`, columns))
  return lines.join('\n')
}

/** Nothing is wrong with it but that. */
function isOnlyUntrusted({ checks }: Pick<CheckedProof, 'checks'>): boolean {
  return checks.every(({ name, ok }) => ok || name === 'trust')
}

function item(lead: string, text: string, columns: number): string[] {
  const [first = '', ...rest] = filled(text, Math.max(20, columns - LEAD - 2))
  return [`  ${lead.padEnd(LEAD)}${first}`, ...rest.map(line => `${' '.repeat(LEAD + 2)}${line}`)]
}
