import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLetter, proofInLetter, withProof } from '../../format/letter.ts'
import type { CallStory, Story, VisitStory } from '../explain/story.ts'
import { letterText } from './letter.ts'

const T = 1_767_323_045_000_000
const VISIT: VisitStory = {
  ...{
    node: 'screen',
    kind: 'transform',
    plugin: 'llm',
    attempt: 1,
    status: 'ok',
    input_hash: null,
    output_hash: null,
  },
  ...{ input_value: 0, output_value: 0, error_value: 0, absent_output: null, changed: null, key: null, sorted: null },
  ...{ decision: null, evaluations: [], reads: [], calls: [], error: null, left: null, path: null },
  ...{ data: null, started_us: T, duration_us: 20, stood_us: 0 },
}

function storyOf(name: string, field: string, value: string): Story {
  const call: CallStory = {
    ...{ call: 1, service: 'openai', ordinal: 1, request_hash: null, response_hash: null },
    ...{ request_value: 1, response_value: 2, input_tokens: 3, output_tokens: 4, cost_usd: 0, started_us: T },
    ...{ duration_us: 800_000, together: null },
    response: { kind: 'withheld' },
    status: 'ok',
    request: { kind: 'known', value: { provider: 'openai', model: 'model-7' } },
  }
  const data = { kind: 'known', value: { [field]: value } } as const
  const decision = { expression: 'row.a > 1', values: { a: 2 }, decimals: [], label: 'true', tried: [] }
  return {
    ...{ run: '019b7c1a-0000-7000-8000-000000000001', name, entries: [3], head: null, sealed: 'completed' },
    ...{ onward: [], left_out: null },
    subject: { kind: 'row', row: 7, source: 'people', index: 7, line: 8, path: null },
    tokens: [
      {
        ...{ token: 7, parents: [], branch: null, born_of: null, born_as: null, right: null, joined_first: null },
        ...{ merge: null, merge_value: 0, birth_value: 0, waits: null },
        visits: [
          { ...VISIT, node: 'people', kind: 'source', plugin: 'csv', data },
          { ...VISIT, data, calls: [call], left: { label: 'to', to: 'tier' } },
          { ...VISIT, node: 'tier', kind: 'gate', plugin: null, data, decision, left: { label: 'true', to: 'kept' } },
        ],
        ending: {
          ...{ outcome: 'ROUTED', cause: 'gate', class: 'success', words: 'routed to a sink by a gate', node: 'tier' },
          ...{ sink: 'kept', group: null, error: null, error_value: 0, recorded_us: T },
        },
      },
    ],
  }
}

const PROOF = '{"format":"custody-proof/1"}\n'
const letterOf = (story: Story) =>
  letterText({
    ...{ story, proof: PROOF, version: '9.9', withheld: 1, signed_by: ['a+00000000'] },
    ...{ head: { ledger: 'L', size: 1, root: '' }, not_proven: ['that it was true'] },
  })

describe('a letter', () => {
  const letter = letterOf(storyOf('triage', 'a', 'x'))

  test('says what was decided, by which rule with which values, and by which model; and whose word it is', () => {
    for (const text of [
      'It is the sender’s own statement.',
      'Routed to sink kept by gate tier.',
      '<td>tier</td>\n<td>row.a &gt; 1</td>\n<td>2 &gt; 1</td>\n<td>true → kept</td>',
      'language model model-7, of openai; asked openai (call 1): answered',
      '1 value is withheld',
      'that it was true',
      'custody check letter.html',
    ])
      expect(letter).toContain(text)
  })

  test('has no verdict on its own proof', () => {
    expect(letter).not.toMatch(/\bholds\b|✓|proven|verified/)
  })

  test('runs and loads nothing, and allows its own style alone', () => {
    expect(letter).not.toMatch(/<script|\bsrc=|\bhref=|\bon\w+=|\r/)
    const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(letter) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    expect(letter).toContain(
      `content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'"`,
    )
  })

  test('nothing in the data is markup, and the proof is found whatever the data is', () => {
    const hostile = fc.oneof(
      fc.constantFrom('<template id="custody-proof">AAAA</template>\n', '</html>', '<script>', '&lt;', '"><img src=x>'),
      fc.string(),
    )
    fc.assert(
      fc.property(hostile, hostile, hostile, (name, field, value) => {
        const text = letterOf(storyOf(name, field, value))
        expect(proofInLetter(text)).toEqual({ ok: true, proof: PROOF })
        expect(text.match(/<(script|template|img)/g)).toEqual(['<template'])
      }),
      { numRuns: 60 },
    )
  })
})

describe('the proof in a letter', () => {
  const letter = withProof('<!doctype html>\n<p>\n</html>\n', 'ä\n')

  test('is there once, as it was', () => {
    expect(isLetter(letter)).toBe(true)
    expect(proofInLetter(letter)).toEqual({ ok: true, proof: 'ä\n' })
  })

  test.each([
    ['none', (text: string) => text.replace(/<template.*\n/, ''), 'it is a page with no proof in it'],
    ['two', (text: string) => text.replace(/<template.*\n/, '$&$&'), 'it is a page with more than one proof in it'],
    ['no end', (text: string) => text.replace('</template>', ''), 'the proof in it was damaged'],
    ['another spelling', (text: string) => text.replace('w6QK', 'w6Q K'), 'the proof in it was damaged'],
    ['no UTF-8', (text: string) => text.replace('w6QK', 'w8QK'), 'the proof in it isn’t UTF-8'],
  ])('isn’t found with %s', (_, changed, message) => {
    expect(changed(letter)).not.toBe(letter)
    expect(proofInLetter(changed(letter))).toEqual({ ok: false, message })
  })

  test('goes into a page that has none, and into nothing else', () => {
    expect(() => withProof(letter, 'x')).toThrow(TypeError)
    expect(() => withProof('<p></p>', 'x')).toThrow(TypeError)
  })
})
