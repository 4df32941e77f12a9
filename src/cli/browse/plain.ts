/**
 * Browsing as a conversation: a screen is printed once, from top to bottom, then a line is read. Nothing is drawn again, so that screen
 * readers, dumb terminals and files can follow.
 */
import { createInterface } from 'node:readline'
import type { Terminal } from '../terminal.ts'
import { bodyOf } from './body.ts'
import type { Browsing } from './browsing.ts'
import { titleOf } from './frame.ts'
import type { Look } from './lines.ts'
import type { State } from './state.ts'
import type { Command, Event } from './step.ts'

const COMMANDS: { readonly [word: string]: Command } = {
  ...{ b: 'back', n: 'next', N: 'previous', v: 'verify', p: 'prove', c: 'command', '?': 'help', q: 'quit' },
}

const HELP = [
  'A number opens what has it.',
  '/ and words: rows that have them; / and key=value, as in: / outcome=ROUTED error_code=VALUE_NULL text="call after"',
  'n: next page. N: page before. b: back. v: verify the run. p: write the proof of the row.',
  'c: the command that prints the same. An empty line: this screen again, as it is now. q: quit.',
].join('\n')

/** Ends with `q`, or with the input. */
export async function browseInLines(
  browsing: Browsing,
  stdin: NodeJS.ReadableStream,
  terminal: Pick<Terminal, 'answer' | 'isClosed'>,
  look: () => Look,
): Promise<void> {
  const lines = createInterface({ input: stdin, terminal: false })
  // What is typed before it is asked for is kept from here on.
  const typed = lines[Symbol.asyncIterator]()
  try {
    terminal.answer('Type ? for help.')
    await browsing.idle()
    terminal.answer(screenText(browsing.state, look()))
    for await (const line of typed) {
      const before = browsing.state
      browsing.take(eventOf(line.trim()))
      await browsing.idle()
      const { state } = browsing
      if (state.over || terminal.isClosed) return
      terminal.answer(textOf(before, state, look()))
      if (state.help) browsing.take({ kind: 'command', command: 'back' })
    }
  } finally {
    lines.close()
  }
}

function eventOf(line: string): Event {
  if (line === '') return { kind: 'time passed' }
  if (line.startsWith('/')) return { kind: 'searched', line: line.slice(1) }
  if (/^[1-9]\d{0,5}$/.test(line)) return { kind: 'chosen', number: Number(line) - 1 }
  const command = COMMANDS[line]
  if (command !== undefined) return { kind: 'command', command }
  return { kind: 'said', note: { text: `${line} means nothing here; ? is for help`, tone: 'bad' } }
}

/** What has changed: another screen as a whole, what is said by itself. */
function textOf(before: State, state: State, look: Look): string {
  if (state.help) return `\n${HELP}\n\n> `
  const note = state.note === null ? [] : ['', state.note.text]
  return state.note !== null && state.top === before.top
    ? [...note, '', '> '].join('\n')
    : [...note, screenText(state, look)].join('\n')
}

function screenText(state: State, look: Look): string {
  const body = bodyOf(state.top, look)
  const width = `${body.filter(({ opens }) => opens !== null).length}. `.length
  let number = 0
  const lines = body.map(({ text, opens, head }) => {
    if (opens !== null) return `${`${++number}.`.padEnd(width)}${text}`
    return head === true ? ' '.repeat(width) + text : text
  })
  return ['', titleOf(state), '', ...lines, '', '> '].join('\n')
}
