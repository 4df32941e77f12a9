/** Proofs of rows of a run with splits: who checks them says the same, of honest ones and of those that somebody has changed, with the key and without. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { leafHash } from '../src/format/hash.ts'
import { proofText, type RowProof } from '../src/format/proof.ts'
import { canonicalize } from '../src/model/canonical.ts'
import { idOf, partOf } from '../src/model/part-ids.ts'
import { checkProof } from '../src/read/check/check-proof.ts'
import { proofTextIn } from '../src/read/check/letter.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { JoinedReader } from '../src/read/evidence/joined-reader.ts'
import { explainRow } from '../src/read/explain/explain.ts'
import { letterText } from '../src/read/letter/letter.ts'
import { proveRow } from '../src/read/prove/prove.ts'
import type { ProveOptions } from '../src/read/prove/selection.ts'
import { storyWords } from '../src/read/words/story.ts'
import { WHOLE } from '../src/read/words/wording.ts'
import { erase } from './support/erasing.ts'
import type { Body, Forger } from './support/forger.ts'
import { madeProof } from './support/made-evidence.ts'
import { insert, type Left, rebuildSplits, SPLITS, splitForger } from './support/split-ledger.ts'
import { threeCheckers } from './support/three-checkers.ts'

const ALL: ProveOptions = { withhold: [], only_exact: false, include_shared: false }
/** A rejected one, one that goes through a gate, and one that is forked, merged and batched. */
const ROWS = [idOf(1, 8), idOf(1, 3), idOf(3, 5)] as const
const [, , BATCHED] = ROWS

let forger: Forger
let checkers: Awaited<ReturnType<typeof threeCheckers>>
beforeAll(async () => {
  forger = await splitForger()
  checkers = await threeCheckers(forger.signer.verifier_key)
})
afterAll(() => forger.close())

async function prove(row: number, options: Partial<ProveOptions> = {}, from = forger): Promise<RowProof> {
  const reader = new CheckedReader(from.reader, { remembered: null })
  const run = `${from.all('SELECT run FROM logs WHERE log = 1')[0]?.run}`
  const { tree, logged } = await reader.check(1)
  const treeOf = async (log: number) => (await reader.check(log)).tree
  return (await proveRow(reader, { run, log: 1, tree, logged, treeOf }, row, { ...ALL, ...options })).proof
}

test('honest ones hold, and tell where the row is by the numbers that it has outside of its log', async () => {
  const proofs = await Promise.all([...ROWS.map(row => prove(row)), prove(BATCHED, { include_shared: true })])
  const judged = await checkers.judge(proofs.map(proofText), 'proof')
  expect(judged.map(each => [each.verdict, each.problems])).toEqual(proofs.map(() => ['holds', []]))
  const claims = judged.flatMap(({ proven }) => proven)
  expect(claims).toContainEqual(
    expect.stringMatching(/^all that run .* has on record of row 3:5 is 1 entry and 4 tokens, and it is over$/),
  )
  expect(claims).toContainEqual(expect.stringMatching(/^token 3:34 of batch 3:2 ended as COMPLETED/))
  expect(claims).toContainEqual(
    expect.stringMatching(
      /was sealed as completed_with_failures with \d entries beside those of its splits, after \d+ rows$/,
    ),
  )
  expect(claims).toContainEqual(expect.stringMatching(/^run .* has 3 splits, and split 3 was closed after 27 entries$/))
  expect(proofs[2]?.subjects[1]?.members).toContainEqual([idOf(3, 21), BATCHED])
})

test('its story has the entries, and the tree, that explain has', async () => {
  const reader = new JoinedReader(new CheckedReader(forger.reader, { remembered: null }))
  for (const row of ROWS) {
    const { story } = await checkProof(proofText(await prove(row)), { trusted: forger.keys })
    const explained = await explainRow(reader, 1, row)
    expect(story?.entries).toEqual(explained.entries)
    expect(story?.head).toEqual({ ...explained.head, signed_by: null })
    const { evidence } = storyWords(explained, WHOLE)
    expect(evidence).toMatch(
      new RegExp(`^Entry ${partOf(row)}:\\d+ of \\d+ before split ${partOf(row)} was closed, in the sealed tree`),
    )
  }
})

test('a letter tells the same', async () => {
  const proof = proofText(await prove(BATCHED))
  const { story, ...checked } = await checkProof(proof, { trusted: forger.keys })
  if (story === null) throw new Error('it tells no story')
  const letter = letterText({ ...checked, story, proof, version: '0' })
  expect(letter).toMatch(/row (3:5|12,884,901,893) of run/)
  expect(proofTextIn(letter)).toEqual({ text: proof, in_letter: true })
})

test('values are withheld, or were erased, as in other proofs', async () => {
  const withheld = await prove(ROWS[1], { withhold: [1] })
  const copy = forger.copy()
  copy.change(() => {
    erase(copy.db, copy.signer, 1 + 3, [6])
    erase(copy.db, copy.signer, 1 + 2, [1])
  })
  const erased = await prove(BATCHED, {}, copy)
  copy.close()
  const judged = await checkers.judge([withheld, erased].map(proofText), 'proof')
  expect(judged.map(({ verdict }) => verdict)).toEqual(['holds', 'holds'])
  const [one = [], other = []] = judged.map(({ proven }) => proven)
  expect(one.filter(each => each.startsWith('value 1 of'))).toEqual([])
  expect(other).toContain('value 1 of row 3:5 was erased, as the ledger says')
})

test('no proof is made of a row that isn’t there, nor of one in a log that isn’t what was signed', async () => {
  for (const row of [3, idOf(4, 1), idOf(1, 0), idOf(1, 41)])
    await expect(prove(row)).rejects.toMatchObject({ code: 'CUSTODY_ROW_UNKNOWN' })
  const found = forger.within(
    () => forger.run(`UPDATE entries SET body = replace(body, '"o":0', '"o":1') WHERE log = 3 AND seq = 1`),
    () => prove(ROWS[0]),
  )
  // Another split doesn't matter to it, as long as its end is what was sealed.
  expect((await found).subjects[0]?.number).toBe(ROWS[0])
  const own = forger.within(
    () => forger.run(`UPDATE entries SET body = replace(body, '"o":0', '"o":1') WHERE log = 2 AND seq = 8`),
    () => prove(ROWS[0]),
  )
  await expect(own).rejects.toThrow(/isn’t in the tree that was signed|aren’t those|give root/)
})

/** Parts of a proof, to be changed. */
type Edited = { -readonly [key in keyof RowProof]: Body } & { subjects: Body[] }
type Edit = [what: string, found: RegExp, edit: (proof: Edited, other: RowProof) => void]

const splitOf = ({ run }: Edited) => run.split as Body
const otherSplit = ({ run }: RowProof) => run.split as unknown as Body
const subjectOf = ({ subjects }: Edited) => subjects[0] as Body
const entryOf = (proof: Edited) => (subjectOf(proof).entries as Body[])[0] as Body

const EDITS: Edit[] = [
  [
    'an entry of the row is another',
    /^entries: row 3:5: entry 3:6 isn’t in the tree/,
    proof => Object.assign(entryOf(proof), { body: `${entryOf(proof).body}`.replace('"o":0', '"o":1') }),
  ],
  ['its path is another', /^entries: .* isn’t in the tree/, proof => Object.assign(entryOf(proof), { path: [] })],
  [
    'the close is that of another split',
    /^run: what it has as the end of split 3 isn’t that$/,
    (proof, other) => Object.assign(splitOf(proof), { close: otherSplit(other).close }),
  ],
  [
    'the close is that of another split, with its path',
    /^run: what it has as the end of split 3 isn’t that$/,
    (proof, other) => Object.assign(splitOf(proof), { ...otherSplit(other), part: 3 }),
  ],
  [
    'it is all of another split',
    /^entries: row 3:5: it isn’t of split 1$/,
    (proof, other) => Object.assign(proof.run, { split: otherSplit(other) }),
  ],
  [
    'the close says otherwise',
    /^run: what it has as the end of split 3 isn’t that$/,
    proof => Object.assign(splitOf(proof), { close: `${splitOf(proof).close}`.replace('"size":27', '"size":26') }),
  ],
  [
    'the path of the close is another',
    /^run: what it has as the end of split 3 isn’t that$/,
    proof => Object.assign(splitOf(proof), { path: [] }),
  ],
  [
    'it names another split',
    /^run: what it has as the end of split 2 isn’t that$/,
    proof => Object.assign(splitOf(proof), { part: 2 }),
  ],
  [
    'the row’s number is that of another split',
    /^entries: row 2:5: it isn’t of split 3$/,
    proof => Object.assign(subjectOf(proof), { number: idOf(2, 5) }),
  ],
  [
    'the row’s number is one of no split',
    /^entries: row 5: it isn’t of split 3$/,
    proof => Object.assign(subjectOf(proof), { number: 5 }),
  ],
  [
    'the number is that of another row',
    /^entries: row 3:6: /,
    proof => Object.assign(subjectOf(proof), { number: idOf(3, 6) }),
  ],
  [
    'it says nothing of the split',
    /^run: it doesn’t say in which of 3 splits the row is$/,
    proof => delete (proof.run as { split?: unknown }).split,
  ],
  [
    'a row has its split twice in its number',
    /^entries: row 6:5: it isn’t of split 3$/,
    proof => Object.assign(subjectOf(proof), { number: idOf(3, BATCHED) }),
  ],
]

test('whoever changes one without the key makes one that doesn’t hold', { tags: ['proof'] }, async () => {
  const [proof, other] = [await prove(BATCHED), await prove(ROWS[0])]
  const texts = EDITS.map(([, , edit]) => {
    const edited = structuredClone(proof) as unknown as Edited
    edit(edited, other)
    return proofText(edited as unknown as RowProof)
  })
  const judged = await checkers.judge(texts, 'proof')
  for (const [i, [what, found]] of EDITS.entries()) {
    expect({ what, verdict: judged[i]?.verdict }).toEqual({ what, verdict: 'does not hold' })
    expect(judged[i]?.problems).toContainEqual(expect.stringMatching(found))
  }
})

type Forged = [what: string, found: RegExp, tamper: () => void, ...left: Left[]]

function edit(log: number, seq: number, change: (body: Body) => object): void {
  const body = forger.body(log, seq)
  forger.put(log, seq, { ...body, ...change(body) } as Body)
}
const treeOfOne = (body: Body) => ({ size: 1, root: leafHash(canonicalize(body)) })
const last = (log: number) => forger.treeOf(log).size - 1
const sealParts = (change: object) => () =>
  edit(1, last(1), ({ parts }) => ({ parts: { ...(parts as object), ...change } }))

const FORGED: Forged[] = [
  [
    'the seal has another root of splits',
    /^run: what it has as the end of split 3 isn’t that$/,
    sealParts({ root: 'ab'.repeat(32) }),
    'parts',
  ],
  [
    'the seal has more splits',
    /^run: it was opened with 3 splits, and its own entries tell of another/,
    sealParts({ size: 4 }),
    'parts',
  ],
  [
    'the opening has more splits',
    /^run: it was opened with 3 splits, and its own entries tell of another/,
    () => edit(1, 0, () => ({ splits: 4 })),
  ],
  [
    'log 0 has fewer splits',
    /^run: it was opened with 2 splits, and its own entries tell of another/,
    () => edit(0, 1, () => ({ splits: 2 })),
  ],
  [
    'the close has another root',
    /^entries: .* isn’t in the tree of the run’s entries$/,
    () => edit(4, last(4), () => ({ root: 'ab'.repeat(32) })),
    'close',
  ],
  [
    'the close has another size',
    /^entries: .* isn’t in the tree of the run’s entries$/,
    () => edit(4, last(4), () => ({ size: 40 })),
    'close',
  ],
  [
    'the split ends with something else',
    /^run: split 3 isn’t closed with its last entry$/,
    () => insert(forger, 4, last(4) + 1, { ...forger.body(4, 0) }),
  ],
  ['its end is no entry', /^run: the end of split 3: /, () => edit(4, last(4), () => ({ more: 1 }))],
]

describe('the holder of the key', () => {
  test('can make one of what is there', async () => {
    const texts = [madeProof(forger, 1, 5, 3, SPLITS), madeProof(forger, 1, 8, 1, SPLITS)]
    expect((await checkers.judge(texts, 'proof')).map(each => each.problems)).toEqual([[], []])
  })

  test('makes none that holds of what can’t be', async () => {
    const texts: string[] = []
    for (const [, , tamper, ...left] of FORGED)
      await forger.within(
        () => {
          tamper()
          rebuildSplits(forger, ...left)
        },
        async () => texts.push(madeProof(forger, 1, 5, 3, SPLITS)),
      )
    const judged = await checkers.judge(texts, 'proof')
    for (const [i, [what, found]] of FORGED.entries()) {
      expect({ what, verdict: judged[i]?.verdict }).toEqual({ what, verdict: 'does not hold' })
      expect({ what, problems: judged[i]?.problems }).toEqual({
        what,
        problems: expect.arrayContaining([expect.stringMatching(found)]),
      })
    }
  })

  test('can’t show a row in the coordinator’s own log', async () => {
    const text = await forger.within(
      () => {
        const seq = last(1)
        insert(forger, 1, 2, { ...forger.body(2, 1), r: 1 })
        const row = forger.body(1, 2)
        edit(1, seq + 1, ({ subjects }) => ({ subjects: { ...(subjects as object), rows: treeOfOne(row) } }))
        rebuildSplits(forger)
      },
      async () => madeProof(forger, 1, 1),
    )
    const [judged] = await checkers.judge([text], 'proof')
    expect(judged?.problems).toContain('run: it doesn’t say in which of 3 splits the row is')
  })
})
