/** What `erase` says. */

import { idText } from '../../model/part-ids.ts'
import type { Derived, Elsewhere, ErasePlan } from '../../read/erase/plan.ts'
import type { Context } from '../context.ts'
import { counted, nearPath, shortRun } from './text.ts'

/** How many are named. */
const NAMED = 20

/** `takes_derived`: whether what was derived was to go. */
export function renderErased(plan: ErasePlan, context: Context, takes_derived: boolean): string {
  return [...erasedLines(plan), ...derivedLines(plan.derived, takes_derived), ...elsewhereLines(plan, context)].join(
    '\n',
  )
}

function erasedLines({ erased }: ErasePlan): string[] {
  return named(
    erased.map(({ run, row, values }) => {
      const what = values === 0 ? 'nothing was left to erase' : `${counted(values, 'value')} erased`
      return `row ${idText(row)} of run ${shortRun(run)}…: ${what}`
    }),
  )
}

function derivedLines(derived: readonly Derived[], takes_derived: boolean): string[] {
  if (derived.length === 0) return []
  const hint = takes_derived || derived.every(each => each.erased) ? '' : ' (--derived erases that, too)'
  return [
    `derived from that${hint}:`,
    ...named(
      derived.map(each => `  ${subjectText(each)} of run ${shortRun(each.run)}…: ${each.erased ? 'erased' : 'kept'}`),
    ),
  ]
}

function subjectText({ row, batch }: Derived): string {
  if (row !== undefined) return `row ${idText(row)}`
  return batch === undefined
    ? 'what the run says as a whole (why it stopped, names of files)'
    : `batch ${idText(batch)}`
}

function elsewhereLines({ elsewhere }: ErasePlan, { cwd }: Context): string[] {
  if (elsewhere.length === 0) return []
  return [
    'not touched, and may still have it:',
    ...named([...new Set(elsewhere.map(each => `  ${placeText(each, cwd)}`))]),
  ]
}

function placeText({ kind, node, path }: Elsewhere, cwd: string): string {
  const where = path === null ? (kind === 'sink' ? 'wherever it sends to' : 'wherever it reads') : nearPath(path, cwd)
  return `${kind} ${node}: ${where}`
}

function named(lines: readonly string[]): string[] {
  return lines.length <= NAMED
    ? [...lines]
    : [...lines.slice(0, NAMED), `  … and ${counted(lines.length - NAMED, 'more', 'more')}`]
}
