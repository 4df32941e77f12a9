import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { BASE } from '../../test/diagnostics/base.ts'
import { PLAN_CASES } from '../../test/diagnostics/plan-cases.ts'
import { SHAPE_CASES } from '../../test/diagnostics/shape-cases.ts'
import { schemaOfPipelines } from '../cli/pipeline-schema.ts'
import { type PluginSchema, pipelineSchema } from './schema.ts'

const PLUGINS: readonly PluginSchema[] = [
  {
    kind: 'sink',
    name: 'csv',
    summary: 'A file',
    options: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { path: { type: 'string' }, rows: { type: 'integer' }, mode: { enum: ['a', 'b'] } },
      required: ['path'],
      additionalProperties: false,
    },
  },
]
const compile = (plugins: readonly PluginSchema[] = []) =>
  new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true }).compile(
    pipelineSchema(plugins),
  )
const accepts = compile()
const contentOf = (text: string) => parse(text.replaceAll(/[«»]/g, '')) as unknown
const changed = (change: ReadonlyArray<readonly [string, string]> = []) =>
  change.reduce((text, [from, to]) => text.replace(from, () => to), BASE)

describe('the JSON Schema of pipeline files', () => {
  test('accepts a sound file', () => {
    accepts(contentOf(BASE))
    expect(accepts.errors).toBeNull()
  })

  test('with all built-in plugins it is one that can be compiled: what it refers to is there', {
    tags: ['proof'],
  }, () => {
    const with_builtins = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false }).compile(
      schemaOfPipelines(),
    )
    const post = '{ plugin: http, options: { url: "https://x.test", body: { a: [1, { b: null }] } } }'
    const withPost = (sink: string) => with_builtins(contentOf(BASE.replace('micro: {', `post: ${sink}\n  micro: {`)))
    expect(withPost(post)).toBe(true)
    expect(withPost(post.replace('body', 'boddy'))).toBe(false)
  })

  test.each(PLAN_CASES.filter(each => each.set === undefined))('accepts the shape of: $name', ({ change }) => {
    accepts(contentOf(changed(change)))
    expect(accepts.errors).toBeNull()
  })

  const SHAPE_CODES = ['UNKNOWN_KEY', 'MISSING_KEY', 'WRONG_TYPE', 'BAD_NAME', 'SCHEMA', 'LEDGER_URL']
  /** What only a look at several places shows. */
  const BEYOND = ['fields that mean nothing', 'a limit of nothing']
  const refused = SHAPE_CASES.filter(
    ({ expect: all, set, name }) =>
      set === undefined &&
      !BEYOND.includes(name) &&
      all.some(each => SHAPE_CODES.includes(each.code.replace('CUSTODY_', ''))),
  )
  test.each(refused)('refuses: $name', ({ text, change }) => {
    expect(accepts(contentOf(text ?? changed(change)))).toBe(false)
  })

  describe('with plugins', () => {
    const withPlugins = compile(PLUGINS)
    const check = (sink: string) => withPlugins(contentOf(BASE.replace('{ path: out/micro.csv }', sink)))
    test.each([
      '{ path: a }',
      '{ path: { secret: A } }',
      '{ path: { secret: "vault:kv/app#key" } }',
      '{ path: { secret: "aws:${STAGE}/db" } }',
      '{ path: a, rows: 3 }',
      '{ path: a, rows: "${N}" }',
      '{ path: a, mode: b }',
    ])('%s fits', options => {
      expect(check(options)).toBe(true)
    })
    test.each([
      '{}',
      '{ path: 1 }',
      '{ path: { secret: "vault:kv" } }',
      '{ path: { secret: "valt:kv/app#key" } }',
      '{ path: a, rows: x }',
      '{ path: a, pth: b }',
      '{ path: a, mode: c }',
    ])('%s doesn’t', options => {
      expect(check(options)).toBe(false)
    })
    test('other plugins may still be used', () => {
      expect(withPlugins(contentOf(BASE.replace('plugin: jsonl', 'plugin: my_own')))).toBe(true)
    })
  })
})
