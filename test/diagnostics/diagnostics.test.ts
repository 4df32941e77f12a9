/** Every bad file gets exactly the diagnostics that it should: all of them, each at its place, with a hint that helps. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadPipeline } from '../../src/config/load.ts'
import { brief, compileText } from '../support/compile-text.ts'
import { BASE } from './base.ts'
import type { BadFile } from './case.ts'
import { JOIN_CASES } from './join-cases.ts'
import { PLAN_CASES } from './plan-cases.ts'
import { PLUGIN_CASES } from './plugin-cases.ts'
import { SCHEMA_CASES } from './schema-cases.ts'
import { SHAPE_CASES } from './shape-cases.ts'

const MARK = /«([^»]*)»/

interface Marked {
  readonly text: string
  readonly places: ReadonlyArray<{ readonly line: number; readonly column: number; readonly length: number }>
}

/** The text without marks, and where they were. */
function unmark(marked: string): Marked {
  const places = []
  let text = marked
  for (let match = MARK.exec(text); match !== null; match = MARK.exec(text)) {
    const before = text.slice(0, match.index).split('\n')
    const inner = match[1] as string
    const length = Math.max(1, (inner.split('\n')[0] as string).length)
    places.push({ line: before.length, column: (before.at(-1) as string).length + 1, length })
    text = text.slice(0, match.index) + inner + text.slice(match.index + match[0].length)
  }
  return { text, places }
}

function textOf({ text, change = [] }: BadFile): string {
  return change.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`the base has no ${JSON.stringify(from)}`)
    return before.replace(from, () => to)
  }, text ?? BASE)
}

describe('bad files', () => {
  test('the file that they are made from is sound', () => {
    const { plan, diagnostics } = compileText(BASE)
    expect(diagnostics).toEqual([])
    expect(plan).not.toBeNull()
  })

  const cases = [...SHAPE_CASES, ...PLAN_CASES, ...PLUGIN_CASES, ...JOIN_CASES, ...SCHEMA_CASES]
  test('are many, and each has its own name', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60)
    expect(new Set(cases.map(each => each.name)).size).toBe(cases.length)
  })

  test.each(cases)('$name', bad => {
    const file = unmark(textOf(bad))
    const sets = unmark((bad.set ?? []).join('\n'))
    const { plan, diagnostics } = compileText(file.text, {
      overrides: bad.set === undefined ? [] : sets.text.split('\n'),
    })
    const where = bad.set === undefined ? 'p.yaml' : '--set'
    const reported = diagnostics.map(({ code, severity }) => `${severity} ${code}`)
    expect(reported, JSON.stringify(diagnostics, null, 1)).toEqual(
      bad.expect.map(({ code, severity }) => `${severity} ${code}`),
    )
    diagnostics.forEach((diagnostic, index) => {
      expect(diagnostic.message).toContain(bad.expect[index]?.says)
      expect(diagnostic.hint ?? '').toContain(bad.expect[index]?.hint)
      expect(diagnostic.file).toBe(where)
    })
    // One place may have several diagnostics.
    const places = [...new Set(diagnostics.map(({ line, column, length }) => JSON.stringify({ line, column, length })))]
    const marks = bad.set === undefined ? file.places : sets.places
    expect(places.map(each => JSON.parse(each) as unknown)).toEqual(marks)
    expect(plan === null).toBe(bad.expect.some(each => each.severity === 'error'))
  })
})

describe('several problems at once', () => {
  test('are all reported, those of the shape, the wiring and the expressions alike', () => {
    const text = BASE.replace('count: 100', 'count: -5')
      .replace('to: summary', 'to: sumary')
      .replace('row.amount * 2.0', 'row.amuont * 2.0')
    expect(brief(compileText(text).diagnostics)).toEqual([
      '39:15 UNKNOWN_FIELD',
      '46:23 BAD_VALUE',
      '48:9 UNKNOWN_TARGET',
    ])
  })
})

describe('what isn’t a pipeline file at all', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'custody-diagnostics-'))
    await mkdir(join(folder, 'directory.yaml'))
    await writeFile(join(folder, 'binary.yaml'), Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3]))
    await writeFile(join(folder, 'latin1.yaml'), Uint8Array.from([0x6e, 0x3a, 0x20, 0xfc, 0x0a]))
    await writeFile(join(folder, 'utf16.yaml'), Buffer.from('\ufeffname: x\n', 'utf16le'))
    await writeFile(join(folder, 'large.yaml'), 'name: x\n'.repeat(650_000))
    await writeFile(
      join(folder, 'bom.yaml'),
      `\ufeff${BASE.replaceAll('\n', '\r\n').replace('count: 100', 'count: -1')}`,
    )
  })
  afterAll(() => rm(folder, { recursive: true }))

  const load = async (name: string) => (await loadPipeline(join(folder, name), { env: {} })).diagnostics

  test.each([
    ['nothing.yaml', 'CUSTODY_FILE_NOT_FOUND', 'does not exist'],
    ['binary.yaml/x', 'CUSTODY_FILE_NOT_FOUND', 'does not exist'],
    ['directory.yaml', 'CUSTODY_FILE_UNREADABLE', 'is a directory'],
    ['binary.yaml', 'CUSTODY_FILE_UNREADABLE', 'binary'],
    ['latin1.yaml', 'CUSTODY_FILE_UNREADABLE', 'UTF-8'],
    ['utf16.yaml', 'CUSTODY_FILE_UNREADABLE', 'UTF-16'],
    ['large.yaml', 'CUSTODY_FILE_TOO_LARGE', '1 MiB'],
  ])('%s', async (name, code, says) => {
    const diagnostics = await load(name)
    expect(diagnostics.map(each => each.code)).toEqual([code])
    expect(diagnostics[0]).toMatchObject({ line: 1, column: 1, message: expect.stringContaining(says) as string })
  })

  test('a byte order mark and CRLF are fine, and columns count without them', async () => {
    expect((await load('bom.yaml')).map(({ line, column, code }) => [line, column, code])).toEqual([
      [46, 23, 'CUSTODY_BAD_VALUE'],
    ])
  })
})
