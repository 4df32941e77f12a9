/** Proofs of rows, as a second implementation reads them: it says of each what the first one says, edited ones included. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { proofText, type RowProof } from '../../src/format/proof.ts'
import { parseVerifierKey, type VerifierKey } from '../../src/format/verifier-key.ts'
import { openLedgerReader } from '../../src/ledger/open.ts'
import { isCustodyError } from '../../src/model/error.ts'
import { checkProof } from '../../src/read/check/check-proof.ts'
import { CheckedReader } from '../../src/read/evidence/checked-reader.ts'
import { proveRow } from '../../src/read/prove/prove.ts'
import { closingOf } from '../../src/read/runs/run-log.ts'
import { Random } from '../simulation/random.ts'
import { LONG } from '../support/form.ts'
import { testPorts } from '../support/ledger.ts'
import { edited } from '../support/proof-edits.ts'
import { RICH, runModel, simulatedRun } from '../support/simulated-ledger.ts'
import { askPython, NO_PYTHON, type PythonAnswer, pythonFolder } from './python.ts'

const EDITS = Number(process.env.CUSTODY_EDITS ?? (LONG ? 2_000 : 60))

const { folder, keys } = pythonFolder(testPorts().signer.verifier_key)
let proofs: readonly RowProof[]
beforeAll(async () => {
  const url = `sqlite:${join(folder, 'custody.db')}`
  await runModel(url, RICH, 1)
  proofs = await proofsOf(url)
})

/** Of all rows, without what they share with others and with it. */
async function proofsOf(url: string): Promise<readonly RowProof[]> {
  const inner = await openLedgerReader(url)
  try {
    return await inner.snapshot(async () => {
      const reader = new CheckedReader(inner, { remembered: null })
      const run = simulatedRun(1)
      const { tree } = await reader.check(1)
      const { totals } = await closingOf(reader, 1)
      const made: RowProof[] = []
      for (let row = 1; row <= totals.rows.read; row++)
        for (const include_shared of [false, true]) {
          const options = { withhold: [], only_exact: false, include_shared }
          made.push((await proveRow(reader, { log: 1, run, tree }, row, options)).proof)
        }
      return made
    })
  } finally {
    await inner.close()
  }
}

/** With what is proven, if it holds. */
type Verdict = 'does not hold' | 'unreadable' | { readonly proven: PythonAnswer['proven'] }

async function verdictOf(text: string, trusted: readonly VerifierKey[]): Promise<Verdict> {
  try {
    const { ok, proven } = await checkProof(text, { trusted })
    return ok ? { proven } : 'does not hold'
  } catch (error) {
    if (isCustodyError(error) && error.code === 'CUSTODY_PROOF_UNREADABLE') return 'unreadable'
    throw error
  }
}

const verdictIn = ({ ok, error, proven }: PythonAnswer): Verdict =>
  error !== undefined ? 'unreadable' : ok ? { proven } : 'does not hold'

async function mustAgree(texts: readonly string[]): Promise<readonly Verdict[]> {
  const files = texts.map((text, i) => {
    const file = join(folder, `${i}.json`)
    writeFileSync(file, text)
    return file
  })
  const trusted = [parseVerifierKey(testPorts().signer.verifier_key)]
  const verdicts = await Promise.all(texts.map(text => verdictOf(text, trusted)))
  const answers = askPython(files, keys)
  const apart = answers.flatMap((answer, i) =>
    JSON.stringify(verdictIn(answer)) === JSON.stringify(verdicts[i])
      ? []
      : [{ first: verdicts[i], second: answer, text: texts[i] }],
  )
  expect(apart).toEqual([])
  return verdicts
}

describe.skipIf(NO_PYTHON !== null)(
  `a verifier in Python${NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`}`,
  () => {
    test('takes honest proofs', async () => {
      const verdicts = await mustAgree(proofs.map(proofText))
      expect(verdicts.filter(each => typeof each === 'string')).toEqual([])
    })

    test(`says of ${EDITS} edited proofs what the first one says`, async () => {
      const random = new Random(1)
      const any = () => proofs[random.below(proofs.length)] as RowProof
      await mustAgree(Array.from({ length: EDITS }, () => edited(any(), any(), random)))
    })
  },
)
