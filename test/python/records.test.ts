/**
 * Completeness records, as a second implementation reads them: it says of each what the first one says, of edited ones, and of those that the holder
 * of the key has made up.
 */
// @module-tag proof
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseVerifierKey } from '../../src/format/verifier-key.ts'
import { isCustodyError } from '../../src/model/error.ts'
import type { Json } from '../../src/model/row.ts'
import { checkRecord } from '../../src/read/check/check-record.ts'
import { generateModel } from '../simulation/generate.ts'
import { Random } from '../simulation/random.ts'
import { SHAPES } from '../simulation/shapes.ts'
import { LONG } from '../support/form.ts'
import { testPorts } from '../support/ledger.ts'
import { type Body, editedLines, forgedNumbers, recorded, recordParts, signedAnew } from '../support/records.ts'
import { RICH, runModel } from '../support/simulated-ledger.ts'
import { askPython, NO_PYTHON, type PythonAnswer, pythonFolder } from './python.ts'

const EDITS = Number(process.env.CUSTODY_EDITS ?? (LONG ? 200 : 8))
/** Every so many of the simulation's shapes, and of the numbers that can be forged. */
const [STEP, STRIDE] = LONG ? [1, 7] : [19, 211]

const { folder, keys } = pythonFolder(testPorts().signer.verifier_key)
/** Of one run that went through, one that was resumed, one that was given up, and of the ledger's own log. */
let rich: readonly string[]
beforeAll(async () => {
  const url = `sqlite:${join(folder, 'custody.db')}`
  await runModel(url, RICH, 1)
  await runModel(url, RICH, 2, { after_us: 30_000, next: 'resume' })
  await runModel(url, RICH, 3, { after_us: 30_000, next: 'abandon' })
  rich = await Promise.all([1, 2, 3, null].map(n => recorded(url, n)))
})

interface Answer {
  readonly verdict: 'holds' | 'does not hold' | 'unreadable'
  readonly proven: PythonAnswer['proven']
}

async function* whole(text: string): AsyncIterable<string> {
  yield text
}

async function first(text: string): Promise<Answer> {
  try {
    const { ok, proven } = await checkRecord(whole(text), {
      trusted: [parseVerifierKey(testPorts().signer.verifier_key)],
    })
    return { verdict: ok ? 'holds' : 'does not hold', proven }
  } catch (error) {
    if (isCustodyError(error) && error.code === 'CUSTODY_PROOF_UNREADABLE') return { verdict: 'unreadable', proven: [] }
    throw error
  }
}

const second = ({ ok, error, proven = [] }: PythonAnswer): Answer =>
  error === undefined ? { verdict: ok ? 'holds' : 'does not hold', proven } : { verdict: 'unreadable', proven: [] }

/** What both say of each. `names`: what was done to it. */
async function mustAgree(texts: readonly string[], names: readonly string[]): Promise<readonly Answer[]> {
  const files = texts.map((text, i) => {
    const file = join(folder, `${i}.gz`)
    writeFileSync(file, gzipSync(text, { level: 1 }))
    return file
  })
  const answers: Answer[] = []
  for (const text of texts) answers.push(await first(text))
  const others = askPython(files, keys)
  const apart = others.flatMap((answer, i) =>
    JSON.stringify(second(answer)) === JSON.stringify(answers[i])
      ? []
      : [{ name: names[i], first: answers[i], second: answer }],
  )
  expect(apart).toEqual([])
  return answers
}

describe.skipIf(NO_PYTHON !== null)(
  `a verifier in Python${NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`}`,
  () => {
    test('takes honest records of all shapes, and claims the same of them', async () => {
      const texts = [...rich]
      const names = ['whole', 'resumed', 'given up', 'log 0']
      for (const [i, [name, shape]] of Object.entries(SHAPES).entries()) {
        if (i % STEP !== 0) continue
        const url = `sqlite:${join(folder, `${name}.db`)}`
        await runModel(url, generateModel(new Random(1), { ...shape, crashes: false }), 1)
        texts.push(await recorded(url, 1))
        names.push(name)
      }
      const answers = await mustAgree(texts, names)
      expect(new Set(answers.map(each => each.verdict))).toEqual(new Set(['holds']))
    })

    test(`says of ${EDITS} edited records what the first one says`, async () => {
      const lines = rich.map(text => text.slice(0, -1).split('\n'))
      const edits = Array.from({ length: EDITS }, (_, seed) => {
        const random = new Random(seed + 1)
        const any = () => lines[random.below(lines.length)] ?? []
        return `${editedLines(any(), any(), random).join('\n')}\n`
      })
      await mustAgree(
        edits,
        edits.map((_, i) => `seed ${i + 1}`),
      )
    })

    test.runIf(LONG)('finds what the holder of the key has made up where the first one does', async () => {
      const [text = ''] = rich
      const forged = forgedNumbers(recordParts(text), STRIDE)
      await mustAgree(
        forged.map(({ parts }) => signedAnew(parts)),
        forged.map(({ what }) => what),
      )
      expect(forged.length).toBeGreaterThan(10)
    })

    test('finds that the run’s clock stood still otherwise than is recorded', async () => {
      const parts = recordParts(rich[1] ?? '')
      const plain = (entry: Body) => (entry.v as Json[][] | undefined)?.find(each => each.length === 9)
      const seq = parts.entries.findIndex(each => plain(each) !== undefined)
      const longer = structuredClone(parts.entries[seq] ?? {})
      plain(longer)?.push(1)
      const last = parts.entries.findLastIndex(each => each.k === 'commit')
      const t = Number(parts.entries[last]?.t)
      const jumps = [[[t, t + 1]], [[t - 1, t - 1]], [[0, 1]]].map(
        each => [last, { ...parts.entries[last], jumps: each }] as const,
      )
      const texts = [[seq, longer] as const, ...jumps].map(([at, entry]) =>
        signedAnew({ ...parts, entries: parts.entries.with(at, entry) }),
      )
      const names = ['stood longer', 'jumps ahead', 'jumps nowhere', 'jumps before']
      const answers = await mustAgree([rich[1] ?? '', ...texts], ['honest', ...names])
      const refused = names.map(() => 'does not hold')
      expect([seq > 0, ...answers.map(each => each.verdict)]).toEqual([true, 'holds', ...refused])
    })
  },
)
