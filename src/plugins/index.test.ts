import { expect, test } from 'vitest'
import { z } from 'zod'
import { specProblems } from '../sdk/spec-problems.ts'
import { builtins } from './index.ts'

test.each(builtins.map(spec => [`${spec.kind} ${spec.name}`, spec] as const))('%s is a sound spec', (_name, spec) => {
  expect(specProblems(spec)).toEqual([])
  for (const example of spec.examples) {
    const options = spec.options.parse(example.options)
    expect(spec.check?.(options, []) ?? []).toEqual([])
  }
  expect(spec.options.safeParse({ no_such_option: 1 }).success).toBe(false)
  expect(z.toJSONSchema(spec.options)).toMatchObject({ type: 'object', additionalProperties: false })
})
