import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodedBy, noEntropy } from '../../../test/support/encoded.ts'
import { full, subjectDraft, T0, visit } from '../../../test/support/ledger.ts'
import type { GroupKind } from '../../format/entry.ts'
import { canonicalize } from '../../model/canonical.ts'
import { FATES } from '../../model/outcome.ts'
import type { Json } from '../../model/row.ts'
import type { SubjectDraft } from '../write-port.ts'
import type { BlockWriter } from './block.ts'
import { encodeLedger, encodeRun, encodeSubject } from './encode.ts'
import type { Entropy } from './entropy.ts'

const n = fc.oneof(fc.nat(12), fc.nat(Number.MAX_SAFE_INTEGER))
const error = fc.option(fc.record({ code: fc.stringMatching(/^[A-Z0-9_]{1,64}$/), value: n }))
const word = fc.stringMatching(/^[a-z0-9_]+$/)
const few = <T>(each: fc.Arbitrary<T>) => fc.array(each, { maxLength: 3 })
const json = fc.jsonValue({ noUnicodeString: false, maxDepth: 2 }).filter(isCanonical) as fc.Arbitrary<Json>

function isCanonical(value: unknown): boolean {
  try {
    canonicalize(value as Json)
    return true
  } catch {
    return false
  }
}

const draft: fc.Arbitrary<SubjectDraft> = fc.record({
  subject: fc.oneof(
    fc.record({ kind: fc.constant('row' as const), row: n }),
    fc.record({ kind: fc.constant('batch' as const), batch: n }),
  ),
  time_us: n,
  previous: fc.option(n),
  open: n,
  closes: fc.boolean(),
  origin: fc.option(fc.record({ source: n, index: n, line: n, repeats: fc.option(n) })),
  births: few(fc.record({ token: n, group: n, ordinal: n, value: n, parents: few(n) })),
  visits: few(
    fc.record({
      ...{ token: n, node: n, attempt: n, status: fc.constantFrom(0 as const, 1 as const, 2 as const), in: n, out: n },
      ...{ edge: n, start_us: fc.integer(), duration_us: n, stood_us: n, error },
    }),
  ),
  holds: few(fc.record({ token: n, node: n, group: n, ordinal: n, batch: fc.option(n) })),
  releases: few(fc.record({ token: n, node: n, place: n })),
  groups_opened: few(fc.record({ group: n, kind: fc.nat(3).map(kind => kind as GroupKind), node: n, expected: n })),
  timed_out: few(n),
  groups_closed: few(fc.record({ group: n, verdict: word, detail: n, members: few(n) })),
  endings: few(
    fc.record({
      token: n,
      fate: fc.constantFrom(...FATES.map(each => each.number)),
      node: n,
      sink: n,
      group: n,
      error,
    }),
  ),
  calls: few(
    fc.record({
      ...{ call: n, token: n, node: n, attempt: n, ordinal: n, service: n, request: n, response: n },
      ...{ status: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const), start_us: fc.integer() },
      ...{ duration_us: n, input_tokens: n, output_tokens: n, cost_nusd: n },
    }),
  ),
  intents: few(
    fc.record({
      ...{ token: n, node: n, attempt: n, request: n },
      together: fc.option(fc.record({ first: n, place: n, rows: n })),
    }),
  ),
  orders: n,
  first_value: n,
  values: few(
    fc.oneof(
      json.map(full),
      fc
        .tuple(json, n, fc.dictionary(word, fc.nat()), few(fc.string()))
        .filter(([, , , unset]) => isCanonical(unset))
        .map(([value, base, set, unset]) => {
          return { ...full(value), kind: 'patch' as const, base, set: canonicalize(set), unset }
        }),
    ),
  ),
  moved: few(fc.record({ token: n, node: n })),
})

const HASH = 'ab'.repeat(32)
const NONCE = 'cd'.repeat(16)

/** With nonces of `cd`, and commitments written as `HASH`. */
function encoded(write: (to: BlockWriter, entropy: Entropy) => void) {
  const { body, ...rest } = encodedBy(write, noEntropy(0xcd))
  return { ...rest, body: body.replaceAll(/[0-9a-f]{64}/g, HASH) }
}
const encodedSubject = (each: SubjectDraft) => encoded((to, entropy) => encodeSubject(to, each, entropy))

describe('bodies', () => {
  test('are their own canonical re-encoding (ENCODE-1)', () => {
    fc.assert(
      fc.property(draft, each => {
        const { body, payload } = encodedBy((to, entropy) => encodeSubject(to, each, entropy))
        expect(canonicalize(JSON.parse(body) as Json)).toBe(body)
        if (payload !== null) expect(canonicalize(JSON.parse(payload) as Json)).toBe(payload)
        expect(payload === null).toBe(each.values.length === 0)
      }),
    )
  })

  test('of the run and of the ledger, too', () => {
    const t = T0
    const publish = { k: 'publish', artifacts: [{ sink: 1, rows: 2, bytes: 3 }], t } as const
    const with_value = { entry: publish, first_value: 7, values: [full({})] }
    expect(encoded((to, entropy) => encodeRun(to, with_value, entropy)).body).toBe(
      `{"artifacts":[{"bytes":3,"rows":2,"sink":1}],"c":["${HASH}"],"k":"publish","t":${t},"w":7}`,
    )
    const stop = { entry: { k: 'stop', status: 'cancelled', reason: 'user', t } as const, first_value: 7, values: [] }
    expect(encoded((to, entropy) => encodeRun(to, stop, entropy)).body).toBe(
      `{"k":"stop","reason":"user","status":"cancelled","t":${t},"z":"${NONCE}"}`,
    )
    const born = { k: 'birth', format: 1, ledger: 'x', keys: ['k'], signatures: ['s'], t } as const
    expect(encoded((to, entropy) => encodeLedger(to, born, entropy)).body).toBe(
      `{"format":1,"k":"birth","keys":["k"],"ledger":"x","signatures":["s"],"t":${t},"z":"${NONCE}"}`,
    )
  })

  test('say each thing under its key', () => {
    const failed = { code: 'E_1', value: 2 }
    const encoded = encodedSubject(
      subjectDraft({
        subject: { kind: 'row', row: 17 },
        time_us: T0,
        previous: 5,
        origin: { source: 1, index: 17, line: 18, repeats: null },
        births: [
          { token: 1, group: 0, ordinal: 0, value: 1, parents: [] },
          { token: 2, group: 3, ordinal: 1, value: 1, parents: [1] },
        ],
        visits: [visit(1, 2, 1, [1, 0], 4, -6, failed)],
        holds: [{ token: 2, node: 7, group: 3, ordinal: 0, batch: null }],
        groups_opened: [{ group: 3, kind: 0, node: 4, expected: 2 }],
        groups_closed: [{ group: 3, verdict: 'forked', detail: 0, members: [8, 9] }],
        endings: [{ token: 1, fate: 7, node: 2, sink: 0, group: 0, error: failed }],
        intents: [
          { token: 2, node: 7, attempt: 1, request: 3, together: null },
          { token: 2, node: 7, attempt: 1, request: 3, together: { first: 9, place: 2, rows: 5 } },
        ],
        orders: 3,
        values: [full({ a: 1 }), full({ code: 'E_1' }), full([[[2], [0, 1, 0]]])],
        moved: [{ token: 2, node: 7 }],
        open: 1,
      }),
    )
    expect(encoded.body).toBe(
      `{"c":["${HASH}","${HASH}","${HASH}"],"d":[[3,"forked",0,8,9]],"e":[[1,7,2,0,0,"E_1",2]],"f":3,"g":[[3,0,4,2]],"h":[[2,7,3,0]],` +
        `"n":[[1],[2,3,1,1,1]],"o":1,"p":5,"r":17,"s":[1,17,18],"t":${T0},"v":[[1,2,1,1,1,0,4,-6,5,"E_1",2]],"w":1,"y":[[2,7,1,3],[2,7,1,3,9,2,5]]}`,
    )
    expect(encoded.payload).toBe('[[{"a":1}],[{"code":"E_1"}],[[[[2],[0,1,0]]]]]')
    expect(encoded.endings.map(each => each.recorded_us)).toEqual([T0 - 6 + 5])
  })

  test('an ending without a visit is recorded at the entry’s time', () => {
    const ending = { token: 1, fate: 19 as const, node: 2, sink: 0, group: 0, error: { code: 'ABANDONED', value: 1 } }
    const encoded = encodedSubject(subjectDraft({ subject: { kind: 'row', row: 1 }, time_us: T0, endings: [ending] }))
    expect(encoded.endings.map(each => each.recorded_us)).toEqual([T0])
  })

  test('hold no text but codes and verdicts (ENCODE-2)', () => {
    const subject = { kind: 'row', row: 1 } as const
    const bad = { code: 'some text', value: 1 }
    expect(() =>
      encodedSubject(subjectDraft({ subject, time_us: T0, visits: [visit(1, 1, 1, [0, 0], 0, 0, bad)] })),
    ).toThrow('is no error code')
    const closed = { group: 1, verdict: 'Ünd"', detail: 0, members: [] }
    expect(() => encodedSubject(subjectDraft({ subject, time_us: T0, groups_closed: [closed] }))).toThrow(
      'is no verdict',
    )
  })
})
