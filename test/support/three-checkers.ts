/** One file of evidence before all who can check it: the library, Python, and the page, as far as they are there. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect } from 'vitest'
import { parseVerifierKey } from '../../src/format/verifier-key.ts'
import { isCustodyError } from '../../src/model/error.ts'
import { type CheckedProof, checkProof } from '../../src/read/check/check-proof.ts'
import { type CheckedRecord, checkRecord } from '../../src/read/check/check-record.ts'
import { expectedOf, Opened, startChromium } from '../page/chromium.ts'
import { askPython, NO_PYTHON, pythonFolder } from '../python/python.ts'

export interface Judged {
  readonly verdict: 'holds' | 'does not hold' | 'unreadable'
  /** What is proven, if it holds. */
  readonly proven: readonly string[]
  readonly withheld: number
  /** What the library finds, behind the check's name. */
  readonly problems: readonly string[]
}

/** Asks all of them. `key`: whom they trust. Who isn't there is said in `absent`. */
export async function threeCheckers(key: string) {
  const { folder, keys } = pythonFolder(key)
  const chromium = await startChromium()
  const opened = chromium.ok ? await Opened.at(chromium.browser, chromium.url) : null
  await opened?.trust(`${key}\n`)
  afterAll(async () => {
    await opened?.close()
    if (chromium.ok) await chromium.close()
  })
  const absent = [...(NO_PYTHON === null ? [] : [NO_PYTHON]), ...(chromium.ok ? [] : [chromium.why])]
  return {
    absent,
    /** What all of them say of each. `pages`: how many of these the page is asked about. */
    async judge(texts: readonly string[], kind: 'proof' | 'record', pages = texts.length): Promise<readonly Judged[]> {
      const trusting = { trusted: [parseVerifierKey(key)] }
      const judged: Judged[] = []
      for (const [i, text] of texts.entries()) {
        const said = await readable<CheckedProof | CheckedRecord>(() =>
          kind === 'proof' ? checkProof(text, trusting) : checkRecord(whole(text), trusting),
        )
        if (opened !== null && i < pages) {
          const shown = await opened.give(kind === 'proof' ? text : gzipSync(text), kind === 'proof' ? 'json' : 'gz')
          const { verdict, proven, problems } = shown
          if (said === null) expect([verdict, proven]).toEqual(['broken', []])
          else expect({ verdict, proven, problems }).toEqual(expectedOf(said))
        }
        judged.push({
          verdict: said === null ? 'unreadable' : said.ok ? 'holds' : 'does not hold',
          proven: said?.ok === true ? said.proven.map(({ what }) => what) : [],
          withheld: said?.withheld ?? 0,
          problems: (said?.checks ?? []).flatMap(({ name, problems }) => problems.map(each => `${name}: ${each}`)),
        })
      }
      if (NO_PYTHON !== null) return judged
      const files = texts.map((text, i) => {
        const file = join(folder, `${kind}-${i}`)
        writeFileSync(file, kind === 'proof' ? text : gzipSync(text, { level: 1 }))
        return file
      })
      const others = askPython(files, keys).map(({ ok, error, proven = [] }) => ({
        verdict: error !== undefined ? 'unreadable' : ok ? 'holds' : 'does not hold',
        proven: proven.map(({ what }) => what),
      }))
      expect(others).toEqual(judged.map(({ verdict, proven }) => ({ verdict, proven })))
      return judged
    },
  }
}

async function readable<T>(check: () => Promise<T>): Promise<T | null> {
  try {
    return await check()
  } catch (error) {
    if (isCustodyError(error) && error.code === 'CUSTODY_PROOF_UNREADABLE') return null
    throw error
  }
}

async function* whole(text: string): AsyncIterable<string> {
  yield text
}
