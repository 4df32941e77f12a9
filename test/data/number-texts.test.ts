/** Texts of numbers as programs and people write them: taken without loss, rounded to the nearest double, or refused. */
import { describe, expect, test } from 'vitest'
import { type DataCase, tryData } from '../support/try-data.ts'

/** Undefined: it is refused. */
const TEXTS: ReadonlyArray<readonly [text: string, number: number | undefined, integer?: number]> = [
  ['00070', 70, 70],
  ['-0', 0, 0],
  ['2.0', 2, 2],
  ['2.50', 2.5],
  ['12e-1', 1.2],
  ['2E+3', 2000],
  ['7.02e23', 7.02e23],
  ['3e18', 3e18],
  ['5e-7', 5e-7],
  ['9007199254740991', 9007199254740991, 9007199254740991],
  ['0.3333333333333333333333', 1 / 3],
  ['1.0000000000000001', 1],
  ['1e400', undefined],
  ['1e-400', undefined],
  ['9007199254740993', undefined],
  ...['+7', '7.', '.7', '1_000', '1,000', '٧', '７', '−7', '0x1f', '1e', 'NaN', 'Infinity', ' 7', '7 '].map(
    text => [text, undefined] as const,
  ),
]

describe.each<[string, (type: string) => DataCase]>([
  ['of CSV, by the schema', type => ({ schema: { mode: 'fixed', fields: { n: 'integer', v: type } } })],
  [
    'by coerce',
    type => ({
      schema: { mode: 'fixed', fields: { n: 'integer', v: 'string' } },
      node: { transform: 'coerce', options: { fields: { v: type } } },
    }),
  ],
])('%s', (_what, given) => {
  test.each(['number', 'integer'])('to %s', async type => {
    const input = `n,v\n${TEXTS.map(([text], n) => `${n},"${text}"\n`).join('')}`
    const { rows, rejected, errors } = await tryData({ ...given(type), input })
    const expected = TEXTS.map(([, number, integer], n) => ({ n, v: type === 'number' ? number : integer }))
    expect(rows).toEqual(expected.filter(({ v }) => v !== undefined))
    expect(rejected.length + errors.length).toBe(TEXTS.length - rows.length)
  })
})
