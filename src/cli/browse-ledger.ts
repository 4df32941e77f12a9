/** `custody browse`: a ledger in the terminal, in a window of it or as a conversation. */
import { LedgerAnswers } from '../host/answers/ledger-answers.ts'
import { ledgerUrl } from '../host/ledger.ts'
import { CustodyError } from '../model/error.ts'
import { Browsing } from './browse/browsing.ts'
import { commandText } from './browse/command-text.ts'
import { loadDrawing } from './browse/load-drawing.ts'
import { browseInLines } from './browse/plain.ts'
import type { Target } from './browse/state.ts'
import type { Surroundings } from './browse/step.ts'
import type { Drawing } from './browse/window.ts'
import type { Context, Input } from './context.ts'
import { type LedgerOptions, reading } from './ledger-access.ts'

export interface BrowseOptions extends LedgerOptions {
  readonly plain?: boolean
}

const ROWS = 24

/** `run`: as it is named; undefined: all are listed. Returns the exit code. @throws CustodyError CUSTODY_PACKAGE_MISSING, and those of opening a ledger */
export async function browseLedger(context: Context, run: string | undefined, options: BrowseOptions): Promise<0> {
  const { host, env } = context
  const { stdin } = host
  if (stdin === undefined) throw new CustodyError('CUSTODY_ARGUMENT', 'there is nobody who could answer')
  const plain = options.plain === true || mustBePlain(context, stdin)
  const drawing = plain ? null : await loadDrawing(context.command)
  // How the ledger stands to what was seen of it before is reported as by all commands.
  await reading(context, options, async () => undefined)
  const url = ledgerUrl(context, options)
  const answers = await LedgerAnswers.open({ url, env })
  try {
    const first: Target =
      run === undefined ? { kind: 'runs', place: { trail: [null] } } : { kind: 'run', place: { run } }
    await (drawing === null ? inLines(context, url, answers, first) : inWindow(context, url, answers, first, drawing))
    return 0
  } finally {
    await answers.close()
  }
}

/** Where nothing can be drawn, or what is drawn can't be read. */
function mustBePlain({ host, env }: Context, stdin: Input): boolean {
  return env.TERM === 'dumb' || env.INK_SCREEN_READER === 'true' || stdin.isTTY !== true || host.stdout.isTTY !== true
}

async function inLines(context: Context, url: string, answers: LedgerAnswers, first: Target): Promise<void> {
  const { terminal, host, cwd } = context
  const around = (): Surroundings => ({
    columns: terminal.columns,
    rows: ROWS,
    paint: terminal.paint,
    cwd,
    commandText: (screen, row) => commandText(context, url, screen, row),
  })
  const browsing = new Browsing(answers, first, around)
  try {
    if (host.stdin !== undefined) await browseInLines(browsing, host.stdin, terminal, around)
  } finally {
    await browsing.close()
  }
}

async function inWindow(
  context: Context,
  url: string,
  answers: LedgerAnswers,
  first: Target,
  drawing: Drawing,
): Promise<void> {
  const { terminal, cwd, host } = context
  let size = { columns: terminal.columns, rows: ROWS }
  const around = (): Surroundings => ({
    ...size,
    paint: terminal.paint,
    cwd,
    commandText: (screen, row) => commandText(context, url, screen, row),
  })
  const { browseInWindow } = await import('./browse/window.ts')
  const browsing = new Browsing(answers, first, around)
  try {
    await browseInWindow(browsing, drawing, {
      // cast: of a terminal, as mustBePlain has seen.
      stdin: host.stdin as NodeJS.ReadableStream,
      stdout: host.stdout as NodeJS.WriteStream,
      safe: text => terminal.printed(text),
      look: around,
      // Ink asks for fewer rows than there are to draw without clearing all of the window.
      resized: (columns, rows) => {
        size = { columns, rows: Math.max(6, rows - 1) }
      },
      alternate: true,
    })
  } finally {
    await browsing.close()
  }
}
