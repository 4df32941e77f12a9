/** What each role sees and may do, what is recorded of those who see values, and that answers are as the OpenAPI document says. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { AccessChecked, AccessPage } from '../../src/api/access.ts'
import { accessPath } from '../../src/host/access-path.ts'
import { AccessLog } from '../../src/server/access/access-log.ts'
import { checkAccess } from '../../src/server/access/read-access.ts'
import { RecordedAnswers } from '../../src/server/access/recorded-answers.ts'
import type { Answering } from '../../src/server/answering.ts'
import { Verifications } from '../../src/server/verifications.ts'
import { anyCharacter } from '../support/any-character.ts'
import { API, type Asking, DemoServer } from '../support/demo-server.ts'
import { LONG } from '../support/form.ts'

let server: DemoServer
beforeAll(async () => {
  server = await DemoServer.begin()
})
afterAll(() => server.close())

const RUN = `${API}/runs/latest`
/** Of rows, of the pipeline file, and of messages about them. */
const VALUES = ['Quinn Reyes', 'hunter2', '12 thousand', 'call after 5', '(?i)password', 'credit_score >= 700']

describe('a viewer', () => {
  test('gets structure and counts of everything, and not one value', async () => {
    const ask = server.as('viewer')
    const paths = ['', '/plan', '/errors', '/calls', '/splits', '/rows?limit=50', '/rows/17', '/rows/23', '/rows/9']
    for (const path of [
      ...paths.map(each => RUN + each),
      `${API}/runs`,
      `${API}/evidence`,
      `${API}/verify`,
      `${API}/docs`,
      `${API}/session`,
    ]) {
      const response = await ask(path)
      const text = await response.text()
      expect(response.status, `${path}: ${text}`).toBe(200)
      expect(
        [...VALUES, server.work.folder].filter(value => text.includes(value)),
        path,
      ).toEqual([])
    }
  })

  test('doesn’t learn where the ledger is, by an error either; others do', async () => {
    const sentence = async (role: 'viewer' | 'analyst') => (await server.as(role)(`${API}/runs/0123`)).text()
    expect(await sentence('viewer')).toContain('no run of custody.db begins with')
    expect(await sentence('analyst')).toContain(`no run of ${server.url} begins with`)
  })

  test.each(['/rows/17/proof', '/rows/17/letter', '/rows/export', '/rows/export?format=csv'])(
    'has no %s',
    async path => {
      expect((await server.as('viewer')(RUN + path)).status).toBe(403)
    },
  )

  test('finds nothing by a value either: which rows have one would say what it is', async () => {
    for (const query of ['text=hunter2', 'value=applicant%3DQuinn%20Reyes', 'where=row.id%20%3D%3D%2017'])
      expect((await server.as('viewer')(`${RUN}/rows?${query}`)).status, query).toBe(403)
    expect((await server.as('viewer')(`${API}/diff?old=latest&new=latest&key=loan_type`)).status).toBe(403)
  })
})

describe('an analyst', () => {
  test('sees values', async () => {
    const ask = server.as('analyst')
    expect(await (await ask(`${RUN}/rows/17`)).text()).toContain('Quinn Reyes')
    expect(await (await ask(`${RUN}/rows/export?class=failure`)).text()).toContain('hunter2')
    expect((await ask(`${RUN}/rows/17/proof`)).status).toBe(200)
  })
})

test.each(['viewer', 'analyst'] as const)(
  'a %s starts nothing, stops nothing, and doesn’t read who looked',
  async role => {
    const ask = server.as(role)
    for (const path of ['/runs', '/runs/latest/stop', '/runs/latest/resume', '/runs/latest/rerun', '/what-if'])
      expect((await ask(`${API}${path}`, { method: 'POST', body: {} })).status, path).toBe(403)
    for (const path of ['/access', '/access/check', '/pipelines'])
      expect((await ask(`${API}${path}`)).status, path).toBe(403)
  },
)

describe('who looks at values', () => {
  const linesOf = async (query = ''): Promise<AccessPage> =>
    (await (await server.as('operator')(`${API}/access${query}`)).json()) as AccessPage
  const checked = async () => (await (await server.as('operator')(`${API}/access/check`)).json()) as AccessChecked

  test('is on record, by row; who sees none is not', async () => {
    const before = (await linesOf()).lines.length
    await server.as('viewer')(`${RUN}/rows/17`)
    await server.as('analyst')(`${RUN}`)
    expect((await linesOf()).lines.length).toBe(before)
    await server.as('analyst')(`${RUN}/rows/17`)
    await server.as('analyst')(`${RUN}/rows?limit=3&at=4`)
    await server.withToken(`${RUN}/rows/23/proof`)
    const { lines } = await linesOf(`?limit=3`)
    expect(lines.map(({ user, role, by, what, run, rows }) => [user, role, by, what, run, rows])).toEqual([
      ['token', 'operator', 'token', 'proof', server.run, [[23, 23]]],
      ['some analyst', 'analyst', 'cookie', 'rows', server.run, [[5, 7]]],
      ['some analyst', 'analyst', 'cookie', 'row', server.run, [[17, 17]]],
    ])
    const of_row = await linesOf(`?run=${server.run}&row=6&limit=1`)
    expect(of_row.lines.map(({ what }) => what)).toEqual(['rows'])
    const [first, second] = [await linesOf('?limit=1'), await linesOf('?limit=2')]
    expect((await linesOf(`?limit=1&before=${first.next}`)).lines).toEqual(second.lines.slice(1))
  })

  test('so are keys that several rows have, where no difference is listed', async () => {
    await server.as('analyst')(`${API}/diff?old=latest&new=latest&key=loan_type&list=0`)
    const { lines } = await linesOf('?limit=1')
    expect(lines).toMatchObject([{ what: 'diff', rows: expect.arrayContaining([[10, 16]]) }])
  })

  test('so is what asks by a value, where no row is shown', async () => {
    await server.as('analyst')(`${RUN}/rows?where=${encodeURIComponent('row.credit_score > 700')}&at=100000`)
    const { lines } = await linesOf('?limit=1')
    expect(lines).toMatchObject([{ what: 'rows', run: server.run, rows: [] }])
  })

  test('an export is recorded row by row, before it goes out', async () => {
    await (await server.as('analyst')(`${RUN}/rows/export?class=failure`)).text()
    const { lines } = await linesOf('?limit=1')
    expect(lines).toMatchObject([
      {
        what: 'export',
        rows: [
          [9, 9],
          [23, 23],
          [28, 28],
          [31, 31],
          [36, 36],
        ],
      },
    ])
  })

  test('several servers write one log; what is changed, torn or taken out is seen', async () => {
    const path = accessPath(server.url, {})
    const who = { user: 'other', role: 'analyst', by: { kind: 'cookie', csrf: '' } } as const
    const other = await AccessLog.open(path, () => server.now_ms * 1000)
    await Promise.all([3, 1, 2].map(row => other.record(who, [{ what: 'row', run: server.run, rows: [row] }])))
    await server.as('analyst')(`${RUN}/rows/17`)
    await other.record(who, [{ what: 'row', run: server.run, rows: [4] }])
    await other.close()
    expect((await checked()).problems).toEqual([])
    const text = readFileSync(path, 'utf8')
    const lines = text.split('\n').slice(0, -1)
    const without = (index: number) => `${lines.toSpliced(index, 1).join('\n')}\n`
    const damages = [
      text.replace('"rows":[[17,17]]', '"rows":[[18,18]]'),
      text.replace('some analyst', 'some one else'),
      ...[0, 1, lines.length - 3].map(without),
    ]
    for (const damaged of damages) {
      writeFileSync(path, damaged)
      expect((await checked()).problems).not.toEqual([])
    }
    writeFileSync(path, text)
    // A process died in the middle of a line.
    appendFileSync(path, lines[0]?.slice(0, 50) ?? '')
    const next = await AccessLog.open(path, () => server.now_ms * 1000)
    await next.record(who, [{ what: 'row', run: server.run, rows: [5] }])
    await next.close()
    expect((await checked()).problems).toEqual([expect.stringMatching(/isn’t whole/)])
    expect((await linesOf('?limit=1')).lines).toMatchObject([{ rows: [[5, 5]] }])
  })

  test('what couldn’t be written whole is seen as that, and what follows it holds', async () => {
    const path = `${server.work.folder}/full.jsonl`
    const who = { user: 'a', role: 'analyst', by: { kind: 'token' } } as const
    const log = await AccessLog.open(path, () => 0)
    const record = (row: number) => log.record(who, [{ what: 'row', run: server.run, rows: [row] }])
    await record(1)
    const file = await open(path)
    const appending = vi.spyOn(Object.getPrototypeOf(file), 'appendFile')
    await file.close()
    // As a disk that has no more room does.
    appending.mockImplementationOnce(async text => {
      appendFileSync(path, String(text).slice(0, 50))
      throw new Error('no space left')
    })
    await expect(record(2)).rejects.toMatchObject({ code: 'CUSTODY_ACCESS_LOG' })
    await record(3)
    await record(4)
    await log.close()
    const { lines, problems } = await checkAccess(path)
    expect([lines, problems]).toEqual([4, [expect.stringMatching(/isn’t whole/)]])
  })

  test('where it can’t be written, no value goes out', async () => {
    const log = await AccessLog.open(`${server.work.folder}/other.jsonl`, () => 0)
    await log.close()
    // biome-ignore lint/suspicious/noExplicitAny: whatever was answered is answered again
    const story: any = await (await server.withToken(`${RUN}/rows/17`)).json()
    const answers: Answering = {
      ask: async () => story,
      stream: async function* () {
        yield { run: server.run, rows: [17], text: 'x' }
      },
    }
    const who = { user: 'a', role: 'analyst', by: { kind: 'token' } } as const
    const recorded = new RecordedAnswers({ answers, log, verifications: new Verifications() }, who)
    await expect(recorded.ask('row', { run: server.run, row: 17 })).rejects.toMatchObject({
      code: 'CUSTODY_ACCESS_LOG',
    })
    const pieces = recorded.exported({ run: server.run, format: 'jsonl' }, new AbortController().signal)
    await expect(pieces.next()).rejects.toMatchObject({ code: 'CUSTODY_ACCESS_LOG' })
    await expect(recorded.ask('row', { run: server.run, row: 17 }, { values: false })).resolves.toBe(story)
  })
})

interface Operation {
  readonly operationId: string
  readonly parameters?: ReadonlyArray<{
    readonly name: string
    readonly in: 'path' | 'query'
    readonly required: boolean
    readonly schema: object
  }>
  readonly requestBody?: object
  readonly responses: {
    readonly [status: string]: {
      readonly content?: { readonly [type: string]: { readonly schema: { readonly $ref?: string } } }
    }
  }
}
interface Document {
  readonly openapi: string
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } }
  readonly components: { readonly schemas: { readonly [name: string]: object } }
}

describe('the OpenAPI document', () => {
  let document: Document
  let ajv: Ajv2020
  beforeAll(async () => {
    document = (await (await server.ask(`${API}/openapi.json`)).json()) as Document
    ajv = new Ajv2020({ strict: false, validateFormats: false })
    ajv.addSchema({ $id: 'document', ...document })
  })
  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
    )

  test('is of OpenAPI 3.1; each schema is one, each reference leads to one, each name is there once', () => {
    expect(document.openapi).toBe('3.1.0')
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref)
    expect(refs.length).toBeGreaterThan(50)
    for (const ref of new Set(refs)) expect(() => ajv.getSchema(`document${ref}`), ref).not.toThrow()
    expect(
      refs.filter(ref => !Object.hasOwn(document.components.schemas, ref.replace('#/components/schemas/', ''))),
    ).toEqual([])
    const ids = operations().map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { path, operation } of operations()) {
      const named = (operation.parameters ?? []).filter(each => each.in === 'path').map(each => `{${each.name}}`)
      expect(named).toEqual(path.match(/\{\w+\}/g) ?? [])
    }
  })

  /** Whether an answer is one that the document has for this operation. */
  async function problemOf(operation: Operation, response: Response): Promise<string | null> {
    if (response.status >= 500) return `${response.status}: ${await response.text()}`
    const described = operation.responses[response.status] ?? operation.responses.default
    const type = response.headers.get('content-type')?.split(';')[0] ?? ''
    if (type === 'text/event-stream') {
      await response.body?.cancel()
      return null
    }
    const schema = described?.content?.[type]?.schema
    if (schema === undefined) return response.status === 204 ? null : `${response.status} has no ${type}`
    if (type !== 'application/json' || schema.$ref === undefined) return null
    const isRight = ajv.getSchema(`document${schema.$ref}`)
    return isRight?.(await response.json()) === true ? null : JSON.stringify(isRight?.errors)
  }

  /** Things that somebody may send, right and wrong ones. */
  const text = fc.oneof(
    fc.constantFrom(
      'latest',
      '1',
      '17',
      '48',
      'true',
      'failure',
      'ROUTED',
      'size',
      'size:true',
      'KEYWORD_FOUND',
      'row.id > 3',
      'jsonl',
      'csv',
    ),
    fc.constantFrom(
      'applicant=Ada Brooks',
      'hunter2',
      '2026-01-01T00:00:00.000Z',
      'completed',
      '',
      '0',
      '-1',
      '1e9',
      '9007199254740993',
      'null',
      'NaN',
      'row.',
      "' OR 1=1 --",
    ),
    fc.string({ maxLength: 20 }),
    fc.string({ unit: anyCharacter, maxLength: 8 }),
  )

  test('says what is answered, whatever is asked: no failure of the server, no answer of another shape', {
    tags: ['proof'],
  }, async () => {
    const chosen = operations().filter(({ path }) => !path.endsWith('/session'))
    const request = fc.constantFrom(...chosen).chain(({ path, method, operation }) => {
      const given = (operation.parameters ?? []).map(({ name, in: place, required }) =>
        fc.tuple(
          fc.constant(name),
          fc.constant(place),
          fc.option(fc.array(text, { minLength: 1, maxLength: 2 }), { freq: required ? 100 : 1, nil: null }),
        ),
      )
      const body = fc.oneof(
        fc.json({ maxDepth: 2 }),
        fc
          .record(
            { run: text, pipeline: text, where: text, set: fc.dictionary(text, text, { maxKeys: 2 }) },
            { requiredKeys: [] },
          )
          .map(each => JSON.stringify(each)),
      )
      return fc.record({
        path: fc.constant(path),
        method: fc.constant(method),
        operation: fc.constant(operation),
        given: fc.tuple(...given),
        body,
      })
    })
    const ask: Asking = server.as('operator')
    await fc.assert(
      fc.asyncProperty(request, async ({ path, method, operation, given, body }) => {
        const search = new URLSearchParams()
        let filled = path
        for (const [name, place, values] of given)
          for (const value of values ?? [])
            if (place === 'query') search.append(name, value.toWellFormed())
            else filled = filled.replace(`{${name}}`, encodeURIComponent(value.toWellFormed()) || 'latest')
        const query = search.toString()
        const response = await ask(`${filled}${query === '' ? '' : `?${query}`}`, {
          method,
          ...(method === 'POST' ? { body } : {}),
        })
        expect(await problemOf(operation, response)).toBeNull()
      }),
      { numRuns: LONG ? 5000 : 60 },
    )
  })

  test('and of what is well asked', { tags: ['proof'] }, async () => {
    const ask = server.as('operator')
    for (const { path, method, operation } of operations()) {
      if (method !== 'GET') continue
      const query = path.endsWith('/diff') ? '?old=latest&new=latest' : ''
      const response = await ask(`${path.replace('{run}', 'latest').replace(/{row}|{token}/, '17')}${query}`)
      if (!path.endsWith('/pipelines')) expect(response.status, path).toBe(200)
      expect(await problemOf(operation, response), path).toBeNull()
    }
  })
})

test('of a record that doesn’t hold there is no file, neither whole nor in part', async () => {
  const db = new DatabaseSync(server.url.slice('sqlite:'.length))
  db.exec('DROP TRIGGER payloads_no_update')
  db.exec(`UPDATE payloads SET body = replace(body, 'Quinn Reyes', 'Quinn Reyex')`)
  db.close()
  const ask = server.as('analyst')
  for (const path of ['/rows/17/proof', '/rows/17/letter', '/rows/export', '/rows/export?format=csv']) {
    const response = await ask(RUN + path)
    expect([response.status, await response.json()]).toMatchObject([409, { error: { code: 'CUSTODY_VERIFY_FAILED' } }])
  }
})

test('nothing of all that was a trouble of the server’s own', () => {
  expect(server.troubles).toEqual([])
})
