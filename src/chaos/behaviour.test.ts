import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Behaviour, decide, requestKey } from './behaviour.ts'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import { chaosSettings } from './options.ts'

const rates = fc
  .array(fc.double({ min: 0, max: 1, noNaN: true }), {
    minLength: FAULT_KINDS.length,
    maxLength: FAULT_KINDS.length,
  })
  .map(list => {
    const total = Math.max(
      1,
      list.reduce((sum, each) => sum + each),
    )
    return Object.fromEntries(FAULT_KINDS.map((kind, i) => [kind, (list[i] ?? 0) / total])) as Record<FaultKind, number>
  })
const behaviours: fc.Arbitrary<Behaviour> = fc.record({
  seed: fc.integer(),
  faults: rates,
  faulty_attempts: fc.option(fc.nat(3)),
  latency: fc.record({
    min_ms: fc.nat(50),
    max_ms: fc.integer({ min: 50, max: 400 }),
    distribution: fc.constantFrom('uniform', 'exponential'),
  }),
})
const key = (text: string) => requestKey('POST', '/', Buffer.from(text))

/** Asks all in this order, and counts attempts as the server does; what each text met, in the order of its attempts. */
function run(behaviour: Behaviour, texts: readonly string[]): ReadonlyMap<string, readonly (FaultKind | null)[]> {
  const met = new Map<string, (FaultKind | null)[]>()
  for (const text of texts) {
    const before = met.get(text) ?? []
    met.set(text, [...before, decide(behaviour, key(text), before.length + 1).fault])
  }
  return met
}

describe('what a request meets', () => {
  test('is the same for the same seed and requests, in whatever order they come', () => {
    fc.assert(
      fc.property(
        behaviours,
        fc
          .array(fc.constantFrom('a', 'b', 'c', 'd'))
          .chain(list =>
            fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length })),
          ),
        (behaviour, [texts, shuffled]) => {
          const sorted = (met: ReturnType<typeof run>) => [...met].sort(([a], [b]) => (a < b ? -1 : 1))
          expect(sorted(run(behaviour, shuffled))).toEqual(sorted(run(behaviour, texts)))
        },
      ),
    )
  })

  test('is as frequent as the options say', () => {
    const { faults } = chaosSettings({ faults: { reset: 0.1, refusal: 0.25, drip: 0.01 } })
    const behaviour = { ...chaosSettings({ seed: 7 }), faults }
    const counts: { [met: string]: number } = {}
    for (let i = 0; i < 10_000; i++) {
      const met = decide(behaviour, key(`${i}`), 1).fault ?? 'none'
      counts[met] = (counts[met] ?? 0) + 1
    }
    expect(Object.keys(counts).sort()).toEqual(['drip', 'none', 'refusal', 'reset'])
    expect(counts.reset).toBeCloseTo(1000, -2)
    expect(Math.abs((counts.refusal ?? 0) - 2500)).toBeLessThan(150)
    expect(Math.abs((counts.drip ?? 0) - 100)).toBeLessThan(40)
  })

  test('changes with the seed, and from one attempt to the next', () => {
    const settings = (seed: number) => chaosSettings({ seed, faults: { server_error: 0.5 } })
    const met = (seed: number, attempt: number) =>
      Array.from({ length: 64 }, (_, i) => decide(settings(seed), key(`${i}`), attempt).fault)
    expect(met(1, 1)).not.toEqual(met(2, 1))
    expect(met(1, 1)).not.toEqual(met(1, 2))
  })

  test('is nothing after so many attempts as may be faulty', () => {
    fc.assert(
      fc.property(behaviours, fc.nat(3), fc.integer({ min: 1, max: 8 }), (behaviour, most, attempt) => {
        const always = { ...behaviour, faults: { ...NONE, reset: 1 }, faulty_attempts: most }
        expect(decide(always, key('a'), attempt).fault).toBe(attempt > most ? null : 'reset')
      }),
    )
  })
})

const NONE = Object.fromEntries(FAULT_KINDS.map(kind => [kind, 0])) as Record<FaultKind, number>

describe('how long an answer takes', () => {
  test('is within the bounds, and has nothing to do with the faults', () => {
    fc.assert(
      fc.property(behaviours, fc.string(), (behaviour, text) => {
        const { latency_ms } = decide(behaviour, key(text), 1)
        expect(latency_ms).toBeGreaterThanOrEqual(behaviour.latency.min_ms)
        expect(latency_ms).toBeLessThanOrEqual(behaviour.latency.max_ms)
        expect(decide({ ...behaviour, faults: NONE }, key(text), 1).latency_ms).toBe(latency_ms)
      }),
    )
  })

  test.each([
    ['uniform', 250],
    ['exponential', 173],
  ] as const)('%s: %i ms on average, of 100 to 400', (distribution, mean) => {
    const settings = chaosSettings({ latency: { min_ms: 100, max_ms: 400, distribution } })
    const all = Array.from({ length: 4000 }, (_, i) => decide(settings, key(`${i}`), 1).latency_ms)
    expect(Math.abs(all.reduce((sum, each) => sum + each) / all.length - mean)).toBeLessThan(5)
  })
})

describe('options', () => {
  const problem = (options: object) => {
    try {
      chaosSettings(options)
      return null
    } catch (error) {
      return (error as Error).message
    }
  }

  test.each([
    [{ faults: { reset: 0.6, drip: 0.5 } }, /faults: the probabilities add up to more than 1/],
    [{ faults: { rest: 0.1 } }, /faults: .*rest/],
    [{ faults: { reset: 1.5 } }, /faults\.reset/],
    [{ latency: { min_ms: 5 } }, /latency: min_ms is greater than max_ms/],
    [{ answers: [{ match: '(', answer: 'x' }] }, /answers\.0\.match: missing closing \)/],
    [{ per_minute: 0, keep: -1 }, /per_minute.*; keep/],
    [{ lateny: {} }, /the options: .*lateny/],
  ])('%j is refused', (options, message) => {
    expect(problem(options)).toMatch(message)
  })

  test('probabilities that add up to 1 are taken, whatever the rounding', () => {
    const faults = Object.fromEntries(FAULT_KINDS.slice(0, 10).map(kind => [kind, 0.1]))
    expect(problem({ faults })).toBeNull()
  })
})
