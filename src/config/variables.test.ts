import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expand } from './variables.ts'

const env = { A: 'one', EMPTY: '', D: '${A}' }
const textOf = (text: string) => expand(text, env)?.text ?? text

describe('variables', () => {
  test.each([
    ['${A}', 'one'],
    ['x${A}y${A}', 'xoneyone'],
    ['${B:-two}', 'two'],
    ['${B:-}', ''],
    ['${EMPTY}', ''],
    ['${EMPTY:-two}', 'two'],
    ['${A:-two}', 'one'],
    ['$A $ {A} $$ 5$', '$A $ {A} $$ 5$'],
    ['$${A}', '${A}'],
    ['$$${A}', '$${A}'],
    // What a variable brings isn't looked at again.
    ['${D}', '${A}'],
    ['^a$', '^a$'],
  ])('%s', (text, expanded) => {
    expect(textOf(text)).toBe(expanded)
    expect(expand(text, env)?.problems ?? []).toEqual([])
  })

  test('names of objects’ own machinery are no variables', () => {
    expect(expand('${constructor}', {})?.problems).toMatchObject([{ kind: 'unset', name: 'constructor' }])
  })

  test.each([
    ['${B}', 'unset'],
    ['${}', 'malformed'],
    ['${A', 'malformed'],
    ['${1}', 'malformed'],
    ['${A-b}', 'malformed'],
  ])('%s is reported as %s, and left as written', (text, kind) => {
    const expansion = expand(text, env)
    expect(expansion?.text).toBe(text)
    expect(expansion?.problems).toMatchObject([{ kind, offset: 0 }])
  })

  test('every character knows where it came from', () => {
    const part = fc.constantFrom('a', '$', '{', '}', '${A}', '$${', '${B:-xyz}', '${B}')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), parts => {
        const text = parts.join('')
        const expansion = expand(text, env)
        if (expansion === null) return
        const { origins } = expansion
        expect(origins).toHaveLength(expansion.text.length + 1)
        expect(origins.at(-1)).toBe(text.length)
        expect([...origins].sort((a, b) => a - b)).toEqual(origins)
      }),
    )
  })
})
