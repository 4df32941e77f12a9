/** Bodies that no provider should send: whatever comes is read as an answer or reported as an error; nothing throws, and nothing is counted that can't be. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json } from '../../model/row.ts'
import { errorWithin } from './error-within.ts'
import { assembled } from './event-stream.ts'
import { endedBadly } from './finish.ts'
import { jsonIn } from './json-in-text.ts'
import { type Format, readAnswer } from './reading.ts'

const FORMATS: readonly Format[] = ['chat', 'anthropic', 'google', 'bedrock']

/** Names that readers look for, so that values get to where they aren't expected. */
const NAMES =
  `choices message content text refusal finish_reason tool_calls function_call delta error errors code status type message detail
  usage prompt_tokens completion_tokens total_tokens input_tokens output_tokens cost cost_details is_byok x_groq stop_reason
  candidates parts finishReason promptFeedback blockReason thought functionCall usageMetadata promptTokenCount output stopReason
  toolUse name input inputTokens outputTokens model index object __proto__ constructor`
    .trim()
    .split(/\s+/)
const WORDS = ['stop', 'end_turn', 'STOP', 'error', 'json', 'text', 'tool_use', '10', '-1', 'NaN', '429', '']

const anything = fc.letrec<{ value: Json }>(tie => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom<Json>(null, true, 0, -1, 1.5, 5e9, 1e300, 429, ...WORDS),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 6 }),
  ),
})).value

test('a body of any shape', () => {
  fc.assert(
    fc.property(anything, fc.constantFrom(...FORMATS), (body, format) => {
      const within = errorWithin(body)
      if (within !== null) {
        expect(within.status).toBeGreaterThanOrEqual(400)
        expect(within.status).toBeLessThanOrEqual(599)
        expect(typeof within.message).toBe('string')
      }
      const reading = readAnswer(format, body)
      if (typeof reading === 'string') return
      for (const count of [reading.tokens.input, reading.tokens.output])
        if (count !== undefined) expect(Number.isSafeInteger(count) && count >= 0 && count <= 1e9).toBe(true)
      const { cost_usd = 0 } = reading.tokens
      expect(cost_usd >= 0 && cost_usd < 1e7).toBe(true)
      // What is used has a text, and a reason that is known to be a normal end.
      if (endedBadly(reading, format, []) !== null) return
      expect(reading.text.trim()).not.toBe('')
      expect(['stop', 'end_turn']).toContain(reading.finish?.toLowerCase())
    }),
    { numRuns: 2000 },
  )
})

test('a stream is the answer that its pieces make, and cut anywhere it is none', () => {
  const chunk = (content: string, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason }] })}\n\n`
  const cut = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), cut, (pieces, share) => {
      const partial = pieces.map(piece => chunk(piece)).join('')
      const whole = assembled(`${partial}${chunk('', 'stop')}data: [DONE]\n\n`)
      expect(whole).toMatchObject({ choices: [{ message: { content: pieces.join('') }, finish_reason: 'stop' }] })
      // Wherever it ends before it says why, nobody knows what is missing.
      expect(typeof assembled(partial.slice(0, Math.floor(partial.length * share)))).toBe('string')
    }),
    { numRuns: 500 },
  )
})

test('an event of any shape is part of a stream, or reported', () => {
  fc.assert(
    fc.property(fc.array(anything), events => {
      const whole = assembled(events.map(each => `data: ${JSON.stringify(each)}\n\n`).join(''))
      if (typeof whole === 'string' || 'error' in whole) return
      const reading = readAnswer('chat', whole)
      // Put together it has one choice with a text, and ended for a reason that some event gave.
      expect(reading).toMatchObject({ text: expect.any(String), finish: expect.any(String) })
    }),
    { numRuns: 1000 },
  )
})

test('JSON that stands in any text is found as it stands, or not at all', () => {
  const around = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '`', '~', '"', '\\', ':', '[', ']', '1') })
  fc.assert(
    fc.property(around, fc.dictionary(fc.string(), fc.integer()), around, (before, object, after) => {
      const found = jsonIn(`${before}\n${JSON.stringify(object)}\n${after}`)
      if ('problem' in found) return
      // One value is found, and it is this: nothing around is an object.
      expect(found.values.map(value => JSON.parse(JSON.stringify(value)))).toContainEqual(
        JSON.parse(JSON.stringify(object)),
      )
    }),
    { numRuns: 2000 },
  )
})
