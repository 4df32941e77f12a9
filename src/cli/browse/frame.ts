/** A state as the lines of a terminal: a title, what the screen shows, what is said or typed, and the keys. */

import { idText } from '../../model/part-ids.ts'
import { columnsOf, padEnd, printable, shorten, shortRun } from '../render/text.ts'
import type { Style } from '../terminal.ts'
import { bodyOf } from './body.ts'
import { lineOf } from './filter-line.ts'
import type { BodyLine, Look } from './lines.ts'
import type { Screen, State } from './state.ts'

/** Title, a blank line; what is said, and keys. */
const AROUND_ROWS = 4

/** Lines that a screen has for itself. */
export function bodyRows({ rows }: Pick<Look, 'rows'>): number {
  return Math.max(1, rows - AROUND_ROWS)
}

export function frameOf(state: State, look: Look): readonly string[] {
  const { columns, paint } = look
  const body = state.help ? helpLines(look) : shownLines(state.top, look)
  const blank = Array.from({ length: bodyRows(look) - body.length }, () => '')
  return [
    paint('bold', fromEnd(titleOf(state), columns)),
    '',
    ...body,
    ...blank,
    lastLine(state, look),
    keysLine(state, look),
  ]
}

/** `runs › loan-triage 0193f0… › row 17` */
export function titleOf({ top, under }: State): string {
  const names = [...under, top].map(nameOf)
  return `custody › ${names.join(' › ')}${top.asked !== null && top.content.kind === 'there' ? ' …' : ''}`
}

function nameOf(screen: Screen): string {
  switch (screen.kind) {
    case 'runs':
      return 'runs'
    case 'run': {
      const { content, place } = screen
      const name = content.kind === 'there' ? `${content.answer.name} ` : ''
      return printable(`${name}${shortRun(place.run)}`)
    }
    case 'rows':
      return printable(`rows ${lineOf(screen.place.filter)}`.trimEnd())
    case 'story':
      return `row ${idText(screen.place.row)}`
    case 'verify':
      return 'verify'
  }
}

/** The end is what tells screens apart. */
function fromEnd(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text
  let rest = text
  while (columnsOf(rest) > columns - 1) rest = rest.slice(Math.max(1, rest.length - columns * 2))
  return `…${rest}`
}

/** As many lines as there is room for: around the chosen one, or from the first that is to be seen. */
function shownLines(screen: Screen, look: Look): readonly string[] {
  const lines = bodyOf(screen, look)
  const room = bodyRows(look)
  const openable = lines.flatMap(({ opens }, i) => (opens === null ? [] : i))
  const chosen = openable[Math.min(screen.at, openable.length - 1)]
  const middle = chosen === undefined ? screen.at : chosen < room - 1 ? 0 : chosen - Math.floor(room / 2)
  const first = Math.max(0, Math.min(middle, lines.length - room))
  return lines.slice(first, first + room).map((line, i) => lineText(line, first + i === chosen, look))
}

function lineText({ text, style, painted, head, opens }: BodyLine, chosen: boolean, look: Look): string {
  const { paint, columns } = look
  if (painted === true) return text
  if (chosen) return paint('inverse', shorten(`› ${text}`, columns))
  const shown = shorten(opens !== null || head === true ? `  ${text}` : text, columns)
  return style === undefined ? shown : paint(style, shown)
}

function lastLine({ prompt, note }: State, { columns, paint }: Look): string {
  if (prompt !== null) {
    const { text, problem } = prompt
    if (problem !== null) return paint('red', shorten(printable(problem), columns))
    return `/ ${fromEnd(printable(text), columns - 3)}${paint('inverse', ' ')}`
  }
  if (note === null) return ''
  const styles: { readonly [tone in typeof note.tone]: Style } = { good: 'green', bad: 'red', plain: 'bold' }
  return paint(styles[note.tone], fromEnd(printable(note.text), columns))
}

const KEYS: { readonly [kind in Screen['kind']]: readonly string[] } = {
  runs: ['enter open', '/ search', 'v verify', 'n older', 'c command'],
  run: ['enter rows', '/ search', 'v verify', 'esc back', 'c command'],
  rows: ['enter story', '/ search', 'n next', 'N previous', 'esc back', 'c command'],
  story: ['↑↓ scroll', 'p proof', 'v verify', 'c command', 'esc back'],
  verify: ['↑↓ scroll', 'esc back', 'c command'],
}

/** As many as there is room for. */
function keysLine({ top, prompt, help }: State, { columns, paint }: Look): string {
  if (prompt !== null)
    return paint('dim', shorten('enter search · esc leave · as in: outcome=ROUTED text="call after"', columns))
  if (help) return paint('dim', shorten('esc back · q quit', columns))
  const end = '? help · q quit'
  let line = ''
  for (const key of KEYS[top.kind]) {
    if (columnsOf(line) + columnsOf(key) + columnsOf(end) + 3 > columns) break
    line += `${key} · `
  }
  return paint('dim', shorten(line + end, columns))
}

const HELP: ReadonlyArray<readonly [key: string, what: string]> = [
  ['↑ ↓, j k', 'choose a line, or scroll'],
  ['page, home, end', 'in larger steps'],
  ['enter', 'open what is chosen'],
  ['esc, backspace', 'back'],
  ['/', 'search rows: words, or key=value'],
  ['', 'keys: outcome cause sink node source'],
  ['', 'error_code class branch value text …'],
  ['n, N', 'next page, page before'],
  ['v', 'verify the run'],
  ['p', 'write the proof of the row'],
  ['c', 'the command that prints the same'],
  ['q, Ctrl-C', 'quit'],
]

function helpLines(look: Look): readonly string[] {
  return HELP.slice(0, bodyRows(look)).map(([key, what]) => shorten(`${padEnd(key, 17)}${what}`, look.columns))
}
