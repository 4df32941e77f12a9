import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyCharacter } from '../../../test/support/any-character.ts'
import { leaving, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import type { Json } from '../../model/row.ts'
import { normalise } from './normalise.ts'

type Steps = { readonly [step: string]: Json }

const one = async (steps: Steps, text: Json): Promise<Json | undefined> => {
  const [out] = await tryOut(normalise, { fields: { t: steps } }, [{ t: text }])
  return typeof out === 'string' ? out : out?.[0]?.t
}

const anySteps: fc.Arbitrary<Steps> = fc.record(
  {
    unicode: fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD'),
    case: fc.constantFrom('lower', 'upper'),
    diacritics: fc.constant('drop'),
    punctuation: fc.constantFrom('drop', 'blank'),
    blanks: fc.constantFrom('trim', 'collapse', 'drop'),
  },
  { requiredKeys: [] },
)
/** Letters that change in number, marks that are combined with others, blanks of all kinds, whatever else there is. */
const hard = fc.constantFrom(...'aÉßŉİıſΐΣςǰﬁ…¨´ªＡ０がガ\u0301\u0308\u0345\u00a0\u2003\u0085\ufeff\t\n-.!؟𝒜𐐀각')
const anyText = fc.oneof(
  fc.string({ unit: hard }),
  fc.string({ unit: fc.oneof(hard, fc.string({ unit: anyCharacter })) }),
)

test('a text that was normalised stays as it is', async () => {
  await fc.assert(
    fc.asyncProperty(anySteps, anyText, async (steps, text) => {
      const once = (await one(steps, text)) as string
      expect(await one(steps, once)).toBe(once)
      expect(once.normalize(String(steps.unicode ?? 'NFC'))).toBe(once)
    }),
    { numRuns: 1000 },
  )
})

test('texts that are equivalent become the same', async () => {
  await fc.assert(
    fc.asyncProperty(anySteps, anyText, async (steps, text) => {
      expect(await one(steps, text.normalize('NFD'))).toBe(await one(steps, text.normalize('NFC')))
    }),
  )
})

test.each<[Steps, string, string]>([
  [{}, 'e\u0301', 'é'],
  [{ unicode: 'NFD' }, 'é', 'e\u0301'],
  [{ unicode: 'NFKC' }, 'ﬁ Ａ', 'fi A'],
  [{ case: 'upper' }, 'straße', 'STRASSE'],
  [{ case: 'lower' }, 'ÀÉ', 'àé'],
  [{ diacritics: 'drop' }, 'Ångström, naïve, йод, łódź, がく', 'Angstrom, naive, иод, łodz, がく'],
  [{ punctuation: 'drop' }, '“a-b”, c! $5 + 3', 'ab c $5 + 3'],
  [{ punctuation: 'blank' }, 'a-b', 'a b'],
  [{ blanks: 'trim' }, ' \u00a0a  b\n', 'a  b'],
  [{ blanks: 'collapse' }, ' a \n b\u2003', 'a b'],
  [{ blanks: 'drop' }, ' a \n b\u2003', 'ab'],
])('%j makes %j to %j', async (steps, text, made) => expect(await one(steps, text)).toBe(made))

test('each field has steps of its own; the others stay, and so do null and missing', async () => {
  const options = { fields: { a: { case: 'upper' }, b: { blanks: 'trim' }, c: {} } }
  expect(await tryOut(normalise, options, [{ a: 'x ', b: 'y ', d: 'z ' }, { a: null }, { b: 1 }])).toEqual([
    [{ a: 'X ', b: 'y', d: 'z ' }],
    [{ a: null }],
    'NOT_TEXT',
  ])
})

test('what was known of a text’s value is known no more', () => {
  const listed = { schema: { type: 'string', enum: ['A '] }, optional: false }
  const { fields } = normalise.guarantees!({ fields: { a: { unicode: 'NFC' } } }, schemaOf({ a: listed }), new Map())
  expect(fields.get('a')).toEqual({ schema: { type: 'string' }, optional: false })
  expect(leaving(normalise, { fields: { a: {} } }, schemaOf({ a: 'string?', b: 'integer' })).fields).toEqual({
    a: 'string,null?',
    b: 'integer',
  })
})
