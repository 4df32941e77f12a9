/** All the ways in which a source's plugin can misbehave: what it yields in place of what it should. */
import type { SourceRecord } from '../../src/sdk/spec.ts'

type Record = SourceRecord
/** What comes in a record's place. */
type Way = (good: Record) => unknown

class Account {
  readonly id = 1
}

function cycle(): unknown {
  const value: { self?: unknown } = {}
  value.self = value
  return value
}

function deep(levels: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = { in: value }
  return value
}

const refusing = (): never => {
  throw new Error('not now')
}
const throwing = (): object => ({
  get n() {
    return refusing()
  },
})

/** Values that no JSON has. */
const NO_JSON: { readonly [what: string]: () => unknown } = {
  undefined: () => undefined,
  'a function': () => () => 1,
  'a bigint': () => 10n,
  'a symbol': () => Symbol('x'),
  NaN: () => Number.NaN,
  Infinity: () => Number.NEGATIVE_INFINITY,
  'half of a surrogate pair': () => 'a\ud83d',
  'a name with half of a surrogate pair': () => ({ 'a\udc00': 1 }),
  'a cycle': cycle,
  'a date': () => new Date(0),
  'a map': () => new Map([['a', 1]]),
  'an instance of a class': () => new Account(),
  'a list with a hole': () => Object.assign([1], { 2: 3 }),
  'what is nested too deeply': () => deep(300),
  'a getter that throws': throwing,
  'a proxy that throws': () => new Proxy({}, { ownKeys: refusing, getPrototypeOf: refusing }),
  'a proxy that is revoked': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
}

const inField =
  (make: () => unknown): Way =>
  good => ({ ...good, kind: 'row', row: { n: 1, about: [make()] } })
const inPosition =
  (make: () => unknown): Way =>
  good => ({ ...good, position: { offset: make() } })
const inReject =
  (make: () => unknown): Way =>
  ({ line, position }) => ({ kind: 'reject', line, position, code: 'BAD', message: 'bad', raw: make() })

function named(where: string, place: (make: () => unknown) => Way): [string, Way][] {
  return Object.entries(NO_JSON).map(([what, make]) => [`${what} in ${where}`, place(make)])
}

const reject =
  (more: object): Way =>
  ({ line, position }) => ({ kind: 'reject', line, position, code: 'BAD', message: 'bad', raw: '?', ...more })

/** Instead of one record. */
export const HOSTILE_RECORDS: ReadonlyArray<readonly [string, Way]> = [
  ...named('a row', inField),
  ...named('a position', inPosition),
  ...named('what is rejected', inReject),
  ['no record', () => undefined],
  ['null as a record', () => null],
  ['a text as a record', () => 'n=1'],
  ['a list as a record', good => [good]],
  ['a record without a kind', ({ kind: _, ...good }) => good],
  ['a record of another kind', good => ({ ...good, kind: 'Row' })],
  ['a record that throws', () => new Proxy({}, { get: refusing })],
  ...[undefined, null, 'text', 7, [1], new Account(), () => 1].map((row): [string, Way] => [
    `${String(row)} as a row`,
    good => ({ ...good, kind: 'row', row }),
  ]),
  ...[-1, 1.5, Number.NaN, '3', undefined, 2 ** 53].map((line): [string, Way] => [
    `${String(line)} as a line`,
    good => ({ ...good, line }),
  ]),
  ['a row whose text is of another type', good => ({ ...good, kind: 'row', row: { n: 1 }, raw: 7 })],
  ['a file of another type', good => ({ ...good, file: 7 })],
  ['a field of another type', reject({ field: 7 })],
  ['a code that it does not declare', reject({ code: 'SECRET' })],
  ['a code that every object has', reject({ code: 'constructor' })],
  ['a code of another type', reject({ code: undefined })],
  ['a message of another type', reject({ message: { toString: refusing } })],
]

/** Instead of a chunk. */
export const HOSTILE_CHUNKS: ReadonlyArray<readonly [string, (good: readonly Record[]) => unknown]> = [
  ['nothing', () => undefined],
  ['null', () => null],
  ['a record alone', ([first]) => first],
  ['a set', good => new Set(good)],
  ['a text', () => 'chunk'],
  ['a list that is longer than it is', good => Object.assign([...good], { length: good.length + 1 })],
  ['a list that throws', good => new Proxy([...good], { get: refusing })],
]
