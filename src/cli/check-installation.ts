/** Prints what was found out about the installation, and a pipeline's places, a line each. */
import type { Context } from './context.ts'
import { type Finding, findings } from './doctor/findings.ts'
import type { LedgerOptions } from './ledger-access.ts'
import { padEnd, printable } from './render/text.ts'

export interface DoctorOptions extends LedgerOptions {
  readonly json?: boolean
  readonly set?: readonly string[]
}

/** Returns the exit code. */
export async function printFindings(context: Context, file: string | null, options: DoctorOptions): Promise<0 | 1> {
  const looked = file === null ? null : { file, ...(options.set === undefined ? {} : { set: options.set }) }
  const found = await findings(context, options, looked)
  const ok = found.every(each => each.state !== 'fail')
  if (options.json === true) context.terminal.answerJson({ ok, checks: found })
  else context.terminal.answer(found.map(each => line(each, context)).join('\n'))
  return ok ? 0 : 1
}

const MARKS = { ok: ['green', '✓ ok  '], warn: ['yellow', '! warn'], fail: ['red', '✗ fail'] } as const

function line({ name, state, code, message, hint }: Finding, { terminal }: Context): string {
  const [style, mark] = MARKS[state]
  const text = `${terminal.paint(style, mark)}  ${padEnd(name, 10)}  ${code === undefined ? '' : `${code}: `}${printable(message)}`
  return hint === undefined
    ? text
    : `${text}\n        ${' '.repeat(10)}  ${terminal.paint('cyan', 'hint:')} ${printable(hint)}`
}
