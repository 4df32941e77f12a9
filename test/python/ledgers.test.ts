/** Whole ledgers, as a second implementation reads them: honest ones hold, and whatever somebody changes without the key doesn't. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { generateModel } from '../simulation/generate.ts'
import { Random } from '../simulation/random.ts'
import { SHAPES } from '../simulation/shapes.ts'
import { randomEdit } from '../support/cell-edits.ts'
import { Forger } from '../support/forger.ts'
import { LONG } from '../support/form.ts'
import { testPorts } from '../support/ledger.ts'
import { RICH, runModel } from '../support/simulated-ledger.ts'
import { askPython, NO_PYTHON, pythonFolder } from './python.ts'

const EDITS = LONG ? 200 : 12
/** Every so many of the simulation's shapes are taken. */
const STEP = LONG ? 1 : 6
/** Of leases the page says that they are no evidence. */
const NO_EVIDENCE = /\bleases\b/

const { folder, keys } = pythonFolder(testPorts().signer.verifier_key)

describe.skipIf(NO_PYTHON !== null)(
  `a verifier in Python${NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`}`,
  () => {
    test('takes honest ledgers of all shapes', async () => {
      const files: string[] = []
      for (const [i, [name, shape]] of Object.entries(SHAPES).entries()) {
        if (i % STEP !== 0) continue
        const file = join(folder, `${name}.db`)
        await runModel(`sqlite:${file}`, generateModel(new Random(1), { ...shape, crashes: false }), 1)
        files.push(file)
      }
      const answers = askPython(files, keys)
      const wrong = answers.map((each, i) => ({ file: files[i], ...each })).filter(each => !each.ok)
      expect(wrong).toEqual([])
    })

    test(`refuses ${EDITS} of ${EDITS} ledgers of which something was changed`, async () => {
      const forger = await Forger.of(async url => {
        await runModel(url, RICH, 1)
        await runModel(url, RICH, 2, { after_us: 30_000, next: 'nothing' })
      })
      const copies: Forger[] = []
      const edits: string[] = []
      try {
        for (let seed = 1; copies.length < EDITS; seed++) {
          const copy = forger.copy()
          const { what, apply } = randomEdit(copy.db, new Random(seed))
          let done = false
          copy.change(() => {
            done = apply()
          })
          if (!done || NO_EVIDENCE.test(what)) copy.close()
          else {
            copies.push(copy)
            edits.push(`seed ${seed}: ${what}`)
          }
        }
        const answers = askPython(
          copies.map(each => each.url.slice('sqlite:'.length)),
          keys,
        )
        expect(edits.filter((_, i) => answers[i]?.ok !== false)).toEqual([])
      } finally {
        for (const each of [...copies, forger]) each.close()
      }
    })
  },
)
