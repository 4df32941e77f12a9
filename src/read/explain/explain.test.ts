import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { full, opening, RUN, sampleRun, sealFacts, testPorts, totals } from '../../../test/support/ledger.ts'
import { openLedger, openLedgerReader } from '../../ledger/open.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { CheckedReader } from '../evidence/checked-reader.ts'
import { explainRow, explainToken, explainWhere } from './explain.ts'
import { fittingRows } from './fitting-rows.ts'
import { storyJson } from './json.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-explain-'))
const url = `sqlite:${join(folder, 'ledger.db')}`
let reader: LedgerReader

beforeAll(async () => {
  const ledger = await openLedger(url, testPorts(), { create: true })
  const run = await ledger.openRun(RUN, opening())
  await sampleRun(run)
  await run.seal(sealFacts(totals(4, 10, 10)))
  await ledger.close()
  reader = await openLedgerReader(url)
})
afterAll(async () => {
  await reader.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('a row', () => {
  test('is shown from its source to its end', async () => {
    const story = await explainRow(reader, 1, 1)
    expect(story.subject).toEqual({ kind: 'row', row: 1, source: 'in', index: 1, line: 2, path: null })
    expect(story).toMatchObject({ run: RUN, name: 'sample', entries: [1], sealed: 'completed' })
    expect(story.head?.root).toMatch(/^[0-9a-f]{64}$/)
    const [token] = story.tokens
    expect(token?.visits.map(visit => [visit.node, visit.status, visit.left?.to ?? null])).toEqual([
      ['in', 'ok', 'screen'],
      ['screen', 'ok', 'tier'],
      ['tier', 'ok', 'low'],
      ['low', 'ok', null],
    ])
    expect(token?.visits[0]?.data).toEqual({ kind: 'known', value: { amount: 1, id: 1 } })
    expect(token?.visits[1]?.changed).toEqual({ set: { ok: true }, unset: [] })
    expect(token?.visits[2]?.input_hash).toBe(token?.visits[2]?.output_hash)
    expect(token?.ending).toMatchObject({ outcome: 'ROUTED', cause: 'gate', sink: 'low', error: null })
  })

  test('has the fields that its source declares in their order, and then the others', async () => {
    const place = `sqlite:${join(folder, 'declared.db')}`
    const ledger = await openLedger(place, testPorts(), { create: true })
    const { entry, first_value, values } = opening()
    const nodes = entry.values.nodes.with(0, { fields: 3 })
    await sampleRun(
      await ledger.openRun(RUN, {
        entry: { ...entry, values: { ...entry.values, nodes } },
        ...{
          first_value,
          values: [...values, full(['missing', 'id'].map(name => ({ name, schema: {}, optional: false })))],
        },
      }),
    )
    await ledger.close()
    const declared = await openLedgerReader(place)
    const { tokens } = await explainRow(declared, 1, 1)
    await declared.close()
    const keys = tokens[0]?.visits.map(({ data }) => (data?.kind === 'known' ? Object.keys(data.value as object) : []))
    expect(keys).toEqual([
      ['id', 'amount'],
      ['id', 'amount'],
      ['id', 'amount', 'ok'],
      ['id', 'amount', 'ok'],
    ])
  })

  test('that was rejected says what was wrong', async () => {
    const { tokens } = await explainRow(reader, 1, 2)
    expect(tokens[0]?.visits).toHaveLength(1)
    expect(tokens[0]?.visits[0]).toMatchObject({
      status: 'error',
      data: { kind: 'known', value: { raw: 'x' } },
      error: { code: 'BAD_ROW', message: { kind: 'known', value: 'three cells, not two' } },
      left: { label: 'on_invalid', to: 'discard' },
    })
    expect(tokens[0]?.ending).toMatchObject({ outcome: 'QUARANTINED', cause: 'source_invalid', sink: null })
  })

  test('that was forked, merged and consumed goes on in its batch', async () => {
    const story = await explainRow(reader, 1, 3)
    expect(story.tokens.map(token => [token.token, token.parents, token.branch])).toEqual([
      [3, [], null],
      [4, [3], 'left'],
      [5, [3], 'right'],
      [6, [4, 5], null],
    ])
    // A held visit is listed once, as it ended.
    expect(story.tokens[1]?.visits.map(visit => visit.status)).toEqual(['ok'])
    expect(story.tokens[3]?.visits.map(visit => [visit.node, visit.status])).toEqual([['stats', 'ok']])
    expect(story.entries).toHaveLength(2)
    const [batch] = story.onward
    expect(batch?.subject).toEqual({
      kind: 'batch',
      batch: 1,
      node: 'stats',
      key: null,
      trigger: 'count',
      members: [6, 9],
      calls: [],
    })
    expect(batch?.tokens[0]).toMatchObject({ token: 10, parents: [6, 9], ending: { sink: 'out' } })
  })

  test('that was expanded tells its parts', async () => {
    const { tokens } = await explainRow(reader, 1, 4)
    expect(tokens.map(token => [token.token, token.parents])).toEqual([
      [7, []],
      [8, [7]],
      [9, [7]],
    ])
    expect(tokens[1]?.born_of).toEqual({ group: 3, kind: 'expand', node: 'screen', ordinal: 0 })
    expect(tokens[1]?.born_as).toEqual({ set: { part: 1 }, unset: [] })
  })

  test('that is not there is refused', async () => {
    await expect(explainRow(reader, 1, 99)).rejects.toMatchObject({
      code: 'CUSTODY_ROW_UNKNOWN',
      hint: 'Its rows are numbered from 1 to 4.',
    })
  })
})

describe('a token', () => {
  test('leads to its row, or its batch', async () => {
    expect((await explainToken(reader, 1, 9)).subject).toMatchObject({ kind: 'row', row: 4 })
    expect((await explainToken(reader, 1, 10)).subject).toMatchObject({ kind: 'batch', batch: 1 })
    await expect(explainToken(reader, 1, 11)).rejects.toMatchObject({ code: 'CUSTODY_ROW_UNKNOWN' })
  })
})

test('rows by what they held', async () => {
  const found: number[] = []
  const checked = new CheckedReader(reader, { remembered: null })
  const rows = fittingRows(checked, 1, row => Number(row.id) >= 3)
  for await (const story of explainWhere(checked, 1, rows))
    if (story.subject.kind === 'row') found.push(story.subject.row)
  expect(found).toEqual([3, 4])
})

test('the JSON has the shape of the contract', async () => {
  const json = storyJson(await explainRow(reader, 1, 1)) as { tokens: Array<{ visits: unknown[] }> }
  expect(json).toMatchObject({ run: RUN, row: 1, source: 'in' })
  expect(json.tokens[0]).toMatchObject({
    token: 1,
    parents: [],
    branch: null,
    outcome: 'ROUTED',
    cause: 'gate',
    sink: 'low',
  })
  expect(json.tokens[0]?.visits[1]).toMatchObject({
    node: 'screen',
    kind: 'transform',
    attempt: 1,
    status: 'ok',
    data: { amount: 1, id: 1 },
    changed: { set: { ok: true }, unset: [] },
    calls: [],
  })
  expect(JSON.stringify(json)).not.toContain('undefined')
})
