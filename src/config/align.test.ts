import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { Problems } from './problems.ts'
import { SourceText } from './source-text.ts'
import { locateIn } from './tree.ts'
import { parseYaml } from './yaml.ts'

const NEEDLE = 'NEEDLE'

/** Where the needle stands in the file, by its offset in the value. */
function located(yaml: string, value: string): { readonly found: string; readonly value: unknown } {
  const source = new SourceText('f', yaml)
  const tree = parseYaml(source, new Problems())
  if (tree === null) return { found: '', value: null }
  const entry = tree.kind === 'map' ? tree.entries.get('key')?.value : undefined
  const offset = value.indexOf(NEEDLE)
  const { line, column } = locateIn(tree, ['key'], 'value', { offset, length: NEEDLE.length })
  const text = yaml.split('\n')[line - 1] ?? ''
  return {
    found: text.slice(column - 1, column - 1 + NEEDLE.length),
    value: entry?.kind === 'scalar' ? entry.value : undefined,
  }
}

const piece = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', "'", '"', '\\', '\n', '\t', 'é', '😀', '>', ':'),
  maxLength: 12,
})
const styles = ['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'] as const

describe('a place inside a text', () => {
  test.each(styles)('is found in a scalar written as %s', defaultStringType => {
    fc.assert(
      fc.property(piece, piece, fc.boolean(), (before, after, fold) => {
        const value = `${before}${NEEDLE}${after}`
        const yaml = stringify({ other: 1, key: value }, { defaultStringType, lineWidth: fold ? 20 : 0 })
        // The writer itself folds some texts into others; what counts is what is read.
        const there = located(yaml, String((parse(yaml) as { key: unknown }).key))
        // A line may be folded within the word, with a backslash.
        const [head = ''] = there.found.split('\\')
        expect(head).not.toBe('')
        expect(NEEDLE.startsWith(head)).toBe(true)
      }),
    )
  })

  test.each([
    ["key: 'it''s NEEDLE'", "it's NEEDLE"],
    ['key: "\\u0041\\x42\\t\\U0001F600 NEEDLE"', 'AB\t😀 NEEDLE'],
    ['key: "one \\\n    two NEEDLE"', 'one two NEEDLE'],
    ['key: one\n  two\n\n  NEEDLE', 'one two\nNEEDLE'],
    ['key: >-\r\n  one\r\n  NEEDLE\r\n', 'one NEEDLE'],
    ['key: |-\n  \t\n   a\n  NEEDLE\n', '\t\n a\nNEEDLE'],
    ['key: |2-\n   \n   a\n  NEEDLE\n', ' \n a\nNEEDLE'],
    ['key: |\n    indented\n      NEEDLE\n', 'indented\n  NEEDLE\n'],
  ])('%s', (yaml, value) => {
    expect(located(yaml, value)).toEqual({ found: NEEDLE, value })
  })
})
