/** The description of entries (src/format) holds for the encoder, the decoders and the page; what it doesn't have, nobody takes. */
// @module-tag proof
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shapeText } from '../scripts/docs/entry-tables.ts'
import { pages } from '../scripts/docs/pages.ts'
import type { Shape } from '../src/format/description.ts'
import type { SubjectEntry } from '../src/format/entry.ts'
import type { LedgerEntry } from '../src/format/ledger-entry.ts'
import { RUN_ENTRIES, TOPOLOGY, TOTALS } from '../src/format/run-entry.ts'
import { SUBJECT_ENTRY } from '../src/format/subject-entry.ts'
import type { BlockWriter } from '../src/ledger/write/block.ts'
import { runEntryOf, subjectEntryOf } from '../src/ledger/write/decode.ts'
import { encodeLedger, encodeRun, encodeSubject } from '../src/ledger/write/encode.ts'
import type { Entropy } from '../src/ledger/write/entropy.ts'
import { canonicalize } from '../src/model/canonical.ts'
import type { Json } from '../src/model/row.ts'
import { DecodeError, decodeLedgerEntry, decodeRunEntry, decodeSubjectEntry } from '../src/read/decode.ts'
import {
  changed,
  fitsLedger,
  fitsRun,
  fitsSubject,
  ledgerEntries,
  replaced,
  runEntries,
  subjectEntries,
} from './support/described.ts'
import { encodedBy, noEntropy } from './support/encoded.ts'
import { LONG, sampled } from './support/form.ts'
import { full } from './support/ledger.ts'

const takes = (decode: (seq: number, body: string) => unknown, value: Json): boolean => {
  try {
    decode(7, canonicalize(value))
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError)
    return false
  }
}

describe.each([
  ['rows and batches', subjectEntries, fitsSubject, decodeSubjectEntry],
  ['the run', runEntries, fitsRun, decodeRunEntry],
  ['log 0', ledgerEntries, fitsLedger, decodeLedgerEntry],
] as const)('entries of %s', (_name, entries, fits, decode) => {
  test('are taken if they fit', () => {
    fc.assert(
      fc.property(entries, each => {
        expect(fits(each)).toBe(true)
        decode(7, canonicalize(each))
      }),
      { numRuns: 300 },
    )
  })

  test('are taken exactly if they fit, where anything in them is another, gone, there twice, or new', () => {
    const seen = { yes: 0, no: 0 }
    fc.assert(
      fc.property(changed(entries), each => {
        const does_fit = fits(each)
        seen[does_fit ? 'yes' : 'no']++
        expect(takes(decode, each)).toBe(does_fit)
      }),
      { numRuns: LONG ? 3_000 : 200 },
    )
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(LONG ? 100 : 5)
  })

  test('are taken exactly if they fit, whatever stands in one of their places', () => {
    const by_kind = new Map(fc.sample(entries, 200).map(each => [each.k, each]))
    for (const each of by_kind.values())
      for (const other of sampled([...replaced(each)], 21))
        expect(takes(decode, other), canonicalize(other)).toBe(fits(other))
  })
})

test('every key is made: no property is about less than there is', () => {
  const met = new Set<string>()
  for (const each of fc.sample(subjectEntries, 300)) for (const key in each) met.add(key)
  expect([...met].sort()).toEqual(Object.keys(SUBJECT_ENTRY))
  const kinds = new Set(fc.sample(runEntries, 300).map(({ k }) => k))
  expect([...kinds].sort()).toEqual(Object.keys(RUN_ENTRIES).sort())
})

// ── what is written ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Texts for so many commitments, which then are others. */
const valuesFor = (commitments: readonly string[]) => commitments.map((_, i) => full(i))
const withoutHashes = (body: string) =>
  body.replaceAll(/[0-9a-f]{64}/g, '#').replaceAll(/"z":"[0-9a-f]{32}"/g, '"z":"#"')
const bodyOf = (write: (to: BlockWriter, entropy: Entropy) => void) => encodedBy(write, noEntropy()).body

describe('what the writer encodes fits, and says all', () => {
  test('of rows and batches', () => {
    fc.assert(
      fc.property(subjectEntries, each => {
        const { commitments, nonce: _, ...facts }: SubjectEntry = decodeSubjectEntry(7, canonicalize(each))
        const draft = { ...facts, values: valuesFor(commitments), closes: false, moved: [] }
        const body = bodyOf((to, entropy) => encodeSubject(to, draft, entropy))
        expect(fitsSubject(JSON.parse(body) as Json)).toBe(true)
        expect(withoutHashes(body)).toBe(withoutHashes(canonicalize(each)))
      }),
      { numRuns: 300 },
    )
  })

  test('of the run, and of log 0', () => {
    fc.assert(
      fc.property(runEntries, each => {
        const { facts, first_value, commitments } = decodeRunEntry(7, canonicalize(each))
        const draft = { entry: facts, first_value, values: valuesFor(commitments) }
        const body = bodyOf((to, entropy) => encodeRun(to, draft, entropy))
        expect(fitsRun(JSON.parse(body) as Json)).toBe(true)
        expect(withoutHashes(body)).toBe(withoutHashes(canonicalize(each)))
      }),
    )
    fc.assert(
      fc.property(ledgerEntries, each => {
        const entry: LedgerEntry = decodeLedgerEntry(7, canonicalize(each))
        const body = bodyOf((to, entropy) => encodeLedger(to, entry, entropy))
        expect(fitsLedger(JSON.parse(body) as Json)).toBe(true)
        expect(withoutHashes(body)).toBe(withoutHashes(canonicalize(each)))
      }),
    )
  })
})

test('who resumes reads all of it as readers do', () => {
  fc.assert(
    fc.property(subjectEntries, runEntries, (subject, run) => {
      const [body, run_body] = [canonicalize(subject), canonicalize(run)]
      expect(subjectEntryOf(body)).toEqual(decodeSubjectEntry(7, body))
      const { facts, first_value, commitments } = decodeRunEntry(7, run_body)
      expect(runEntryOf(run_body)).toEqual({ entry: facts, first_value, commitments })
    }),
    { numRuns: 300 },
  )
})

// ── the page ────────────────────────────────────────────────────────────────────────────────────────────────────────

test('shapes that the page writes out below its tables are those', () => {
  const page = pages().find(({ name }) => name === 'ledger-format.md')?.text ?? ''
  const text = page.replaceAll('"', '').replaceAll(/\s+/g, ' ')
  const shapes: readonly Shape[] = [TOPOLOGY, TOTALS, RUN_ENTRIES.open.keys.plugins.is]
  for (const each of shapes) expect(text).toContain(shapeText(each))
})
