/** Policies, cosignatures and timestamps: a second implementation says of records with them what the first one says, edited ones included. */
// @module-tag proof
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { toBase64 } from '../../src/format/base64.ts'
import { parseCertificate } from '../../src/format/certificate.ts'
import { checkpointIn, checkpointText } from '../../src/format/checkpoint.ts'
import { makeCosigner } from '../../src/format/cosigning-key.ts'
import { der, derOid, TAGS } from '../../src/format/der.ts'
import { parsePolicy } from '../../src/format/policy.ts'
import { makeSigner } from '../../src/format/signing-key.ts'
import { parseVerifierKey, utf8 } from '../../src/format/verifier-key.ts'
import { canonicalize } from '../../src/model/canonical.ts'
import { isCustodyError } from '../../src/model/error.ts'
import type { Json } from '../../src/model/row.ts'
import { checkRecord } from '../../src/read/check/check-record.ts'
import { Random } from '../simulation/random.ts'
import {
  accuracyOf,
  EXTENSIONS,
  type Party,
  party,
  SIGNING_CERTIFICATE,
  type TokenOptions,
  token,
} from '../support/authority.ts'
import { LONG, sampled } from '../support/form.ts'
import { testPorts } from '../support/ledger.ts'
import { recorded } from '../support/records.ts'
import { RICH, runModel } from '../support/simulated-ledger.ts'
import { askPython, NO_PYTHON, type PythonAnswer, pythonFolder } from './python.ts'

const EDITS = LONG ? 200 : 4
const seed = (n: number) => new Uint8Array(32).fill(n)
const WITNESSES = [
  makeCosigner('w1.example', { ed25519: seed(1) }),
  makeCosigner('w2.example', { ed25519: seed(2) }),
  makeCosigner('w3.example', { 'ml-dsa-44': seed(3) }),
]
const NAMES = ['a', 'b', 'c'] as const
const LINES = WITNESSES.map((each, i) => `witness ${NAMES[i]} ${each.keys[0]?.text}\n`).join('')
const [LOG = ''] = testPorts().signer.verifier_keys
const POLICIES = [
  `${LINES}quorum none\n`,
  `${LINES}quorum b\n`,
  `log ${LOG}\n${LINES}group g 2 a b c\nquorum g\n`,
  `log ${LOG}\n${LINES}group in any b c\ngroup g all a in\nquorum g\n`,
  `log ${makeSigner('stranger', seed(7)).verifier_key}\nquorum none\n`,
]

const { folder, keys } = pythonFolder(LOG)
let header: { readonly [key: string]: Json; readonly checkpoint: string }
let lines: readonly string[]
beforeAll(async () => {
  for (const [i, policy] of POLICIES.entries()) writeFileSync(join(folder, `policy-${i}`), policy)
  const url = `sqlite:${join(folder, 'custody.db')}`
  await runModel(url, RICH, 1)
  const [first = '', ...rest] = (await recorded(url, null)).split('\n')
  header = JSON.parse(first) as typeof header
  lines = rest
})

/** The ledger's own log under a head that these have cosigned and dated. */
function recordOf(cosigned: ReadonlyArray<readonly [witness: number, seconds: number]>, tokens: readonly Uint8Array[]) {
  const head = checkpointIn(header.checkpoint)
  const said = cosigned.flatMap(([n, at]) => WITNESSES[n]?.cosign(checkpointText(head), head, at) ?? [])
  const checkpoint = header.checkpoint + said.map(each => `— ${each}\n`).join('')
  const timestamps = tokens.length === 0 ? {} : { timestamps: tokens.map(toBase64) }
  return [canonicalize({ ...header, checkpoint, ...timestamps }), ...lines].join('\n')
}

const PEM = (bytes: Uint8Array) => `-----BEGIN CERTIFICATE-----\n${toBase64(bytes)}\n-----END CERTIFICATE-----\n`

async function first(text: string, policy: string | null, authorities: readonly Uint8Array[]): Promise<object> {
  async function* whole() {
    yield text
  }
  const trusted = [parseVerifierKey(LOG)]
  const trusting = { trusted, policy: policy === null ? null : parsePolicy(utf8(policy)) }
  try {
    const all = await checkRecord(whole(), { ...trusting, authorities: authorities.map(parseCertificate) })
    return said(all)
  } catch (error) {
    if (isCustodyError(error) && error.code === 'CUSTODY_PROOF_UNREADABLE') return { ok: false }
    throw error
  }
}

function said({ ok, trust, as_of, as_of_by, proven }: PythonAnswer): object {
  if (!ok) return { ok }
  return { ok, trust, as_of, as_of_by, proven: proven?.map(each => `${each.what}, by ${each.by}`).toSorted() }
}

/** Both say the same of all; and what that is. */
async function mustAgree(
  texts: readonly string[],
  policy: number | null,
  authorities: readonly Uint8Array[] = [],
): Promise<readonly object[]> {
  const files = texts.map((text, i) => {
    writeFileSync(join(folder, `${i}.gz`), gzipSync(text, { level: 1 }))
    return join(folder, `${i}.gz`)
  })
  writeFileSync(join(folder, 'authorities.pem'), authorities.map(PEM).join(''))
  const more = [
    ...(policy === null ? [] : ['--policy', join(folder, `policy-${policy}`)]),
    ...(authorities.length === 0 ? [] : ['--tsa', join(folder, 'authorities.pem')]),
  ]
  const answers: object[] = []
  for (const text of texts)
    answers.push(await first(text, policy === null ? null : (POLICIES[policy] ?? ''), authorities))
  const others = askPython(files, keys, ...more)
  const apart = others.flatMap((each, i) =>
    JSON.stringify(said(each)) === JSON.stringify(answers[i]) ? [] : [{ i, first: answers[i], second: each }],
  )
  expect(apart).toEqual([])
  return answers
}

const outcomes = (answers: readonly object[]) => new Set(answers.map(each => 'ok' in each && each.ok))

describe.skipIf(NO_PYTHON !== null)(
  `a verifier in Python${NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`}`,
  () => {
    test('says of policies what the first one says, whoever has cosigned', async () => {
      const at = 1_800_000_000
      const cosigned = [[], [0], [1], [2], [0, 1], [1, 0, 1], [0, 2], [0, 1, 2]].map(of =>
        recordOf(
          of.map((n, i) => [n, i === 2 ? 0 : at + 60 * (3 - i)] as const),
          [],
        ),
      )
      const [one, two] = [
        recordOf(
          [
            [1, at],
            [2, at + 1],
            [0, at],
          ],
          [],
        ),
        recordOf(
          [
            [2, at],
            [1, at],
          ],
          [],
        ),
      ]
      const found: object[] = [...(await mustAgree([one, two], 0)), ...(await mustAgree([one, two], 3))]
      const named = found.map(each => ('as_of_by' in each ? (each.as_of_by as readonly string[]).length : 0))
      expect(named).toEqual([2, 2, 2, 0])
      for (const policy of sampled([...POLICIES.keys(), null], 12)) found.push(...(await mustAgree(cosigned, policy)))
      expect(outcomes(found)).toEqual(new Set([true, false]))
    })

    test.runIf(LONG)('and of timestamps, whatever is wrong with them', async () => {
      const note = utf8(header.checkpoint)
      const ca = party('CA', {
        kind: 'P-384',
        digest: 'sha384',
        extensions: [EXTENSIONS.authority, EXTENSIONS.may_certify],
      })
      const under = (options: Parameters<typeof party>[1]) => party('TSA', { issuer: ca, ...options })
      const parties: readonly Party[] = [
        party('own'),
        party('own rsa', { kind: 'rsa' }),
        party('own rsa 512', { kind: 'rsa', digest: 'sha512' }),
        party('own p384', { kind: 'P-384', digest: 'sha384' }),
        party('p256 with sha512', { digest: 'sha512' }),
        under({}),
        under({ extensions: [EXTENSIONS.stamping, EXTENSIONS.may_sign] }),
        under({ extensions: [EXTENSIONS.stamping, EXTENSIONS.unknown_critical] }),
        under({ valid: ['20200101000000Z', '20210101000000Z'] }),
        party('lax', { extensions: [EXTENSIONS.stamping_not_critical] }),
        party('more', { extensions: [EXTENSIONS.stamping_and_more] }),
        party('none', { extensions: [] }),
        party('under no authority', { issuer: party('leaf', { extensions: [EXTENSIONS.no_authority] }) }),
      ]
      const options: readonly TokenOptions[] = [
        { accuracy: accuracyOf(1, 100, 1) },
        { time: '20261201031006.5Z' },
        { time: '20261201031006.50Z' },
        { time: '20261301031006Z' },
        { named: ca.certificate },
        { certificates: [] },
        { info_version: 2 },
        { attributes: each => each.slice(0, 2) },
        { attributes: each => [...each, ...each.slice(0, 1)] },
        { attributes: each => each.toReversed() },
        { accuracy: der(TAGS.sequence, der(TAGS.integer, Uint8Array.of(1, 0, 0, 0, 0, 0))) },
        { accuracy: der(TAGS.sequence, der(0x82, Uint8Array.of(1))) },
        { time: '20261201031006.069Z' },
        { time: '20261201031006.0690000001Z' },
        { certificates: [der(0xa1), der(TAGS.sequence), parties[0]!.certificate] },
        { certificates: Array.from({ length: 17 }, () => parties[0]!.certificate) },
        {
          attributes: each => [
            ...each.slice(0, 2),
            der(TAGS.sequence, derOid(SIGNING_CERTIFICATE), der(TAGS.set, der(TAGS.sequence))),
          ],
        },
      ]
      const ending = under({ valid: ['20200101000000Z', '20261201031006Z'] })
      const tokens = [
        ...parties.map(by => token(by, note, { certificates: [by.certificate, ca.certificate] })),
        ...options.map(each => token(parties[0]!, note, each)),
        token(parties[0]!, utf8('another note\n')),
        ...['20261201031006Z', '20261201031006.5Z'].map(time => token(ending, note, { time })),
      ]
      const trusted = [...parties.slice(0, 5).map(each => each.certificate), ca.certificate]
      const records = sampled(tokens, 6).map(each => recordOf([], [each]))
      expect(outcomes(await mustAgree(records, null, trusted))).toEqual(new Set([true, false]))
      if (LONG) await mustAgree(records, null)
      const at_once = recordOf([[0, 1_800_000_000]], [token(parties[0]!, note, { time: '20270115080000Z' })])
      expect(await mustAgree([at_once], 0, trusted)).toMatchObject([
        { as_of_by: [expect.stringMatching(/^witness a /), expect.stringMatching(/^timestamp authority /)] },
      ])
    })

    test(`and of ${EDITS} edited ones`, async () => {
      const note = utf8(header.checkpoint)
      const by = party('own')
      const bytes = token(by, note)
      const whole = recordOf(
        [
          [0, 1_800_000_000],
          [2, 1_800_000_060],
        ],
        [],
      )
      const random = new Random(1)
      const edited = Array.from({ length: EDITS }, (_, i) => {
        if (i % 3 === 0) {
          const [top = '', ...rest] = whole.split('\n')
          const at = random.below(top.length)
          return [`${top.slice(0, at)}${top[at] === 'A' ? 'B' : 'A'}${top.slice(at + 1)}`, ...rest].join('\n')
        }
        const at = random.below(bytes.length)
        return recordOf(
          [[0, 1_800_000_000]],
          [bytes.map((byte, n) => (n === at ? byte ^ (1 << random.below(8)) : byte))],
        )
      })
      await mustAgree([whole, ...edited], 0, [by.certificate])
    })
  },
)
