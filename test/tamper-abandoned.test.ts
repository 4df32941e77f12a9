/**
 * A run that was given up: each group and batch that waited has its verdict on record, and somebody who has the key can't take it
 * away, change it, or leave a member out.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Json } from '../src/model/row.ts'
import { showRun } from '../src/read/show/show.ts'
import { type Body, Forger, problemTexts } from './support/forger.ts'
import { RICH, runModel } from './support/simulated-ledger.ts'

let forger: Forger
beforeAll(async () => {
  forger = await Forger.of(url => runModel(url, RICH, 1, { after_us: 30_000, next: 'abandon' }))
})
afterAll(() => forger.close())

type Closed = [group: number, verdict: string, detail: number, ...members: number[]]

/** The last entry that closes a group as abandoned, of a row or of a batch: of as many members as there are. */
function closing(of: 'row' | 'batch'): { readonly seq: number; readonly body: Body; readonly closed: Closed } {
  const rows = forger.all('SELECT seq FROM entries WHERE log = 1 AND body LIKE \'%"abandoned"%\' ORDER BY seq DESC')
  const all = rows.flatMap(({ seq }) => {
    const body = forger.body(1, Number(seq))
    const closed = (Array.isArray(body.d) ? body.d : []).find(each => (each as Closed)[1] === 'abandoned')
    return closed === undefined || (body.b === undefined) !== (of === 'row')
      ? []
      : [{ seq: Number(seq), body, closed: closed as unknown as Closed }]
  })
  const [most] = all.toSorted((a, b) => b.closed.length - a.closed.length)
  if (most === undefined) throw new Error(`no ${of} was waiting`)
  return most
}

/** What `verify` finds when the entry names other groups, and all that follows from it is made again. */
async function problemsWith(of: 'row' | 'batch', change: (closed: Closed) => Closed | null): Promise<string> {
  const { seq, body, closed } = closing(of)
  const changed = change(closed)
  const others = (body.d as Json[]).filter(each => (each as Closed)[0] !== closed[0])
  const d = changed === null ? others : [...others, changed as unknown as Json]
  const { d: _, ...rest } = body
  const result = await forger.after(() => {
    forger.put(1, seq, d.length === 0 ? rest : { ...body, d })
    forger.rebuild(forger.signer)
  })
  return problemTexts(result).join('\n')
}

test('all of it holds, and no group is without a verdict', async () => {
  expect(problemTexts(await forger.after(() => undefined))).toEqual([])
  const verdicts = forger.all('SELECT kind, verdict, count(*) AS n FROM groups GROUP BY 1, 2')
  expect(verdicts.filter(({ verdict }) => verdict === null)).toEqual([])
  for (const kind of ['merge', 'batch'])
    expect(verdicts.find(each => each.kind === kind && each.verdict === 'abandoned')?.n).toBeGreaterThan(0)
  expect(forger.all('SELECT * FROM groups WHERE closed_at IS NULL')).toEqual([])
})

test('views have the members that waited, and no trigger', () => {
  const [batch] = forger.all("SELECT group_id FROM groups WHERE kind = 'batch' AND verdict = 'abandoned'")
  const id = Number(batch?.group_id)
  const [closed] = forger.all('SELECT "trigger", size FROM batches WHERE batch_id = ?', id)
  expect(closed?.trigger).toBeNull()
  expect(closed?.size).toBeGreaterThan(0)
  const members = forger.all('SELECT token_id FROM batch_members WHERE batch_id = ? ORDER BY ordinal', id)
  expect(members).toHaveLength(Number(closed?.size))
  const ends = forger.all("SELECT token_id FROM token_outcomes WHERE cause = 'abandoned'").map(each => each.token_id)
  for (const { token_id } of members) expect(ends).toContain(token_id)
  // Groups of tokens that were born of batches are no merges.
  const kinds = forger.all(
    'SELECT DISTINCT g.kind FROM batch_members m JOIN groups g ON g.run_id = m.run_id AND g.group_id = m.batch_id',
  )
  expect(kinds).toEqual([{ kind: 'batch' }])
})

test('show says where groups waited', async () => {
  const { abandoned } = await showRun(forger.reader, 'latest', () => false)
  const count = (kind: string) =>
    Number(forger.all("SELECT count(*) AS n FROM groups WHERE kind = ? AND verdict = 'abandoned'", kind)[0]?.n)
  const shown = (kind: string) =>
    abandoned.filter(each => each.kind === kind).reduce((sum, each) => sum + each.count, 0)
  expect([shown('merge'), shown('batch')]).toEqual([count('merge'), count('batch')])
})

describe.each(['row', 'batch'] as const)('the verdict on a group of a %s', of => {
  test('can’t be taken away', async () => {
    const [group] = closing(of).closed
    expect(await problemsWith(of, () => null)).toContain(`group ${group} never closed`)
  })

  test('can’t be another', async () => {
    const other = of === 'row' ? 'timeout' : 'end_of_input'
    expect(await problemsWith(of, ([group, , ...rest]) => [group, other, ...rest])).not.toBe('')
  })

  test('has all members', async () => {
    expect(await problemsWith(of, ([...closed]) => [...closed.slice(0, -1)] as unknown as Closed)).not.toBe('')
  })

  test('has no others', async () => {
    const stranger = Number(
      forger.all('SELECT token FROM endings WHERE log = 1 AND fate <> 19 ORDER BY token DESC LIMIT 1')[0]?.token,
    )
    expect(await problemsWith(of, closed => [...closed, stranger])).toMatch(/which is abandoned, and isn't|members of/)
  })

  test('has each once', async () => {
    expect(await problemsWith(of, closed => [...closed, closed[3] as number])).toContain('has a member twice')
  })
})
