/** Functions of texts. Positions and lengths count code points. */
import { fault } from './faults.ts'
import type { Overload } from './functions.ts'
import { limitText } from './operators.ts'
import { type Fails, never, tooLong } from './total/fails.ts'
import { anyOf, type Possible } from './total/possible.ts'
import { BOOL, INT, type Kind, listOf, STRING, type Type } from './types.ts'
import type { Value } from './values.ts'

/** A method of texts; the rest of what it takes may be texts and integers. */
const method = (
  rest: readonly Kind[],
  gives: Type,
  run: Overload['run'],
  more: Pick<Overload, 'fails' | 'results'>,
): Overload => ({ takes: ['string', ...rest], gives, run, ...more })
const onTwo = (gives: Type, run: (text: string, other: string) => Value) =>
  method(['string'], gives, ([text, other]) => run(text as string, other as string), { fails: never })

/** A part of the text, or a text as long. */
const part = ([text]: readonly Possible[]) => anyOf(['string'], { length: (text as Possible).length })
const parts = (args: readonly Possible[]) =>
  anyOf(['list'], { of: part(args), size: [0, (args[0] as Possible).length + 1] })
const onText = (run: (text: string) => Value) =>
  method([], STRING, ([text]) => run(text as string), { fails: never, results: part })

/** The text’s beginning is the one position that each has. */
const position: Fails = (args, [text]) =>
  args.slice(1).every(({ kinds, constant }) => !kinds.has('int') || constant === 0n)
    ? null
    : `${text} has no such position`

const lengthReplaced = ([text, , by]: readonly Possible[]) => {
  const [length, added] = [(text as Possible).length, (by as Possible).length]
  return added === 0 ? length : length + (length + 1) * added
}
const replaces: Pick<Overload, 'fails' | 'results'> = {
  fails: args => tooLong(lengthReplaced(args)),
  results: args => anyOf(['string'], { length: lengthReplaced(args) }),
}

const SURROGATES = /[\ud800-\udfff]/
/** Whether a position in code points is the same in UTF-16 units. */
const isSimple = (text: string) => !SURROGATES.test(text)

/** UTF-16 offset of a position in code points, which may be the text's end. */
function offsetOf(text: string, position: Value, at: string): number {
  const wanted = Number(position as bigint)
  if (wanted >= 0 && isSimple(text) && wanted <= text.length) return wanted
  let offset = 0
  let count = 0
  for (const character of text) {
    if (count >= wanted) break
    offset += character.length
    count += 1
  }
  if (count !== wanted) fault('INDEX_OUT_OF_RANGE', `${at}: the text has no position ${wanted}`)
  return offset
}

/** Position in code points of a UTF-16 offset; −1 stays. */
function positionOf(text: string, offset: number): bigint {
  if (offset < 0 || isSimple(text)) return BigInt(offset)
  return BigInt([...text.slice(0, offset)].length)
}

/** In the whole text, or from a position on. */
const searching = (find: (text: string, other: string, from?: number) => number): readonly Overload[] => [
  onTwo(INT, (text, other) => positionOf(text, find(text, other))),
  method(
    ['string', 'int'],
    INT,
    ([text, other, start], at) => {
      const from = offsetOf(text as string, start as Value, at)
      return positionOf(text as string, find(text as string, other as string, from))
    },
    { fails: position },
  ),
]

function substring(text: string, start: number, end: number, at: string): string {
  if (end < start) fault('INDEX_OUT_OF_RANGE', `${at}: the end is before the start`)
  return text.slice(start, end)
}

const characters = (text: string, by: string) => (by === '' ? [...text] : text.split(by))

function split(text: string, by: string, limit: number): string[] {
  const parts = characters(text, by)
  if (limit < 0 || parts.length <= limit) return parts
  return limit === 0 ? [] : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(by)]
}

function replace(text: string, old: string, by: string, limit: number, at: string): string {
  const parts = old === '' ? ['', ...text, ''] : text.split(old)
  const count = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1)
  limitText(text.length + count * by.length, at)
  return (
    parts.slice(0, count + 1).join(by) +
    parts
      .slice(count + 1)
      .map(part => old + part)
      .join('')
  )
}

export const TEXT_FUNCTIONS: { readonly [name: string]: readonly Overload[] } = {
  contains: [onTwo(BOOL, (text, other) => text.includes(other))],
  startsWith: [onTwo(BOOL, (text, other) => text.startsWith(other))],
  endsWith: [onTwo(BOOL, (text, other) => text.endsWith(other))],
  lowerAscii: [onText(text => text.replace(/[A-Z]+/g, part => part.toLowerCase()))],
  upperAscii: [onText(text => text.replace(/[a-z]+/g, part => part.toUpperCase()))],
  trim: [onText(text => text.trim())],
  charAt: [
    method(
      ['int'],
      STRING,
      ([text, position], at) => {
        const rest = (text as string).slice(offsetOf(text as string, position as Value, at))
        return rest === '' ? '' : String.fromCodePoint(rest.codePointAt(0) as number)
      },
      { fails: position, results: part },
    ),
  ],
  indexOf: searching((text, other, from) => text.indexOf(other, from)),
  lastIndexOf: searching((text, other, from) => text.lastIndexOf(other, from)),
  substring: [
    method(
      ['int'],
      STRING,
      ([text, start], at) => (text as string).slice(offsetOf(text as string, start as Value, at)),
      { fails: position, results: part },
    ),
    method(
      ['int', 'int'],
      STRING,
      ([text, start, end], at) => {
        const from = offsetOf(text as string, start as Value, at)
        return substring(text as string, from, offsetOf(text as string, end as Value, at), at)
      },
      { fails: position, results: part },
    ),
  ],
  replace: [
    method(
      ['string', 'string'],
      STRING,
      ([text, old, by], at) => replace(text as string, old as string, by as string, -1, at),
      replaces,
    ),
    method(
      ['string', 'string', 'int'],
      STRING,
      ([text, old, by, limit], at) => replace(text as string, old as string, by as string, Number(limit), at),
      replaces,
    ),
  ],
  split: [
    method(['string'], listOf(STRING), ([text, by]) => split(text as string, by as string, -1), {
      fails: never,
      results: parts,
    }),
    method(
      ['string', 'int'],
      listOf(STRING),
      ([text, by, limit]) => split(text as string, by as string, Number(limit)),
      { fails: never, results: parts },
    ),
  ],
}
