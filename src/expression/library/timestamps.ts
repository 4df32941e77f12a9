/** The parts of timestamps and durations. Names and numbering are CEL's: months, days of the month and of the year from 0. */
import { isZone, millisecondOf, partOf, quote, type TimestampPart } from '../time.ts'
import { anyOf } from '../total/possible.ts'
import { INT } from '../types.ts'
import { type FunctionGroup, type FunctionSpec, type Overload, overload, total } from './spec.ts'

const results = () => anyOf(['int'], { int: [-10_000n, 10_000n] })

function timestampPart(part: TimestampPart, offset = 0n): readonly Overload[] {
  return [
    total(['timestamp'], INT, ([at]) => partOf(at, part) - offset, { results }),
    overload(['timestamp', 'string'], INT, ([at, zone]) => partOf(at, part, zone) - offset, {
      fails: ([, zone], [, name]) =>
        typeof zone?.constant === 'string' && isZone(zone.constant) ? null : `${name} isn’t a time zone`,
      results,
    }),
  ]
}
const durationIn = (ns: bigint) => total(['duration'], INT, ([span]) => span.ns / ns)

/** Of the argument at that position. */
const isTimeZone = (argument: number): NonNullable<FunctionSpec['constants']> => {
  return literals => {
    const zone = literals[argument]
    if (typeof zone !== 'string' || isZone(zone)) return null
    return {
      argument,
      code: 'CUSTODY_CEL_TYPE',
      problem: `${quote(zone)} isn’t a time zone such as Australia/Sydney or +10:00`,
    }
  }
}

const AT = 'timestamp("2026-03-01T23:30:15.250Z")'
const part = (
  name: string,
  summary: string,
  overloads: readonly Overload[],
  examples: FunctionSpec['examples'],
): FunctionSpec => ({
  name,
  form: 'method',
  from: 'CEL',
  summary,
  overloads,
  examples,
  errors: { CONVERSION_FAILED: `${AT}.${name}("Nowhere/" + "There")` },
  constants: isTimeZone(1),
})

export const TIMESTAMPS: FunctionGroup = {
  title: 'Parts of timestamps and durations',
  functions: [
    part('getFullYear', 'The year of a timestamp, in UTC or in a zone.', timestampPart('year'), [
      [`${AT}.getFullYear()`, 2026],
    ]),
    part('getMonth', 'The month of a timestamp, from 0 for January.', timestampPart('month'), [
      [`${AT}.getMonth()`, 2],
    ]),
    part('getDate', 'The day of the month, from 1.', timestampPart('day'), [
      [`${AT}.getDate()`, 1],
      [`${AT}.getDate("Australia/Sydney")`, 2],
    ]),
    part('getDayOfMonth', 'The day of the month, from 0.', timestampPart('day', 1n), [[`${AT}.getDayOfMonth()`, 0]]),
    part('getDayOfWeek', 'The day of the week, from 0 for Sunday.', timestampPart('weekday'), [
      [`${AT}.getDayOfWeek()`, 0],
    ]),
    part('getDayOfYear', 'The day of the year, from 0.', timestampPart('yearday'), [[`${AT}.getDayOfYear()`, 59]]),
    part(
      'getHours',
      'The hour of a timestamp, from 0 to 23; or how many whole hours a duration has.',
      [...timestampPart('hour'), durationIn(3_600_000_000_000n)],
      [
        [`${AT}.getHours("+10:00")`, 9],
        ['duration("90m").getHours()', 1],
      ],
    ),
    part(
      'getMinutes',
      'The minute of a timestamp; or how many whole minutes a duration has.',
      [...timestampPart('minute'), durationIn(60_000_000_000n)],
      [
        [`${AT}.getMinutes()`, 30],
        ['duration("1h30m").getMinutes()', 90],
      ],
    ),
    part(
      'getSeconds',
      'The second of a timestamp; or how many whole seconds a duration has.',
      [...timestampPart('second'), durationIn(1_000_000_000n)],
      [[`${AT}.getSeconds()`, 15]],
    ),
    part(
      'getMilliseconds',
      'The milliseconds within the second of a timestamp; or how many a duration has.',
      [
        total(['timestamp'], INT, ([at]) => millisecondOf(at.ns), { results }),
        overload(['timestamp', 'string'], INT, ([at, zone]) => {
          // Offsets are whole minutes: the zone only has to be one.
          partOf(at, 'hour', zone)
          return millisecondOf(at.ns)
        }),
        durationIn(1_000_000n),
      ],
      [[`${AT}.getMilliseconds()`, 250]],
    ),
  ],
}
