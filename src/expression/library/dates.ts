/** Dates: by a pattern from and to text, and calendar arithmetic in a zone. A date is the timestamp of its midnight. */
import { fault } from '../faults.ts'
import { isZone, quote } from '../time.ts'
import { anyOf } from '../total/possible.ts'
import { INT, STRING, TIMESTAMP } from '../types.ts'
import type { Timestamp, Value } from '../values.ts'
import { between, later, localTime, truncated, UNITS, type Unit, unitNamed } from './calendar.ts'
import { isLocale } from './date-names.ts'
import { datePattern, notPattern, notReadable, unreadable } from './date-pattern.ts'
import { formatDate, parseDate } from './date-text.ts'
import { type ConstantProblem, type FunctionGroup, type FunctionSpec, type Overload, overload, total } from './spec.ts'

const UNIT_NAMES = UNITS.join(', ')

function unitOf(name: string, at: string): Unit {
  return unitNamed(name) ?? fault('ARGUMENT_INVALID', `${at}: ${quote(name)} isn’t a unit; they are ${UNIT_NAMES}`)
}

/** What is wrong with constants: for each argument by its position what it must be. */
function checking(rules: {
  readonly [argument: number]: (text: string) => string | null
}): NonNullable<FunctionSpec['constants']> {
  return literals => {
    for (const [argument, rule] of Object.entries(rules)) {
      const literal: Value | undefined = literals[Number(argument)]
      const problem = typeof literal === 'string' ? rule(literal) : null
      if (problem !== null)
        return { argument: Number(argument), code: 'CUSTODY_CEL_TYPE', problem } satisfies ConstantProblem
    }
    return null
  }
}
const unit = (name: string) => (unitNamed(name) === null ? `${quote(name)} isn’t a unit; they are ${UNIT_NAMES}` : null)
const zone = (name: string) =>
  isZone(name) ? null : `${quote(name)} isn’t a time zone such as Australia/Sydney or +10:00`
const locale = (name: string) => (isLocale(name) ? null : `${quote(name)} isn’t a language such as de or en-GB`)
function pattern(source: string): string | null {
  const read = datePattern(source)
  return typeof read === 'string' ? notPattern(source, read) : null
}
const readable = (source: string) => {
  const read = datePattern(source)
  const problem = typeof read === 'string' ? null : unreadable(read)
  return problem === null ? pattern(source) : notReadable(source, problem)
}

/** In UTC, or in a zone. */
const inZone = (
  takes: readonly ['timestamp', 'string'],
  gives: Overload['gives'],
  run: (time: Timestamp, name: string, zone: string, at: string) => Value,
): readonly Overload[] => [
  overload(takes, gives, ([time, name], at) => run(time, name, 'UTC', at)),
  overload(['timestamp', 'string', 'string'], gives, ([time, name, zone], at) => run(time, name, zone, at)),
]

const age = (from: Timestamp, to: Timestamp, zone: string) => between(from, to, 'years', zone)

const PATTERN_DETAILS = `Letters of the pattern, as in CLDR: yyyy the year, yy its last two digits (1969 to 2068), MM or M the month, MMM and MMMM its name, short and long, dd or d the day, EEE and EEEE the weekday, HH or H the hour (0 to 23), hh or h that of 12 with a for AM or PM (read as am or p.m., too), mm the minute, ss the second, S its fraction in any number of digits (written: tenths), SS to SSSSSSSSS in so many, XXX the offset (+01:00 or Z), XX without the colon (read either way), VV the zone. One letter takes one digit or two, two letters two digits. Anything else stands for itself, other letters in single quotes. A time that the clocks skipped is taken to be as much later; of one that they had twice, the first counts.`

const date = { form: 'function', from: 'Custody' } as const
const DAY = 'timestamp("2026-01-31T12:00:00Z")'
const BEYOND = 'timestamp("9999-12-31T00:00:00Z")'

const AS_TEXT: readonly FunctionSpec[] = [
  {
    ...date,
    name: 'date.parse',
    parameters: ['text', 'pattern', 'zone', 'language'],
    summary:
      'The point in time that a text says, by a pattern; in UTC, or in a zone, unless the text has an offset; with names of months in English, or in another language. All of the text must fit.',
    details: PATTERN_DETAILS,
    overloads: [
      overload(['string', 'string'], TIMESTAMP, ([text, source], at) => parseDate(text, source, null, 'en', at)),
      overload(['string', 'string', 'string'], TIMESTAMP, ([text, source, zone], at) =>
        parseDate(text, source, zone, 'en', at),
      ),
      overload(['string', 'string', 'string', 'string'], TIMESTAMP, ([text, source, zone, locale], at) =>
        parseDate(text, source, zone, locale, at),
      ),
    ],
    examples: [
      ['date.parse("31.12.2025", "dd.MM.yyyy")', '2025-12-31T00:00:00Z'],
      ['date.parse("1/7/26 2:05 PM", "M/d/yy h:mm a", "America/New_York")', '2026-01-07T19:05:00Z'],
      ['date.parse("3. März 2026", "d. MMMM yyyy", "Europe/Berlin", "de")', '2026-03-02T23:00:00Z'],
    ],
    errors: {
      CONVERSION_FAILED: 'date.parse("30.02.2026", "dd.MM.yyyy")',
      ARGUMENT_INVALID: 'date.parse("2026", "YY" + "YY")',
      INTEGER_OVERFLOW: 'date.parse("0001-01-01", "yyyy-MM-dd", "+12:00")',
    },
    constants: checking({ 1: readable, 2: zone, 3: locale }),
  },
  {
    ...date,
    name: 'date.format',
    parameters: ['time', 'pattern', 'zone', 'language'],
    summary:
      'The text of a point in time, by a pattern; in UTC, or in a zone; with names in English, or in another language.',
    details: PATTERN_DETAILS,
    overloads: [
      ...inZone(['timestamp', 'string'], STRING, (time, source, zone, at) => formatDate(time, source, zone, 'en', at)),
      overload(['timestamp', 'string', 'string', 'string'], STRING, ([time, source, zone, locale], at) =>
        formatDate(time, source, zone, locale, at),
      ),
    ],
    examples: [
      [`date.format(${DAY}, "yyyy-MM-dd")`, '2026-01-31'],
      [
        `date.format(${DAY}, "EEEE, d. MMMM yyyy, HH:mm XXX", "Europe/Berlin", "de")`,
        'Samstag, 31. Januar 2026, 13:00 +01:00',
      ],
    ],
    errors: {
      CONVERSION_FAILED: `date.format(${DAY}, "yyyy", "Nowhere/" + "There")`,
      ARGUMENT_INVALID: `date.format(${DAY}, "YY" + "YY")`,
    },
    constants: checking({ 1: pattern, 2: zone, 3: locale }),
  },
]

const ARITHMETIC: readonly FunctionSpec[] = [
  {
    ...date,
    name: 'date.add',
    parameters: ['time', 'count', 'unit', 'zone'],
    summary:
      'The point in time so many units later, or earlier: years, months, weeks, days, working_days (Monday to Friday), hours, minutes or seconds; by the calendar of UTC, or of a zone. Where a month is too short, its last day.',
    overloads: [
      overload(['timestamp', 'int', 'string'], TIMESTAMP, ([time, count, name], at) =>
        later(time, count, unitOf(name, at), 'UTC'),
      ),
      overload(['timestamp', 'int', 'string', 'string'], TIMESTAMP, ([time, count, name, zone], at) =>
        later(time, count, unitOf(name, at), zone),
      ),
    ],
    examples: [
      [`date.add(${DAY}, 1, "months")`, '2026-02-28T12:00:00Z'],
      [`date.add(${DAY}, 1, "working_days")`, '2026-02-02T12:00:00Z'],
    ],
    errors: {
      ARGUMENT_INVALID: `date.add(${DAY}, 1, "moons" + "")`,
      CONVERSION_FAILED: `date.add(${DAY}, 1, "days", "Nowhere/" + "There")`,
      INTEGER_OVERFLOW: `date.add(${BEYOND}, 1, "years")`,
    },
    constants: checking({ 2: unit, 3: zone }),
  },
  {
    ...date,
    name: 'date.diff',
    parameters: ['from', 'to', 'unit', 'zone'],
    summary:
      'How many whole units there are from the first point in time to the second, negative if that is earlier. Working days are those after the first day up to the second.',
    overloads: [
      overload(['timestamp', 'timestamp', 'string'], INT, ([from, to, name], at) =>
        between(from, to, unitOf(name, at), 'UTC'),
      ),
      overload(['timestamp', 'timestamp', 'string', 'string'], INT, ([from, to, name, zone], at) =>
        between(from, to, unitOf(name, at), zone),
      ),
    ],
    examples: [
      ['date.diff(date.parse("31.01.2026", "dd.MM.yyyy"), date.parse("02.03.2026", "dd.MM.yyyy"), "months")', 1],
      ['date.diff(date.parse("30.01.2026", "dd.MM.yyyy"), date.parse("03.02.2026", "dd.MM.yyyy"), "working_days")', 2],
    ],
    errors: {
      ARGUMENT_INVALID: `date.diff(${DAY}, ${DAY}, "moons" + "")`,
      CONVERSION_FAILED: `date.diff(${DAY}, ${DAY}, "days", "Nowhere/" + "There")`,
    },
    constants: checking({ 2: unit, 3: zone }),
  },
  {
    ...date,
    name: 'date.truncate',
    parameters: ['time', 'unit', 'zone'],
    summary:
      'When the year, month, week (from Monday), day, hour, minute or second began that the point in time is in; in UTC, or in a zone.',
    overloads: inZone(['timestamp', 'string'], TIMESTAMP, (time, name, zone, at) =>
      truncated(time, unitOf(name, at), zone),
    ),
    examples: [
      [`date.truncate(${DAY}, "month")`, '2026-01-01T00:00:00Z'],
      [`date.truncate(${DAY}, "day", "Europe/Berlin")`, '2026-01-30T23:00:00Z'],
    ],
    errors: {
      ARGUMENT_INVALID: `date.truncate(${DAY}, "moons" + "")`,
      CONVERSION_FAILED: `date.truncate(${DAY}, "days", "Nowhere/" + "There")`,
      INTEGER_OVERFLOW: 'date.truncate(timestamp("0001-01-01T00:00:00Z"), "day", "-01:00")',
    },
    constants: checking({ 1: unit, 2: zone }),
  },
  {
    ...date,
    name: 'date.weekday',
    parameters: ['time', 'zone'],
    summary: 'The day of the week by ISO 8601, from 1 for Monday to 7 for Sunday; in UTC, or in a zone.',
    overloads: [
      total(['timestamp'], INT, ([time]) => BigInt(localTime(time, 'UTC').weekday), {
        results: () => anyOf(['int'], { int: [1n, 7n] }),
      }),
      overload(['timestamp', 'string'], INT, ([time, zone]) => BigInt(localTime(time, zone).weekday)),
    ],
    examples: [[`date.weekday(${DAY})`, 6]],
    errors: { CONVERSION_FAILED: `date.weekday(${DAY}, "Nowhere/" + "There")` },
    constants: checking({ 1: zone }),
  },
  {
    ...date,
    name: 'date.age',
    parameters: ['birthday', 'day', 'zone'],
    summary:
      'How many whole years there are from a birthday to another day, such as `run.started_at`; in UTC, or in a zone.',
    overloads: [
      total(['timestamp', 'timestamp'], INT, ([birth, on]) => age(birth, on, 'UTC')),
      overload(['timestamp', 'timestamp', 'string'], INT, ([birth, on, zone]) => age(birth, on, zone)),
    ],
    examples: [[`date.age(date.parse("01.02.1990", "dd.MM.yyyy"), ${DAY})`, 35]],
    errors: { CONVERSION_FAILED: `date.age(${DAY}, ${DAY}, "Nowhere/" + "There")` },
    constants: checking({ 2: zone }),
  },
]

export const DATES: FunctionGroup = { title: 'Dates', functions: [...AS_TEXT, ...ARITHMETIC] }
