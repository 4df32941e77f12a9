/** Every way to ask a ledger something, for tests of ledgers that can't be trusted. */
import { expect } from 'vitest'
import type { VerifierKey } from '../../src/format/verifier-key.ts'
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import { isCustodyError } from '../../src/model/error.ts'
import { diffRuns } from '../../src/read/diff/diff.ts'
import { keysHere } from '../../src/read/diff/row-keys.ts'
import { CheckedReader } from '../../src/read/evidence/checked-reader.ts'
import { explainRow, explainToken, explainWhere } from '../../src/read/explain/explain.ts'
import { fittingRows } from '../../src/read/explain/fitting-rows.ts'
import { storyJson } from '../../src/read/explain/json.ts'
import { listRuns } from '../../src/read/runs/list.ts'
import { openingOf } from '../../src/read/runs/run-log.ts'
import { gradeOf } from '../../src/read/show/grade.ts'
import { showRun } from '../../src/read/show/show.ts'
import { verifyFiles } from '../../src/read/verify/files.ts'
import { verifyLedger } from '../../src/read/verify/verify.ts'
import { simulatedRun } from './simulated-ledger.ts'

/** What readers answer, as JSON, by what they were asked; null where they said with a code that they can't. */
export type Answers = { readonly [asked: string]: string | null }

const [SEALED, OPEN] = [1, 2]

/** What those show who check what they show. */
export async function showAll(inner: LedgerReader, what: string): Promise<Answers> {
  const reader = new CheckedReader(inner, { remembered: null })
  return answersOf(what, {
    show: () => showRun(reader, simulatedRun(SEALED), () => false),
    'show open': () => showRun(reader, simulatedRun(OPEN), () => false),
    grade: async () => gradeOf(reader, SEALED, (await openingOf(reader, SEALED)).topology),
    row: async () => storyJson(await explainRow(reader, SEALED, 5)),
    'open row': async () => storyJson(await explainRow(reader, OPEN, 5)),
    token: async () => storyJson(await explainToken(reader, SEALED, 30)),
    'open token': async () => storyJson(await explainToken(reader, OPEN, 20)),
    where: async () => {
      const stories: unknown[] = []
      for await (const story of explainWhere(
        reader,
        SEALED,
        fittingRows(reader, SEALED, row => Number(row.n) % 2 === 0),
      ))
        stories.push(storyJson(story))
      return stories
    },
    diff: () => diffRuns(reader, { old: simulatedRun(SEALED), new: simulatedRun(OPEN) }, { list: 10 }),
    'diff by key': () =>
      diffRuns(
        reader,
        { old: simulatedRun(SEALED), new: simulatedRun(OPEN) },
        { list: 10, key: { fields: ['n'], rows: reader, keys: keysHere(reader) } },
      ),
  })
}

/** All others, and the same without checks. */
export async function askAll(reader: LedgerReader, keys: readonly VerifierKey[], what: string): Promise<Answers> {
  return answersOf(what, {
    verify: () => verifyLedger(reader, { keys }),
    files: async () => [...(await verifyFiles(reader, [simulatedRun(SEALED), simulatedRun(OPEN)]))],
    runs: () => listRuns(reader, () => false),
    'unchecked show': () => showRun(reader, 'latest', () => false),
    'unchecked row': () => explainRow(reader, SEALED, 5),
    'unchecked diff': () => diffRuns(reader, { old: 'latest~1', new: 'latest' }, { list: 10 }),
  })
}

async function answersOf(
  what: string,
  questions: { readonly [asked: string]: () => Promise<unknown> },
): Promise<Answers> {
  const answers: { [asked: string]: string | null } = {}
  for (const [asked, ask] of Object.entries(questions)) {
    try {
      answers[asked] = JSON.stringify(await ask())
    } catch (error) {
      if (!isCustodyError(error) || error.code === 'CUSTODY_INTERNAL')
        expect.fail(`${what}: ${asked}: ${(error as Error).stack}`)
      answers[asked] = null
    }
  }
  return answers
}
