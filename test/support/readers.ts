/** Every way to ask a ledger something, for tests of ledgers that can't be trusted. */
import { expect } from 'vitest'
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import { isCustodyError } from '../../src/model/error.ts'
import type { VerifierKey } from '../../src/model/note.ts'
import { diffRuns } from '../../src/read/diff/diff.ts'
import { explainRow, explainToken, explainWhere } from '../../src/read/explain/explain.ts'
import { storyJson } from '../../src/read/explain/json.ts'
import { findRun, listRuns } from '../../src/read/runs/list.ts'
import { openingOf } from '../../src/read/runs/run-log.ts'
import { gradeOf } from '../../src/read/show/grade.ts'
import { showRun } from '../../src/read/show/show.ts'
import { verifyFiles } from '../../src/read/verify/files.ts'
import { verifyLedger } from '../../src/read/verify/verify.ts'
import { simulatedRun } from './simulated-ledger.ts'

/** Asks all readers. Each must answer, or say with a code why it can't. */
export async function askAll(reader: LedgerReader, keys: readonly VerifierKey[], what: string): Promise<void> {
  const asked: { readonly [name: string]: () => Promise<unknown> } = {
    verify: () => verifyLedger(reader, { keys }),
    files: () => verifyFiles(reader, [simulatedRun(1), simulatedRun(2)]),
    runs: () => listRuns(reader, () => false),
    show: () => showRun(reader, simulatedRun(1), () => false),
    'show open': () => showRun(reader, 'latest', () => false),
    grade: async () => gradeOf(reader, 1, (await openingOf(reader, 1)).topology),
    row: async () => storyJson(await explainRow(reader, 1, 5)),
    'open row': async () => storyJson(await explainRow(reader, 2, 5)),
    token: async () => storyJson(await explainToken(reader, (await findRun(reader, 'latest')).log, 9)),
    where: async () => {
      for await (const story of explainWhere(reader, 1, () => true)) storyJson(story)
    },
    diff: () => diffRuns(reader, { old: simulatedRun(1), new: simulatedRun(2) }, { list: 10 }),
  }
  for (const [name, ask] of Object.entries(asked)) {
    try {
      await ask()
    } catch (error) {
      if (!isCustodyError(error) || error.code === 'CUSTODY_INTERNAL')
        expect.fail(`${what}: ${name}: ${(error as Error).stack}`)
    }
  }
}
