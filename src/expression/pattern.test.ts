import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, test } from 'vitest'
import { compilePattern, isPattern, MAX_PATTERN_LENGTH } from './pattern.ts'

const matches = (source: string, text: string) => {
  const compiled = compilePattern(source)
  if (!isPattern(compiled)) throw new Error(compiled.problem)
  return compiled.test(text)
}

describe('patterns', () => {
  test('match any part of the text', () => {
    expect(matches('(?i)password', 'My PassWord is')).toBe(true)
    expect(matches('^A-\\d+$', 'A-17')).toBe(true)
    expect(matches('^A-\\d+$', 'xA-17')).toBe(false)
    expect(matches('\\bpin\\b', 'spinning')).toBe(false)
  })

  test.each(['(a', '[z-a]', '(?=a)', '\\1', '*a', 'a{1001}', '(?P<n'])('%s is a problem with its place', source => {
    const compiled = compilePattern(source)
    expect(isPattern(compiled)).toBe(false)
    expect(compiled).toMatchObject({ problem: expect.any(String), offset: expect.any(Number) })
  })

  test('the offset is that of the offending part', () => {
    expect(compilePattern('abc(?=d)')).toMatchObject({ offset: 3 })
  })

  test('too long and too large ones are refused', () => {
    expect(compilePattern('a|'.repeat(MAX_PATTERN_LENGTH))).toHaveProperty('problem')
    expect(compilePattern('((a{100}){100}){100}')).toHaveProperty('problem')
    expect(compilePattern(`${'('.repeat(5000)}a${')'.repeat(4999)}`)).toHaveProperty('problem')
  })

  test('nested repetition of 50,000 characters comes to an end', () => {
    expect(matches('^(a+)+$', `${'a'.repeat(50_000)}!`)).toBe(false)
    expect(matches('(x+x+)+y', 'x'.repeat(50_000))).toBe(false)
  })

  test('the same source gives the same object', () => {
    expect(compilePattern('a+b')).toBe(compilePattern('a+b'))
  })

  test('plain words match as the automaton does', () => {
    const text = fc.string({ unit: fc.constantFrom('k', 'K', '\u212a', 's', 'ſ', 'ß', ' ', '-', 'é', 'x', '\n') })
    const word = fc.string({ unit: fc.constantFrom('k', 'K', 's', 'S', ' ', '-', 'x', '_', '0'), minLength: 1 })
    fc.assert(
      fc.property(fc.constantFrom('', '(?i)'), word, text, (flag, chars, around) => {
        for (const candidate of [around, `${around}${chars.toUpperCase()}${around}`]) {
          expect(matches(flag + chars, candidate)).toBe(RE2JS.compile(flag + chars).test(candidate))
        }
      }),
    )
  })
})
