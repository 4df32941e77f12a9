import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { filesIn, putFiles } from '../sdk/option-files.ts'
import { specProblems } from '../sdk/spec-problems.ts'
import { builtins } from './index.ts'

test.each(builtins.map(spec => [`${spec.kind} ${spec.name}`, spec] as const))('%s is a sound spec', (_name, spec) => {
  expect(specProblems(spec)).toEqual([])
  for (const example of spec.examples) {
    const folder = mkdtempSync(join(tmpdir(), 'custody-examples-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    for (const [path, content] of Object.entries(example.files ?? {})) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), content)
    }
    const options = spec.options.parse(putFiles(example.options, spec.files ?? [], filesIn(folder)).options)
    expect(spec.check?.(options, []) ?? []).toEqual([])
  }
  expect(spec.options.safeParse({ no_such_option: 1 }).success).toBe(false)
  expect(z.toJSONSchema(spec.options)).toMatchObject({ type: 'object', additionalProperties: false })
})
