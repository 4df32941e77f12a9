/** Texts, under the names of CEL and its extension for strings. Positions and lengths count code points: no character is split. */

import { trim } from '../../model/blanks.ts'
import { fault } from '../faults.ts'
import { limitText } from '../operators.ts'
import { type Fails, tooLong } from '../total/fails.ts'
import { anyOf, elementsOf, type Possible, within } from '../total/possible.ts'
import { BOOL, INT, listOf, STRING } from '../types.ts'
import type { Value } from '../values.ts'
import { format } from './format.ts'
import { type FunctionGroup, type More, type Overload, overload, total } from './spec.ts'

const lengthOf = (possible: Possible | undefined) => possible?.length ?? Number.POSITIVE_INFINITY

/** A part of the text, or a text as long. */
const part = ([text]: readonly Possible[]) => anyOf(['string'], { length: lengthOf(text) })
const parts = (args: readonly Possible[]) => anyOf(['list'], { of: part(args), size: [0, lengthOf(args[0]) + 1] })

/** The text’s beginning is the one position that each has. */
const position: Fails = (args, [text]) =>
  args.slice(1).every(({ kinds, constant }) => !kinds.has('int') || constant === 0n)
    ? null
    : `${text} has no such position`

const lengthReplaced = ([text, , by]: readonly Possible[]) => {
  const [length, added] = [lengthOf(text), lengthOf(by)]
  return added === 0 ? length : length + (length + 1) * added
}
const replaces: More = {
  fails: args => tooLong(lengthReplaced(args)),
  results: args => anyOf(['string'], { length: lengthReplaced(args) }),
}

const SURROGATES = /[\ud800-\udfff]/
/** Whether a position in code points is the same in UTF-16 units. */
const isSimple = (text: string) => !SURROGATES.test(text)

/** UTF-16 offset of a position in code points, which may be the text's end. */
function offsetOf(text: string, position: bigint, at: string): number {
  const wanted = Number(position)
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
  total(['string', 'string'], INT, ([text, other]) => positionOf(text, find(text, other))),
  overload(
    ['string', 'string', 'int'],
    INT,
    ([text, other, start], at) => positionOf(text, find(text, other, offsetOf(text, start, at))),
    { fails: position },
  ),
]

function characterAt(text: string, position: bigint, at: string): string {
  const rest = text.slice(offsetOf(text, position, at))
  return rest === '' ? '' : String.fromCodePoint(rest.codePointAt(0) ?? 0)
}

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

const joins: More = {
  fails: ([list, by], [name]) => {
    const texts = elementsOf(list as Possible)
    if ([...texts.kinds].some(kind => kind !== 'string')) return `${name} holds something that isn’t a text`
    return tooLong(lengthJoined(list as Possible, by))
  },
  results: ([list, by]) => anyOf(['string'], { length: lengthJoined(list as Possible, by) }),
}
function lengthJoined(list: Possible, by: Possible | undefined): number {
  const each = within(list).length + (by?.length ?? 0)
  return each === 0 || list.size[1] === 0 ? 0 : list.size[1] * each
}

function joined(list: readonly Value[], by: string, at: string): string {
  let length = 0
  for (const each of list) {
    if (typeof each !== 'string') fault('TYPE_MISMATCH', `${at}: the list holds something that isn’t a text`)
    length += each.length + by.length
  }
  limitText(length, at)
  return list.join(by)
}

const ESCAPES: { readonly [character: string]: string } = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}
const quoted = (text: string) => `"${[...text.toWellFormed()].map(each => ESCAPES[each] ?? each).join('')}"`

const onTwo = (run: (text: string, other: string) => boolean) => [
  total(['string', 'string'], BOOL, ([text, other]) => run(text, other)),
]
const onText = (run: (text: string) => string) => [total(['string'], STRING, ([text]) => run(text), { results: part })]

const standard = { form: 'method', from: 'CEL' } as const
const strings = { form: 'method', from: 'CEL strings' } as const
export const TEXTS: FunctionGroup = {
  title: 'Texts',
  functions: [
    {
      ...standard,
      name: 'contains',
      summary: 'Whether the other text stands anywhere in this one.',
      overloads: onTwo((text, other) => text.includes(other)),
      examples: [['"invoice".contains("voice")', true]],
    },
    {
      ...standard,
      name: 'startsWith',
      summary: 'Whether the text begins with the other.',
      overloads: onTwo((text, other) => text.startsWith(other)),
      examples: [['"DE-17".startsWith("DE")', true]],
    },
    {
      ...standard,
      name: 'endsWith',
      summary: 'Whether the text ends with the other.',
      overloads: onTwo((text, other) => text.endsWith(other)),
      examples: [['"a.csv".endsWith(".csv")', true]],
    },
    {
      ...strings,
      name: 'lowerAscii',
      summary: 'The text with A to Z in lower case; other letters stay. `lower` has all of them.',
      overloads: onText(text => text.replace(/[A-Z]+/g, letters => letters.toLowerCase())),
      examples: [['"ÀB".lowerAscii()', 'Àb']],
    },
    {
      ...strings,
      name: 'upperAscii',
      summary: 'The text with a to z in upper case; other letters stay. `upper` has all of them.',
      overloads: onText(text => text.replace(/[a-z]+/g, letters => letters.toUpperCase())),
      examples: [['"àb".upperAscii()', 'àB']],
    },
    {
      ...strings,
      name: 'trim',
      summary: 'The text without blanks and line breaks at its ends.',
      overloads: onText(trim),
      examples: [['"  x ".trim()', 'x']],
    },
    {
      ...strings,
      name: 'charAt',
      summary: 'The character at a position from 0; empty at the text’s end.',
      overloads: [
        overload(['string', 'int'], STRING, ([text, at_position], at) => characterAt(text, at_position, at), {
          fails: position,
          results: part,
        }),
      ],
      examples: [['"a😀b".charAt(1)', '😀']],
      errors: { INDEX_OUT_OF_RANGE: '"abc".charAt(4)' },
    },
    {
      ...strings,
      name: 'indexOf',
      parameters: ['text', 'start'],
      summary: 'The first position of the other text, at or after a position; -1 if there is none.',
      overloads: searching((text, other, from) => text.indexOf(other, from)),
      examples: [
        ['"abcabc".indexOf("c")', 2],
        ['"abcabc".indexOf("a", 1)', 3],
      ],
      errors: { INDEX_OUT_OF_RANGE: '"abc".indexOf("a", 4)' },
    },
    {
      ...strings,
      name: 'lastIndexOf',
      parameters: ['text', 'start'],
      summary: 'The last position of the other text, at or before a position; -1 if there is none.',
      overloads: searching((text, other, from) => text.lastIndexOf(other, from)),
      examples: [['"abca".lastIndexOf("a")', 3]],
      errors: { INDEX_OUT_OF_RANGE: '"abc".lastIndexOf("a", 4)' },
    },
    {
      ...strings,
      name: 'substring',
      parameters: ['start', 'end'],
      summary: 'The text from a position, to its end or up to another position, which isn’t included.',
      overloads: [
        overload(['string', 'int'], STRING, ([text, start], at) => text.slice(offsetOf(text, start, at)), {
          fails: position,
          results: part,
        }),
        overload(
          ['string', 'int', 'int'],
          STRING,
          ([text, start, end], at) => substring(text, offsetOf(text, start, at), offsetOf(text, end, at), at),
          { fails: position, results: part },
        ),
      ],
      examples: [
        ['"DE-17".substring(3)', '17'],
        ['"DE-17".substring(0, 2)', 'DE'],
      ],
      errors: { INDEX_OUT_OF_RANGE: '"abc".substring(4)' },
    },
    {
      ...strings,
      name: 'replace',
      parameters: ['old', 'by', 'count'],
      summary: 'The text with another in the place of each occurrence, or of the first so many.',
      overloads: [
        overload(
          ['string', 'string', 'string'],
          STRING,
          ([text, old, by], at) => replace(text, old, by, -1, at),
          replaces,
        ),
        overload(
          ['string', 'string', 'string', 'int'],
          STRING,
          ([text, old, by, limit], at) => replace(text, old, by, Number(limit), at),
          replaces,
        ),
      ],
      examples: [
        ['"a-b-c".replace("-", "")', 'abc'],
        ['"a-b-c".replace("-", "", 1)', 'ab-c'],
      ],
      errors: { EVALUATION_LIMIT: '"".padEnd(5000, "a").replace("a", "".padEnd(5000))' },
    },
    {
      ...strings,
      name: 'split',
      parameters: ['by', 'count'],
      summary: 'The parts between occurrences of the other text, in at most so many; by an empty text, the characters.',
      overloads: [
        total(['string', 'string'], listOf(STRING), ([text, by]) => split(text, by, -1), { results: parts }),
        total(['string', 'string', 'int'], listOf(STRING), ([text, by, limit]) => split(text, by, Number(limit)), {
          results: parts,
        }),
      ],
      examples: [
        ['"a,b,c".split(",")', ['a', 'b', 'c']],
        ['"a,b,c".split(",", 2)', ['a', 'b,c']],
      ],
    },
    {
      ...strings,
      name: 'join',
      parameters: ['between'],
      summary: 'The texts of a list one after the other, with a text between them.',
      overloads: [
        overload(['list'], STRING, ([list], at) => joined(list, '', at), joins),
        overload(['list', 'string'], STRING, ([list, by], at) => joined(list, by, at), joins),
      ],
      examples: [['["a", "b"].join("-")', 'a-b']],
      errors: { EVALUATION_LIMIT: '["".padEnd(9000000), "".padEnd(9000000)].join()' },
    },
    {
      ...strings,
      name: 'format',
      parameters: ['values'],
      summary:
        'The text with values in the place of its clauses: %s any value, %d an integer, %f and %e a number (%.2f: with two digits), %b, %o, %x and %X another base, %% a percent sign.',
      overloads: [overload(['string', 'list'], STRING, ([text, values], at) => format(text, values, at))],
      examples: [
        ['"%s owes %.2f".format(["Ana", 12.5])', 'Ana owes 12.50'],
        ['"%d of %s".format([3, [1, "a", null]])', '3 of [1, a, null]'],
      ],
      errors: {
        ARGUMENT_INVALID: '"%q".format([1])',
        INDEX_OUT_OF_RANGE: '"%s %s".format([1])',
        EVALUATION_LIMIT: '"%s%s".format(["".padEnd(9000000), "".padEnd(9000000)])',
      },
    },
    {
      name: 'strings.quote',
      form: 'function',
      from: 'CEL strings',
      summary: 'The text in double quotes, with escapes for quotes, backslashes and control characters.',
      overloads: [
        total(['string'], STRING, ([text]) => quoted(text), {
          results: ([text]) => anyOf(['string'], { length: 2 + 2 * lengthOf(text) }),
        }),
      ],
      examples: [['strings.quote("a \\"b\\"")', '"a \\"b\\""']],
    },
  ],
}
