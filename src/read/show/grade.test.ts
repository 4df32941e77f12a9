import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { eraseValues } from '../../../test/support/erasing.ts'
import {
  commitDraft,
  full,
  opening,
  RUN,
  simpleRow,
  T0,
  TOPOLOGY,
  testPorts,
  totals,
} from '../../../test/support/ledger.ts'
import type { CallFact } from '../../format/entry.ts'
import type { PluginCode } from '../../format/plugin-code.ts'
import type { Topology, TopologyNode } from '../../format/topology.ts'
import { openLedger, openLedgerReader } from '../../ledger/open.ts'
import { type Grade, gradeOf } from './grade.ts'

/** With something more said of the nodes of these names. */
function topology(more: { readonly [name: string]: Partial<TopologyNode> }): Topology {
  return { ...TOPOLOGY, nodes: TOPOLOGY.nodes.map(node => ({ ...node, ...more[node.name] })) }
}

const ASKING: Partial<TopologyNode> = { determinism: 'external', services: ['peer'] }
const CALL: CallFact = {
  ...{ call: 1, token: 2, node: 2, attempt: 1, ordinal: 1, service: 1, status: 0, request: 3, response: 4 },
  ...{ start_us: 1, duration_us: 5, input_tokens: 0, output_tokens: 0, cost_nusd: 0 },
}

const NO_CODE = { began: [], resumed: [] }

/** Grade of a run with three rows, the second of which asked a service; `erased` are seqs. */
async function grade(
  of: Topology,
  erased: readonly number[] = [],
  code: { readonly began: readonly PluginCode[]; readonly resumed: readonly PluginCode[] } = NO_CODE,
): Promise<Grade> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-grade-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'ledger.db')
  const ledger = await openLedger(`sqlite:${path}`, testPorts(), { create: true })
  const { entry, ...values } = opening()
  const run = await ledger.openRun(RUN, { ...values, entry: { ...entry, plugins: code.began } as typeof entry })
  run.append(simpleRow(1))
  const second = simpleRow(2)
  run.append({ ...second, calls: [CALL], values: [...second.values, full({ ask: 2 }), full({ said: 2 })] })
  run.append(simpleRow(3))
  run.appendRun(commitDraft(1, 3, totals(3, 3, 3)))
  if (code.resumed.length > 0)
    run.appendRun({
      entry: { k: 'resume', epoch: 2, cut: [], plugins: code.resumed, t: T0 },
      first_value: 0,
      values: [],
    })
  await run.commit()
  await ledger.close()
  const db = new DatabaseSync(path)
  eraseValues(db, 1, erased)
  db.close()
  const reader = await openLedgerReader(`sqlite:${path}`)
  const found = await gradeOf(reader, 1, of)
  await reader.close()
  return found
}

test('fully: no node may give something else', async () => {
  expect(await grade(TOPOLOGY, [2])).toEqual({
    repeatable: 'fully',
    reason: 'every node gives the same for the same rows',
  })
  const raced = await grade(topology({ join: { policy: 'first' } }))
  expect(raced).toEqual({
    repeatable: 'fully',
    reason:
      'every node gives the same for the same rows; at `join` the order of arrival decides, and a replay follows it',
  })
})

test('from the record: what was asked and heard is there', async () => {
  const asking = topology({ screen: ASKING })
  const whole = { repeatable: 'from_record', reason: 'all that `screen` asked and heard is recorded' }
  expect(await grade(asking)).toEqual(whole)
  // Rows that asked nothing may be erased.
  expect(await grade(asking, [1, 3])).toEqual(whole)
  expect(await grade(asking, [2])).toEqual({ repeatable: 'no', reason: 'some recorded answers are erased' })
})

test('no: a node is random, or hears what isn’t recorded', async () => {
  const silent = topology({ screen: ASKING, a: { determinism: 'external' } })
  expect(await grade(silent)).toEqual({ repeatable: 'no', reason: 'what `a` hears from outside isn’t recorded' })
  const random = topology({ screen: ASKING, b: { determinism: 'random' } })
  expect(await grade(random)).toEqual({ repeatable: 'no', reason: '`b` may give something else each time' })
})

test('plugins of others: with the code that they had; not if that was changed on the way', async () => {
  const csv = { kind: 'sink', name: 'csv', package: 'custody', version: '0.1.0', sha256: 'ef'.repeat(32) }
  const mine = { kind: 'transform', name: 'mine', sha256: 'ab'.repeat(32) }
  expect(await grade(TOPOLOGY, [], { began: [csv, mine], resumed: [] })).toEqual({
    repeatable: 'fully',
    reason: 'every node gives the same for the same rows, with the code that `mine` (file abababab…) had',
  })
  const changed = { ...mine, sha256: 'cd'.repeat(32) }
  expect(await grade(TOPOLOGY, [], { began: [csv, mine], resumed: [changed] })).toEqual({
    repeatable: 'no',
    reason: 'the code of `mine` was changed while it was stopped',
  })
})
