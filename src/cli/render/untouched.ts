/** A run that stopped before it opened an output: what is wrong, and that all outputs are as they were. */
import type { CustodyError } from '../../model/error.ts'
import type { SinkCounts } from '../../read/show/summary.ts'
import type { Paint } from '../terminal.ts'
import { placeText } from './error.ts'
import { counted, nearPath, printable, printableLines } from './text.ts'

export interface UntouchedFacts {
  /** Rows that the run had read before it stopped this time. */
  readonly rows_read: number
  readonly sinks: { readonly [sink: string]: SinkCounts }
}

/** `error` null: somebody stopped it. */
export function untouchedText(
  error: CustodyError | null,
  { rows_read, sinks }: UntouchedFacts,
  cwd: string,
  paint: Paint,
): string {
  const what = `stopped before anything ${rows_read > 0 ? 'more ' : ''}was written`
  if (error === null) return `${paint(['bold', 'yellow'], what)}\n  ${outputsText(sinks, cwd)}`
  const lines = [`${paint(['bold', 'red'], what)}: ${printableLines(error.message)}`]
  if (error.hint !== undefined) lines.push(`  ${printableLines(error.hint)}`)
  lines.push(`  ${outputsText(sinks, cwd)}`)
  const place = placeText(error.where, cwd)
  lines.push(`  ${paint('cyan', 'error')} ${error.code}${place === null ? '' : ` at ${place}`}`)
  return lines.join('\n')
}

function outputsText(sinks: UntouchedFacts['sinks'], cwd: string): string {
  const [first, ...others] = Object.entries(sinks)
  if (first === undefined) return 'there are no outputs'
  const [sink, { path }] = first
  const name = path === undefined ? printable(sink) : printable(nearPath(path, cwd))
  if (others.length === 0) return `${name} is as it was`
  return `${name} and ${others.length === 1 ? '1 other output' : `${counted(others.length, 'other output')}`} are as they were`
}
