/**
 * The words in which the format of entries is described as data (subject-entry.ts, subject-lists.ts, run-entry.ts): plain values, which the page about
 * the format and the views are made from, and encoder and decoders tested against. Nothing here decodes.
 */

/** What a number counts or names; in the words of the page. */
export type Measure =
  | 'token'
  | 'node'
  | 'edge'
  | 'group'
  | 'row'
  | 'batch'
  | 'call'
  | 'value'
  | 'entry'
  | 'log'
  | 'part'
  | 'outcome'
  | 'place'
  | 'count'
  | 'attempt'
  | 'choice'
  | 'time'
  | 'µs'
  | 'nusd'

/** A whole number from `least`, to `most` if there is one. */
export interface Whole {
  readonly kind: 'whole'
  readonly of: Measure
  readonly least: number
  readonly most: number
}
/** A text that matches `form`, if there is one. */
export interface Text {
  readonly kind: 'text'
  readonly form: RegExp | null
}
/** One of these very values. */
export interface OneOf {
  readonly kind: 'one of'
  readonly values: readonly (string | number | true)[]
}
export interface Flag {
  readonly kind: 'flag'
}
export interface ListOf {
  readonly kind: 'list'
  readonly of: Shape
  /** Elements. */
  readonly least: number
}
export interface Element<N extends string = string> {
  readonly name: N
  readonly is: Shape
}
/** Elements that are there or not, all together. */
export interface Tail<N extends string = string> {
  readonly elements: readonly Element<N>[]
  /** For the page: `if the fate carries an error`. */
  readonly when: string
  /** They are there exactly if an element before has one of these values. */
  readonly if?: { readonly element: string; readonly among: readonly number[] }
  /** They are there exactly if one of them isn't 0. */
  readonly unless_all_0?: true
}
/** A list whose elements have names: those that are always there, then tails, each there or not, then `rest` any number of times. */
export interface Tuple<N extends string = string> {
  readonly kind: 'tuple'
  readonly elements: readonly Element<N>[]
  readonly tails: readonly Tail<N>[]
  /** null: nothing more. Where there are tails, only behind all of them. */
  readonly rest: Element<N> | null
}
export interface ObjectOf {
  readonly kind: 'object'
  readonly keys: { readonly [key: string]: Key }
}
export interface Either {
  readonly kind: 'either'
  readonly of: readonly Shape[]
}
export type Shape = Whole | Text | OneOf | Flag | ListOf | Tuple | ObjectOf | Either

export interface Key<O extends boolean = boolean> {
  readonly is: Shape
  readonly optional: O
  /** For the page, behind the key; absent where the name says it. */
  readonly says?: string
  /** For the page: its shape is written out below the table. */
  readonly below?: true
}

export const whole = (of: Measure, least = 1, most = Number.MAX_SAFE_INTEGER): Whole => ({
  kind: 'whole',
  of,
  least,
  most,
})
/** A number that names something, or 0 for none. */
export const orNone = (of: Measure): Whole => whole(of, 0)
export const counted = (least = 0): Whole => whole('count', least)
export const text = (form: RegExp | null = null): Text => ({ kind: 'text', form })
export const hex = (bytes: number): Text => text(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))
export const HASH = hex(32)
export const UUID = text(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
export const CODE = text(/^[A-Z0-9_]{1,64}$/)
export const WORD = text(/^[a-z0-9_]+$/)
export const FLAG: Flag = { kind: 'flag' }
export const oneOf = (...values: readonly (string | number | true)[]): OneOf => ({ kind: 'one of', values })
export const listOf = (of: Shape, least = 0): ListOf => ({ kind: 'list', of, least })
export const either = (...of: readonly Shape[]): Either => ({ kind: 'either', of })
export const objectOf = (keys: { readonly [key: string]: Key }): ObjectOf => ({ kind: 'object', keys })

type Shapes<N extends string> = { readonly [name in N]: Shape }

const elementsOf = <N extends string>(shapes: Shapes<N>): readonly Element<N>[] =>
  Object.entries(shapes).map(([name, is]) => ({ name: name as N, is: is as Shape }))

/** Elements by name, in order. */
export const tupleOf = <N extends string, T extends string = never, R extends string = never>(
  shapes: Shapes<N>,
  more: { readonly tails?: readonly Tail<T>[]; readonly rest?: Element<R> } = {},
): Tuple<N | T | R> => ({
  kind: 'tuple',
  elements: elementsOf(shapes),
  tails: more.tails ?? [],
  rest: more.rest ?? null,
})

export const tail = <N extends string>(
  shapes: Shapes<N>,
  when: string,
  more: Pick<Tail, 'if' | 'unless_all_0'> = {},
): Tail<N> => ({
  elements: elementsOf(shapes),
  when,
  ...more,
})

export const key = (is: Shape, says?: string): Key<false> => ({
  is,
  optional: false,
  ...(says !== undefined && { says }),
})
export const maybe = (is: Shape, says?: string): Key<true> => ({
  is,
  optional: true,
  ...(says !== undefined && { says }),
})
/** Its shape is written out below the table. */
export const below = <O extends boolean>(of: Key<O>): Key<O> => ({ ...of, below: true })

/** Where each element stands in such a list, by name; the first one of `rest`. Tails count as if all were there. */
export function positionsOf<N extends string>({ elements, tails, rest }: Tuple<N>): { readonly [name in N]: number } {
  const all = [...elements, ...tails.flatMap(each => each.elements), ...(rest === null ? [] : [rest])]
  return Object.fromEntries(all.map(({ name }, i) => [name, i])) as { readonly [name in N]: number }
}
