/** `custody doctor`: whether this installation can do what it must, one line for each thing it needs. */
import { Command } from 'commander'
import type { Context } from '../context.ts'
import { type Finding, findings } from '../doctor/findings.ts'
import { type LedgerOptions, withLedgerOption } from '../ledger-access.ts'
import { padEnd, printable } from '../render/text.ts'

export function doctorCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('doctor'))
    .summary('check the installation')
    .description('Checks the installation: Node, SQLite, the ledger, the signing key, the folder, the terminal.')
    .option('--json', 'print the findings as JSON')
    .action(async (options: LedgerOptions & { readonly json?: boolean }) => {
      const found = await findings(context, options)
      const ok = found.every(each => each.state !== 'fail')
      if (options.json === true) context.terminal.answerJson({ ok, checks: found })
      else context.terminal.answer(found.map(each => line(each, context)).join('\n'))
      done(ok ? 0 : 1)
    })
}

const MARKS = { ok: ['green', '✓ ok  '], warn: ['yellow', '! warn'], fail: ['red', '✗ fail'] } as const

function line({ name, state, message, hint }: Finding, { terminal }: Context): string {
  const [style, mark] = MARKS[state]
  const text = `${terminal.paint(style, mark)}  ${padEnd(name, 10)}  ${printable(message)}`
  return hint === undefined
    ? text
    : `${text}\n        ${' '.repeat(10)}  ${terminal.paint('cyan', 'hint:')} ${printable(hint)}`
}
