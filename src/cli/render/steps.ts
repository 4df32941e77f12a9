/** The steps of one token as aligned lines: number, node, what did it, the result, how long it took. */
import type { Step, StepHead } from '../../read/words/steps.ts'
import type { Paint } from '../terminal.ts'
import { columnsOf, padEnd, padStart, shorten, wrap } from './text.ts'

const NODE_COLUMNS = 24
/** Most lines of one text: a person who wants more asks for the JSON. */
const MOST_LINES = 6

/** How and where a story is shown. */
export interface StoryView {
  readonly columns: number
  readonly paint: Paint
  /** Paths are shown as seen from here. */
  readonly cwd: string
  /** Whether a row's values are listed with their numbers. */
  readonly numbers?: boolean
}

/** Lines for the steps of a token, numbered from `first`. */
export function renderSteps(steps: readonly Step[], first: number, { columns, paint }: StoryView): string[] {
  const number = `${first + steps.length - 1}`.length
  const node = Math.min(NODE_COLUMNS, widest(steps.map(step => step.node)))
  const by = Math.min(NODE_COLUMNS, widest(steps.map(step => step.by)))
  const duration = widest(steps.map(step => step.duration))
  const indent = number + 2 + node + 2 + by + 2
  const room = Math.max(16, columns - indent - duration - 2)
  const bodies = layOut(steps, room)
  const body_columns = Math.min(room, widest(bodies.map(lines => lines[0] ?? '')))
  return steps.flatMap((step, i) => {
    const [head = '', ...rest] = bodies[i] ?? []
    const styled = step.failed ? paint('red', head) : head
    const lead = `${padStart(`${first + i}`, number)}  ${paint('bold', padEnd(shorten(step.node, node), node))}  ${paint('dim', padEnd(shorten(step.by, by), by))}  `
    const fill = ' '.repeat(Math.max(0, body_columns - columnsOf(head)))
    return [
      `${lead}${styled}${fill}  ${paint('dim', padStart(step.duration, duration))}`.trimEnd(),
      ...rest.map(line => `${' '.repeat(indent)}${line}`),
    ]
  })
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, columnsOf(text)), 0)
}

/** Gates get columns for expression, values and way if all of that fits; else values stand on a line of their own. */
function layOut(steps: readonly Step[], room: number): string[][] {
  const gates = steps.map(step => step.head).filter(head => head.kind === 'gate')
  const expression = widest(gates.map(gate => gate.expression))
  const values = widest(gates.map(gate => gate.values))
  const fits = expression + values + widest(gates.map(gate => gate.way)) + 6 <= room
  const columns = fits ? { expression, values } : null
  return steps.map(({ head, more }) => [
    ...headLines(head, columns, room),
    ...more.flatMap(line => wrap(line, room, MOST_LINES)),
  ])
}

/** `columns`: widths of those of gates; null if they don't fit. */
function headLines(
  head: StepHead,
  columns: { readonly expression: number; readonly values: number } | null,
  room: number,
): string[] {
  switch (head.kind) {
    case 'text':
      return wrap(head.text, room, MOST_LINES)
    case 'error':
      return errorLines(head, room)
    case 'gate':
      if (columns === null) return gateLines(head, room)
      return [`${padEnd(head.expression, columns.expression)}   ${padEnd(head.values, columns.values)}   ${head.way}`]
  }
}

function gateLines({ expression, values, way }: Extract<StepHead, { kind: 'gate' }>, room: number): string[] {
  const line = `${expression}   ${way}`
  const seen = values === '' ? [] : wrap(values, room, MOST_LINES)
  return columnsOf(line) <= room
    ? [line, ...seen]
    : [...wrap(expression, room, MOST_LINES), ...seen, ...wrap(way, room, MOST_LINES)]
}

/** On one line if it fits; else the message stands under its code, so that the way stays in sight. */
function errorLines({ code, message, way }: Extract<StepHead, { kind: 'error' }>, room: number): string[] {
  const line = `${code}: ${message}  ${way}`.trimEnd()
  if (columnsOf(line) <= room) return [line]
  return [...wrap(`${code}  ${way}`.trimEnd(), room, MOST_LINES), ...wrap(message, room, MOST_LINES)]
}
