/** What auditors find of joins in the views, by SQL alone: rows that match several on both sides, too many, or none. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

const PIPELINE = `name: joins
defaults: { on_error: problems, on_invalid: discard }
sources:
  orders: { plugin: jsonl, options: { path: orders.jsonl }, to: known.left }
  people: { plugin: jsonl, options: { path: people.jsonl }, to: known.right }
nodes:
  known:
    join: { left: who, right: name }
    max_matches: 2
    routes: { matched: pairs, left: unknown, right: idle }
  pairs: { aggregate: batch_stats, trigger: { count: 3 }, to: all }
sinks:
  all: { plugin: jsonl, options: { path: all.jsonl } }
  unknown: { plugin: jsonl, options: { path: unknown.jsonl } }
  idle: { plugin: jsonl, options: { path: idle.jsonl } }
  problems: { plugin: jsonl, options: { path: problems.jsonl }, on_error: discard }
`
/** Rows 1 to 6: two have two matches each, which are the same, one has one, one has too many, one has no key, one no match. */
const ORDERS = ['ann', 'bob', 'ann', null, 'eve', 'zoe'].map((who, i) => ({ order: i + 1, who }))
/** Rows 7 to 13. */
const PEOPLE = ['ann', 'bob', 'ann', 'cid', 'eve', 'eve', 'eve'].map((name, i) => ({ name, seat: i }))

const folder = mkdtempSync(join(tmpdir(), 'custody-join-views-'))
let db: DatabaseSync
beforeAll(async () => {
  const lines = (rows: readonly object[]) => rows.map(row => `${JSON.stringify(row)}\n`).join('')
  writeFileSync(join(folder, 'pipeline.yaml'), PIPELINE)
  writeFileSync(join(folder, 'orders.jsonl'), lines(ORDERS))
  writeFileSync(join(folder, 'people.jsonl'), lines(PEOPLE))
  const env = { XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache') }
  const { exit, stderr } = await runInProcess(['run', 'pipeline.yaml'], folder, env)
  expect(exit, stderr).toBe(0)
  db = new DatabaseSync(join(folder, 'custody.db'), { readOnly: true })
})
afterAll(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

const found = (sql: string) =>
  db
    .prepare(sql)
    .all()
    .map(row => Object.values(row))

test('each left row that matches makes a group, and each match a token of it, whose parents are the left and the right one', () => {
  expect(found('SELECT group_id, kind, node, row_id, expected, verdict FROM groups ORDER BY group_id')).toEqual([
    [1, 'join', 'known', 1, 2, 'joined'],
    [2, 'batch', 'pairs', null, 0, 'count'],
    [3, 'join', 'known', 2, 1, 'joined'],
    [4, 'join', 'known', 3, 2, 'joined'],
    [5, 'batch', 'pairs', null, 0, 'end_of_input'],
  ])
  expect(found('SELECT count(*) FROM groups WHERE opened_at IS NULL OR closed_at < opened_at')).toEqual([[0]])
  const born = `SELECT token_id, row_id, branch, group_id, parent_id FROM tokens LEFT JOIN token_parents USING (run_id, token_id)`
  expect(found(`${born} WHERE group_id IN (1, 3, 4) ORDER BY token_id, ordinal`)).toEqual([
    [14, 1, null, 1, 1],
    [14, 1, null, 1, 7],
    [15, 1, null, 1, 1],
    [15, 1, null, 1, 9],
    [16, 2, null, 3, 2],
    [16, 2, null, 3, 8],
    // Of a group in which they didn't end: the first that has them is order 1's.
    [18, 3, null, 4, 3],
    [18, 3, null, 4, 7],
    [19, 3, null, 4, 3],
    [19, 3, null, 4, 9],
  ])
  // Tokens that sources made, of orders and of people, are born of nothing.
  expect(found(`${born} WHERE token_id <= 13 ORDER BY token_id`)).toEqual(
    Array.from({ length: 13 }, (_, i) => [i + 1, i + 1, null, null, null]),
  )
})

test('members end once, with the group that had them first; what matches nothing, or too much, belongs to none', () => {
  const outcomes = `SELECT token_id, row_id, outcome, cause, node, sink, group_id, error_code FROM token_outcomes`
  expect(found(`${outcomes} WHERE is_terminal = 1 AND token_id <= 13 ORDER BY token_id`)).toEqual([
    [1, 1, 'CONSUMED_IN_BATCH', 'join', 'known', null, 1, null],
    [2, 2, 'CONSUMED_IN_BATCH', 'join', 'known', null, 3, null],
    [3, 3, 'CONSUMED_IN_BATCH', 'join', 'known', null, 4, null],
    [4, 4, 'COMPLETED', 'flow', 'unknown', 'unknown', null, null],
    [5, 5, 'ROUTED', 'error', 'known', 'problems', null, 'TOO_MANY_MATCHES'],
    [6, 6, 'COMPLETED', 'flow', 'unknown', 'unknown', null, null],
    [7, 7, 'CONSUMED_IN_BATCH', 'join', 'known', null, 1, null],
    [8, 8, 'CONSUMED_IN_BATCH', 'join', 'known', null, 3, null],
    [9, 9, 'CONSUMED_IN_BATCH', 'join', 'known', null, 1, null],
    ...[10, 11, 12, 13].map(token => [token, token, 'COMPLETED', 'flow', 'idle', 'idle', null, null]),
  ])
  // The hash of an error is there where there was one.
  expect(found('SELECT token_id FROM token_outcomes WHERE error_hash IS NOT NULL')).toEqual([[5]])
})

test('all that came is held there once, in no group yet, and its visit is over at the end', () => {
  const held = `SELECT token_id, outcome, cause, node, sink, group_id FROM token_outcomes WHERE is_terminal = 0 AND node = 'known'`
  expect(found(`${held} ORDER BY token_id`)).toEqual(
    Array.from({ length: 13 }, (_, i) => [i + 1, 'BUFFERED', null, 'known', null, null]),
  )
  expect(found(`SELECT token_id, attempt, status FROM node_states WHERE kind = 'join' ORDER BY token_id`)).toEqual(
    Array.from({ length: 13 }, (_, i) => [i + 1, 1, i + 1 === 5 ? 'error' : 'ok']),
  )
  const ways = `SELECT label, target, group_concat(token_id, ' ' ORDER BY token_id) FROM routing_events WHERE node = 'known' GROUP BY 1, 2`
  expect(found(`${ways} ORDER BY 1`)).toEqual([
    ['left', 'unknown', '4 6'],
    ['matched', 'pairs', '14 15 16 18 19'],
    ['on_error', 'problems', '5'],
    ['right', 'idle', '10 11 12 13'],
  ])
})

test('a join is no batch, though its members end in one; batches of what it made are', () => {
  expect(found('SELECT batch_id, node, trigger, size FROM batches ORDER BY batch_id')).toEqual([
    [2, 'pairs', 'count', 3],
    [5, 'pairs', 'end_of_input', 2],
  ])
  expect(found('SELECT batch_id, token_id, ordinal FROM batch_members ORDER BY batch_id, ordinal')).toEqual([
    [2, 14, 0],
    [2, 15, 1],
    [2, 16, 2],
    [5, 18, 0],
    [5, 19, 1],
  ])
  // From a statistic back to the rows of both sides.
  const back = `WITH RECURSIVE up(token_id) AS (
    VALUES (17) UNION SELECT parent_id FROM token_parents JOIN up USING (token_id))
    SELECT group_concat(source || ' ' || source_index, ', ' ORDER BY row_id) FROM up JOIN tokens USING (token_id) JOIN rows USING (run_id, row_id)
    WHERE group_id IS NULL`
  expect(found(back)).toEqual([['orders 1, orders 2, people 1, people 2, people 3']])
})

test('nothing of it is lost in any view', () => {
  const tokens = `SELECT count(*), sum(n = 1) FROM (
    SELECT count(o.token_id) AS n FROM tokens t LEFT JOIN token_outcomes o ON o.run_id = t.run_id AND o.token_id = t.token_id AND o.is_terminal = 1
    GROUP BY t.token_id)`
  expect(found(tokens)).toEqual([[20, 20]])
})
