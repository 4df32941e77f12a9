import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { DiagnosticsError } from '../../host/diagnostics-error.ts'
import { readAnswers } from './answers-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-answers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function read(text: string) {
  const path = join(folder, 'answers.yaml')
  writeFileSync(path, text)
  return readAnswers(path, 'answers.yaml')
}

/** Each problem as `line:column CODE message`. */
async function problems(text: string): Promise<readonly string[]> {
  const error: unknown = await read(text).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof DiagnosticsError)) throw new Error(`not refused: ${String(error)}`)
  return error.diagnostics.map(({ line, column, code, message }) => `${line}:${column} ${code} ${message}`)
}

test('the rules that the documentation shows are read', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/chaos-peer.md'), 'utf8')
  const [, rules = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []
  expect(await read(rules)).toEqual([
    { match: '(?i)refund|money back', answer: { intent: 'refund', quote: '{{ prompt }}' } },
    { match: '', answer: { intent: 'other', quote: null } },
  ])
})

test.each([
  ['', ['1:1 CUSTODY_WRONG_TYPE the file is empty']],
  ['a: 1', ['1:1 CUSTODY_WRONG_TYPE it must be a list of rules']],
  ['- text', ['1:3 CUSTODY_WRONG_TYPE a rule must be a map']],
  ['- { match: 3, answer: x }', ['1:12 CUSTODY_WRONG_TYPE `match` must be a text: a pattern']],
  [
    '- match: x\n- answer: x',
    ['1:3 CUSTODY_MISSING_KEY the rule lacks `answer`', '2:3 CUSTODY_MISSING_KEY the rule lacks `match`'],
  ],
  ['- { match: x, answer: x, fault: reset }', ['1:26 CUSTODY_UNKNOWN_KEY a rule has no `fault`']],
  ['- { model: 4, match: x, answer: x }', ['1:12 CUSTODY_WRONG_TYPE `model` must be a text: a name']],
  ['- { match: "a(?=b)", answer: x }', [expect.stringMatching(/^1:12 CUSTODY_PATTERN /)]],
  ['- [', [expect.stringMatching(/CUSTODY_YAML/)]],
])('%j is refused, each problem with its place', async (text, expected) => {
  expect(await problems(text)).toEqual(expected)
})

test('a file that isn’t there is reported under its name as given', async () => {
  await expect(readAnswers(join(folder, 'nothing.yaml'), 'nothing.yaml')).rejects.toMatchObject({
    code: 'CUSTODY_FILE_NOT_FOUND',
    message: 'nothing.yaml does not exist',
  })
})
