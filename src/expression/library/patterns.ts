/** Regular expressions in RE2 syntax, which take time linear in the text whatever the pattern. */
import { fault } from '../faults.ts'
import { compilePattern, isPattern, type Pattern } from '../pattern.ts'
import { quote } from '../time.ts'
import type { Fails } from '../total/fails.ts'
import { BOOL } from '../types.ts'
import { type FunctionGroup, type FunctionSpec, overload } from './spec.ts'

function patternOf(source: string): Pattern {
  const pattern = compilePattern(source)
  return isPattern(pattern) ? pattern : fault('PATTERN_INVALID', `${quote(source)}: ${pattern.problem}`)
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
  ],
}
