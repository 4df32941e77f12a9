/** Certificates of erasure: a second implementation says of them what the first one says, edited ones included. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isErasure } from '../../src/format/erasure.ts'
import { isCustodyError } from '../../src/model/error.ts'
import { checkErasure } from '../../src/read/check/check-erasure.ts'
import { certify } from '../../src/read/erase/certificate.ts'
import { Random } from '../simulation/random.ts'
import { eraseValues, recordErasure } from '../support/erasing.ts'
import { Forger } from '../support/forger.ts'
import { LONG } from '../support/form.ts'
import { RICH, runModel } from '../support/simulated-ledger.ts'
import { askPython, NO_PYTHON, pythonFolder } from './python.ts'

const EDITS = LONG ? 200 : 6
const { folder } = pythonFolder()

test.skipIf(NO_PYTHON !== null)(
  `a verifier in Python says the same of certificates${NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`}`,
  async () => {
    const forger = await Forger.of(url => runModel(url, RICH, 1))
    forger.change(() => {
      eraseValues(forger.db, 1, [2, 3])
      recordErasure(forger.db, forger.signer, 1, [[2, 3]])
      eraseValues(forger.db, 1, [4], [1])
      recordErasure(forger.db, forger.signer, 1, [[4, 4, 1]])
    })
    const text = (await certify(forger.reader, () => true))?.text ?? ''
    const odd: string[] = []
    for (const values of [[], [[5]], [[6, 5]], [[5, 5, 0]]]) {
      forger.change(() => recordErasure(forger.db, forger.signer, 1, values))
      odd.push((await certify(forger.reader, () => true))?.text ?? '')
    }
    forger.close()
    const random = new Random(1)
    const edited = Array.from({ length: EDITS }, () => {
      const at = random.below(text.length)
      return `${text.slice(0, at)}${'a1B/'[random.below(4)]}${text.slice(at + 1)}`
    }).filter(isErasure)
    const texts = [text, ...odd, ...edited]
    const first = texts.map(each => {
      try {
        const { ok, proven } = checkErasure(each, { trusted: forger.keys })
        return ok ? proven.map(({ what }) => what) : 'does not hold'
      } catch (error) {
        if (isCustodyError(error)) return 'unreadable'
        throw error
      }
    })
    const keys = join(folder, 'keys')
    writeFileSync(keys, `${forger.signer.verifier_key}\n`)
    const files = texts.map((each, i) => {
      writeFileSync(join(folder, `${i}.json`), each)
      return join(folder, `${i}.json`)
    })
    const second = askPython(files, keys).map(({ ok, proven = [], error }) =>
      error !== undefined ? 'unreadable' : ok ? proven.map(({ what }) => what) : 'does not hold',
    )
    expect(second).toEqual(first)
    expect(second[0]).toHaveLength(2)
    expect(second.slice(1, 5)).toEqual(odd.map(() => 'does not hold'))
  },
)
