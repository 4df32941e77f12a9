import { describe, expect, test } from 'vitest'
import { jsonIn } from './json-in-text.ts'
import { type OutputShape, outputShape } from './output-shape.ts'
import { outputValue } from './output-value.ts'

const shape = outputShape({ a: 'integer' }) as OutputShape
const J = '{"a":1}'

describe('what stands around JSON is left out', () => {
  test.each([
    ['nothing', J],
    ['a byte order mark', `\ufeff${J}`],
    ['a fence', `\`\`\`json\n${J}\n\`\`\``],
    ['a fence and a remark', `\`\`\`json\n${J}\n\`\`\`\nHope this helps!`],
    ['a remark and a fence', `Here you are:\n\n\`\`\`\n${J}\n\`\`\``],
    ['a fence with a blank', `\`\`\` json\n${J}\n\`\`\``],
    ['a fence of four', `\`\`\`\`json\n${J}\n\`\`\`\``],
    ['a fence of tildes', `~~~json\n${J}\n~~~`],
    ['a fence on one line', `\`\`\`json${J}\`\`\``],
    ['a fence without an end', `\`\`\`json\n${J}`],
    ['a sentence before', `Here is the JSON:\n${J}`],
    ['a sentence behind', `${J}\n\nReferences: [1]`],
    ['thoughts', `<think>{"a": 2} perhaps? {hm</think>${J}`],
    ['thoughts and a fence', `<think>\nhm\n</think>\n\n\`\`\`json\n${J}\n\`\`\``],
    ['thoughts whose beginning is in the prompt', `Let me see.\n</think>\n${J}`],
    ['itself again', `${J}\n${J}`],
    ['a text', JSON.stringify(J)],
    ['a list', `[${J}]`],
    ['braces that are none', `In {curly} braces: ${J}`],
    ['a fence with a list of one', `\`\`\`json\n[${J}]\n\`\`\``],
    ['a fence that holds no object', `${J}\n~~~""`],
    ['a text with a brace in it', 'See: {"a": 1, "note": "}{"}'],
  ])('%s', (what, text) => {
    const any = outputShape({ a: 'integer', ...(what.startsWith('a text with') ? { note: 'string' } : {}) })
    expect(outputValue(text, any as OutputShape)).toMatchObject({ ok: true, value: { a: 1 } })
  })

  test('of several the one of the form that was asked for', () => {
    expect(outputValue(`From {"text": "x"} I make ${J}.`, shape)).toEqual({ ok: true, value: { a: 1 } })
  })
})

describe('nothing is made up', () => {
  test.each([
    ['two that differ', `${J} or {"a":2}`, /2 different answers/],
    ['two fences that differ', `\`\`\`\n${J}\n\`\`\`\n\`\`\`\n{"a":2}\n\`\`\``, /2 different answers/],
    ['a number that is none', '{"a":NaN}', /valid JSON/],
    ['a comma too many', '{"a":1,}', /valid JSON/],
    ['quotes of another kind', "{'a':1}", /valid JSON/],
    ['a key twice', '{"a":1,"a":2}', /valid JSON/],
    ['a comment', '{"a":1 /* one */}', /valid JSON/],
    ['one that is cut off', 'Here: {"a":1', /valid JSON/],
    ['thoughts without an end', `<think>perhaps {"b": 2}`, /a/],
    ['one within another', '{"answer":{"a":1}}', /required|additional/],
    ['nothing', '', /valid JSON/],
    ['null', 'null', /object/],
    ['a list of several', `[${J},${J}]`, /object/],
  ])('of %s', (_, text, problem) => {
    expect(outputValue(text, shape)).toMatchObject({ ok: false, problem: expect.stringMatching(problem) })
  })
})

test('braces and fences without an end don’t make the search slow', () => {
  for (const part of ['{', '{"', '`', '```\n', '<think>', '{}', '"{'])
    expect(jsonIn(part.repeat(300_000 / part.length))).toBeDefined()
})
