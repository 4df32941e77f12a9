/** Numbers as people write them in a language, and rounding with a mode. Digits are 0 to 9; signs and separators are CLDR's, as Node has them. */
import { Decimal } from '../../model/decimal.ts'
import { checkDecimal } from '../decimals.ts'
import { fault } from '../faults.ts'
import { checkFinite } from '../operators.ts'
import { quote } from '../time.ts'
import { anyOf } from '../total/possible.ts'
import { DECIMAL, DOUBLE, decimalOf, INT, type Kind, STRING, type Type } from '../types.ts'
import type { Value } from '../values.ts'
import { checkLocale, isLocale } from './date-names.ts'
import { type FunctionGroup, type FunctionSpec, type Overload, overload, total } from './spec.ts'

/** Names and meanings are those of `Intl.NumberFormat` (ECMA-402). */
const MODES = [
  'ceil',
  'floor',
  'expand',
  'trunc',
  'halfCeil',
  'halfFloor',
  'halfExpand',
  'halfTrunc',
  'halfEven',
] as const
type Mode = (typeof MODES)[number]
const MODE_NAMES = MODES.join(', ')
const modeNamed = (name: string): Mode | undefined => MODES.find(mode => mode === name)

function modeOf(name: string, at: string): Mode {
  const mode = modeNamed(name)
  if (mode === undefined)
    return fault('ARGUMENT_INVALID', `${at}: ${quote(name)} isn’t a way to round; they are ${MODE_NAMES}`)
  return mode
}

const MAX_DIGITS = 20
const MAX_LENGTH = 400
const CACHE_SIZE = 200

/** What is made of a text once for all rows; few texts, since they stand in the pipeline file. */
function cached<T>(make: (key: string) => T): (key: string) => T {
  const cache = new Map<string, T>()
  return key => {
    const known = cache.get(key)
    if (known !== undefined) return known
    const made = make(key)
    if (cache.size >= CACHE_SIZE) cache.clear()
    cache.set(key, made)
    return made
  }
}

// ── from text ───────────────────────────────────────────────────────────────────────────────────────────────────────

interface NumberForm {
  readonly whole: RegExp
  readonly group: RegExp
  readonly decimal: string
}

const BLANKS = ' \u00a0\u202f'
const APOSTROPHES = "'’"
const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

const formIn = cached((locale: string): NumberForm => {
  const parts = new Intl.NumberFormat(locale, { numberingSystem: 'latn', useGrouping: true }).formatToParts(
    -12345678901.5,
  )
  const of = (type: string, otherwise: string) => parts.find(part => part.type === type)?.value ?? otherwise
  const decimal = of('decimal', '.')
  const group = of('group', '')
  // People type the blank and the apostrophe that their keyboard has.
  const alike = [BLANKS, APOSTROPHES].find(all => all.includes(group) && group !== '') ?? group
  const between = group === '' ? '(?!)' : `[${escaped(alike)}]`
  // Groups are of three digits; in India the last is, and the others of two.
  const sizes = parts.filter(part => part.type === 'integer').map(({ value }) => value.length)
  const [inner, last] = [sizes.at(-2) ?? 3, sizes.at(-1) ?? 3]
  const digits = `(?:\\d{1,${inner}}(?:${between}\\d{${inner}})*${between}\\d{${last}}|\\d+)`
  return {
    whole: new RegExp(`^[+−-]?${digits}(?:${escaped(decimal)}\\d+)?$|^${digits}(?:${escaped(decimal)}\\d+)?[−-]$`),
    group: new RegExp(between, 'g'),
    decimal,
  }
})

/** As JSON writes it. */
function plainNumber(text: string, locale: string, at: string): string {
  checkLocale(locale, at)
  const { whole, group, decimal } = formIn(locale)
  if (text.length > MAX_LENGTH || !whole.test(text))
    return fault('CONVERSION_FAILED', `${quote(text)} isn’t a number as it is written in ${locale}`)
  const plain = text.replace(group, '').replace(decimal, '.').replaceAll('−', '-').replace('+', '')
  return plain.endsWith('-') ? `-${plain.slice(0, -1)}` : plain
}

function parse(text: string, locale: string, at: string): number {
  const value = Number(plainNumber(text, locale, at))
  return checkFinite(value === 0 ? 0 : value, at)
}

const parseDecimal = (text: string, locale: string, at: string) =>
  checkDecimal(Decimal.parse(plainNumber(text, locale, at)), at)

// ── to text ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function digitsOf(digits: bigint, at: string): number {
  if (digits < 0n || digits > BigInt(MAX_DIGITS))
    fault('ARGUMENT_INVALID', `${at}: there may be 0 to ${MAX_DIGITS} digits`)
  return Number(digits)
}

const formatter = cached((key: string) => {
  const [locale = '', least = '', most = '', mode = ''] = key.split(' ')
  return new Intl.NumberFormat(locale, {
    numberingSystem: 'latn',
    minimumFractionDigits: Number(least),
    maximumFractionDigits: Number(most),
    roundingMode: modeNamed(mode) ?? 'halfExpand',
  })
})

function format(value: bigint | number | Decimal, locale: string, digits: bigint | null, at: string): string {
  checkLocale(locale, at)
  const count = digits === null ? null : digitsOf(digits, at)
  const own = value instanceof Decimal ? value.scale : null
  const made = formatter(`${locale} ${count ?? own ?? 0} ${count ?? own ?? MAX_DIGITS} halfExpand`)
  // As text a number is rounded by its decimal digits: 1.005 is 1.01, though its double is a little less.
  // cast: the types of the library take texts of numbers that are written out only
  return made.format(typeof value === 'bigint' ? value : (`${value}` as `${number}`))
}

const rounder = cached((key: string) => {
  const [digits = '', mode = ''] = key.split(' ')
  return new Intl.NumberFormat('en', {
    useGrouping: false,
    maximumFractionDigits: Number(digits),
    roundingMode: modeNamed(mode) ?? 'halfExpand',
  })
})

function round(value: number, digits: bigint, mode: string, at: string): number {
  const count = digitsOf(digits, at)
  const rounded = Number(rounder(`${count} ${modeOf(mode, at)}`).format(`${value}`))
  return rounded === 0 ? 0 : rounded
}

function roundDecimal(value: Decimal, digits: bigint, mode: string, at: string): Decimal {
  return checkDecimal(value.round(digitsOf(digits, at), modeOf(mode, at)), at)
}

/** Its scale is the number of digits, where that is written there. */
const rounded = (_types: readonly Type[], [, digits]: ReadonlyArray<Value | undefined>): Type =>
  typeof digits === 'bigint' && digits >= 0n && digits <= BigInt(MAX_DIGITS) ? decimalOf(Number(digits)) : DECIMAL

// ── functions ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The language is the argument at 1, the mode that at 2. */
const constants: NonNullable<FunctionSpec['constants']> = ([, locale]) =>
  typeof locale !== 'string' || isLocale(locale)
    ? null
    : { argument: 1, code: 'CUSTODY_CEL_TYPE', problem: `${quote(locale)} isn’t a language such as de or en-GB` }

const formatting = (kind: 'int' | 'double' | 'decimal'): readonly Overload[] => [
  overload([kind, 'string'], STRING, ([value, locale], at) => format(value, locale, null, at)),
  overload([kind, 'string', 'int'], STRING, ([value, locale, digits], at) => format(value, locale, digits, at)),
]

const whole = (rest: readonly Kind[]): Overload =>
  total(['int', ...rest], INT, ([value]) => value ?? null, { results: ([value]) => value ?? anyOf(['int']) })

const number = { form: 'function', from: 'Custody' } as const
export const LOCALE_NUMBERS: FunctionGroup = {
  title: 'Numbers as people write them',
  functions: [
    {
      ...number,
      name: 'number.parse',
      parameters: ['text', 'language'],
      summary:
        'The number that a text says as it is written in a language: with its sign for decimals, and with separators between groups or without. A minus may stand behind it. Whatever else is there, blanks and currencies as well, is an error.',
      overloads: [overload(['string', 'string'], DOUBLE, ([text, locale], at) => parse(text, locale, at))],
      examples: [
        ['number.parse("3.903,70", "de")', 3903.7],
        ['number.parse("1,234.5-", "en")', -1234.5],
        ['number.parse("1 234,5", "fr")', 1234.5],
      ],
      errors: {
        CONVERSION_FAILED: 'number.parse("3,903.70", "de")',
        ARGUMENT_INVALID: 'number.parse("1", "!" + "")',
        NUMBER_NOT_FINITE: 'number.parse("9".padEnd(400, "9"), "en")',
      },
      constants,
    },
    {
      ...number,
      name: 'decimal.parse',
      parameters: ['text', 'language'],
      summary: 'The decimal that a text says as it is written in a language, with all its digits; as `number.parse`.',
      overloads: [overload(['string', 'string'], DECIMAL, ([text, locale], at) => parseDecimal(text, locale, at))],
      examples: [['decimal.parse("3.903,70", "de")', '3903.70']],
      errors: {
        CONVERSION_FAILED: 'decimal.parse("3,903.70", "de")',
        ARGUMENT_INVALID: 'decimal.parse("1", "!" + "")',
        DECIMAL_OVERFLOW: 'decimal.parse("9".padEnd(101, "9"), "en")',
      },
      constants,
    },
    {
      ...number,
      name: 'number.format',
      parameters: ['number', 'language', 'digits'],
      summary:
        'The number as it is written in a language, with so many digits of its fraction, or with those that it has.',
      overloads: [...formatting('double'), ...formatting('int'), ...formatting('decimal')],
      examples: [
        ['number.format(3903.7, "de", 2)', '3.903,70'],
        ['number.format(1234567, "en")', '1,234,567'],
        ['number.format(decimal("3903.70"), "de")', '3.903,70'],
      ],
      errors: { ARGUMENT_INVALID: 'number.format(1, "de", 21)' },
      constants,
    },
    {
      ...number,
      name: 'number.round',
      parameters: ['number', 'digits', 'way'],
      summary: `The number with so many digits of its fraction. Halves go away from zero, or it is rounded in another way: ${MODE_NAMES}. What counts are the decimal digits: 1.005 is 1.01.`,
      overloads: [
        overload(['double', 'int'], DOUBLE, ([value, digits], at) => round(value, digits, 'halfExpand', at)),
        overload(['double', 'int', 'string'], DOUBLE, ([value, digits, mode], at) => round(value, digits, mode, at)),
        overload(['decimal', 'int'], DECIMAL, ([value, digits], at) => roundDecimal(value, digits, 'halfExpand', at), {
          giving: rounded,
        }),
        overload(
          ['decimal', 'int', 'string'],
          DECIMAL,
          ([value, digits, mode], at) => roundDecimal(value, digits, mode, at),
          { giving: rounded },
        ),
        whole(['int']),
        whole(['int', 'string']),
      ],
      examples: [
        ['number.round(1.005, 2)', 1.01],
        ['number.round(2.5, 0, "halfEven")', 2],
        ['number.round(decimal("19.99") * 1.19, 2)', '23.79'],
        ['number.round(-1.29, 1, "ceil")', -1.2],
      ],
      errors: {
        ARGUMENT_INVALID: 'number.round(1.5, 0, "up" + "")',
        DECIMAL_OVERFLOW: 'number.round(decimal("9".padEnd(90, "9")), 20)',
      },
      constants: ([, , mode]) =>
        typeof mode !== 'string' || modeNamed(mode) !== undefined
          ? null
          : {
              argument: 2,
              code: 'CUSTODY_CEL_TYPE',
              problem: `${quote(mode)} isn’t a way to round; they are ${MODE_NAMES}`,
            },
    },
  ],
}
