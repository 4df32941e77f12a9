/** Regular expressions in RE2 syntax, which take time linear in the text whatever the pattern. */
import { fault } from '../faults.ts'
import { limitList, limitText } from '../operators.ts'
import { compilePattern, isPattern, type Pattern } from '../pattern.ts'
import { regexOf } from '../regex.ts'
import { quote } from '../time.ts'
import type { Fails } from '../total/fails.ts'
import { BOOL, listOf, MAP, optionalOf, STRING } from '../types.ts'
import { NONE, Optional } from '../values.ts'
import { type FunctionGroup, type FunctionSpec, overload } from './spec.ts'

function patternOf(source: string): Pattern {
  const pattern = compilePattern(source)
  return isPattern(pattern) ? pattern : fault('PATTERN_INVALID', `${quote(source)}: ${pattern.problem}`)
}

function matching(text: string, source: string) {
  patternOf(source)
  return regexOf(source).matcher(text)
}

/** It fails unless the pattern, the second argument, is known and right. */
const onPattern: Fails = ([, source], [, name]) => {
  const known = source?.constant
  return typeof known === 'string' && isPattern(compilePattern(known)) ? null : `${name} isn’t a valid pattern`
}

const constants: FunctionSpec['constants'] = ([, source]) => {
  if (typeof source !== 'string') return null
  const pattern = compilePattern(source)
  if (isPattern(pattern)) return null
  return { argument: 1, code: 'CUSTODY_PATTERN', problem: `the pattern isn’t valid RE2 syntax: ${pattern.problem}` }
}

/** What an extraction is after: the group if the pattern has one, else the whole match. @throws Fault if it has more. */
function matcherOf(text: string, source: string, at: string) {
  const matcher = matching(text, source)
  if (matcher.groupCount() > 1)
    fault('ARGUMENT_INVALID', `${at}: the pattern has ${matcher.groupCount()} groups, and one at most can be extracted`)
  return { matcher, group: matcher.groupCount() }
}

function extract(text: string, source: string, at: string): Optional {
  const { matcher, group } = matcherOf(text, source, at)
  const found = matcher.find() ? matcher.group(group) : null
  return found === null ? NONE : new Optional(found)
}

function extractAll(text: string, source: string, at: string): readonly string[] {
  const { matcher, group } = matcherOf(text, source, at)
  const found: string[] = []
  while (matcher.find()) {
    const part = matcher.group(group)
    if (part !== null) found.push(part)
    limitList(found.length, at)
  }
  return found
}

function groups(text: string, source: string): Optional {
  const matcher = matching(text, source)
  if (!matcher.find()) return NONE
  return new Optional(
    new Map(Object.keys(matcher.namedGroups).map((name): [string, string | null] => [name, matcher.group(name)])),
  )
}

/** The replacement in its parts: texts, and the numbers of groups. */
function partsOf(by: string, groupCount: number, at: string): ReadonlyArray<string | number> {
  return [...by.matchAll(/\\([\s\S]?)|[^\\]+/g)].map(([part, escaped]) => {
    if (escaped === undefined) return part
    if (escaped === '\\') return '\\'
    if (!/^\d$/.test(escaped)) return fault('ARGUMENT_INVALID', `${at}: \\ stands before a digit or another \\`)
    const group = Number(escaped)
    return group <= groupCount ? group : fault('ARGUMENT_INVALID', `${at}: the pattern has no group ${group}`)
  })
}

function replaced(text: string, source: string, by: string, most: bigint, at: string): string {
  const matcher = matching(text, source)
  const parts = partsOf(by, matcher.groupCount(), at)
  const pieces: string[] = []
  let [end, length, left] = [0, 0, most < 0n ? Number.POSITIVE_INFINITY : Number(most)]
  const add = (piece: string) => {
    pieces.push(piece)
    length += piece.length
    limitText(length, at)
  }
  while (left-- > 0 && matcher.find()) {
    add(text.slice(end, matcher.start()))
    for (const part of parts) add(typeof part === 'number' ? (matcher.group(part) ?? '') : part)
    end = matcher.end()
  }
  add(text.slice(end))
  return pieces.join('')
}

const regex = { form: 'function', from: 'CEL regex', constants } as const
export const PATTERNS: FunctionGroup = {
  title: 'Patterns',
  functions: [
    {
      name: 'matches',
      form: 'both',
      from: 'CEL',
      summary: 'Whether any part of the text matches a pattern in RE2 syntax; `^` and `$` stand for its ends.',
      overloads: [
        overload(['string', 'string'], BOOL, ([text, source]) => patternOf(source).test(text), { fails: onPattern }),
      ],
      examples: [['"A-17".matches("^A-[0-9]+$")', true]],
      errors: { PATTERN_INVALID: '"a".matches("(" + "a")' },
      constants,
    },
    {
      ...regex,
      name: 'regex.extract',
      parameters: ['text', 'pattern'],
      summary:
        'What the pattern’s group matches first, or the whole pattern if it has no group; an optional value, which isn’t there without a match.',
      overloads: [
        overload(['string', 'string'], optionalOf(STRING), ([text, source], at) => extract(text, source, at)),
      ],
      examples: [
        ['regex.extract("order 4711 of 2026", "order ([0-9]+)").value()', '4711'],
        ['regex.extract("none", "[0-9]+").orValue("")', ''],
      ],
      errors: {
        PATTERN_INVALID: 'regex.extract("a", "(" + "a")',
        ARGUMENT_INVALID: 'regex.extract("ab", "(a)(b)")',
      },
    },
    {
      ...regex,
      name: 'regex.extractAll',
      parameters: ['text', 'pattern'],
      summary: 'The same of each match, as a list. Each match takes time linear in the text.',
      overloads: [overload(['string', 'string'], listOf(STRING), ([text, source], at) => extractAll(text, source, at))],
      examples: [['regex.extractAll("a1 b22", "[a-z]([0-9]+)")', ['1', '22']]],
      errors: {
        PATTERN_INVALID: 'regex.extractAll("a", "(" + "a")',
        ARGUMENT_INVALID: 'regex.extractAll("ab", "(a)(b)")',
        EVALUATION_LIMIT: 'regex.extractAll("".padEnd(1000001), " ")',
      },
    },
    {
      ...regex,
      from: 'Custody',
      name: 'regex.groups',
      parameters: ['text', 'pattern'],
      summary: 'What the named groups of the first match hold, as a map; null for a group that took no part.',
      overloads: [overload(['string', 'string'], optionalOf(MAP), ([text, source]) => groups(text, source))],
      examples: [['regex.groups("DE-17", "(?P<land>[A-Z]+)-(?P<no>[0-9]+)").value()', { land: 'DE', no: '17' }]],
      errors: { PATTERN_INVALID: 'regex.groups("a", "(" + "a")' },
    },
    {
      ...regex,
      name: 'regex.replace',
      parameters: ['text', 'pattern', 'by', 'count'],
      summary:
        'The text with another in the place of each match, or of the first so many; in the other, \\1 to \\9 stand for what groups match and \\0 for the whole.',
      overloads: [
        overload(['string', 'string', 'string'], STRING, ([text, source, by], at) =>
          replaced(text, source, by, -1n, at),
        ),
        overload(['string', 'string', 'string', 'int'], STRING, ([text, source, by, most], at) =>
          replaced(text, source, by, most, at),
        ),
      ],
      examples: [
        ['regex.replace("2026-03-01", "(\\\\d+)-(\\\\d+)-(\\\\d+)", "\\\\3.\\\\2.\\\\1")', '01.03.2026'],
        ['regex.replace("aaa", "a", "b", 2)', 'bba'],
      ],
      errors: {
        PATTERN_INVALID: 'regex.replace("a", "(" + "a", "")',
        ARGUMENT_INVALID: 'regex.replace("a", "(a)", "\\\\2")',
        EVALUATION_LIMIT: 'regex.replace("".padEnd(5000), " ", "".padEnd(5000))',
      },
    },
  ],
}
