import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { besideLedger } from '../ledger/beside.ts'
import { removeSpill, spillBeside } from './spill-folder.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-spill-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const spillOf = (run: string) => {
  const spill = spillBeside(`sqlite:${join(folder, 'custody.db')}`, run)
  if (spill === undefined) throw new Error('a ledger that is a file has a folder beside it')
  return spill
}
const beside = () => join(folder, 'custody.db-spill')

describe('files for what sorts hold', () => {
  test('keep what is written, and nothing before it is needed', () => {
    const spill = spillOf('run')
    expect(existsSync(beside())).toBe(false)
    const file = spill.create()
    file.append(Buffer.from('one '))
    file.append(Buffer.from('two'))
    const bytes = Buffer.alloc(5)
    file.read(2, bytes)
    expect(bytes.toString()).toBe('e two')
    expect(statSync(beside()).mode & 0o777).toBe(0o700)
    file.close()
    file.close()
    expect(existsSync(beside())).toBe(false)
  })

  test.skipIf(process.platform === 'win32')(
    'have no name, so that they are gone with their process (SPILL-FOLDER-1)',
    () => {
      const file = spillOf('run').create()
      expect(readdirSync(beside())).toEqual([])
      file.close()
    },
  )

  test('what a process of the same run left is removed, and nothing of others', () => {
    mkdirSync(beside())
    for (const name of ['run-1', 'run-7', 'other-1']) writeFileSync(join(beside(), name), '')
    spillOf('run').create().close()
    expect(readdirSync(beside())).toEqual(['other-1'])
  })

  test('what can’t be read or made is an error with its code', () => {
    const file = spillOf('run').create()
    expect(() => file.read(0, Buffer.alloc(1))).toThrow(expect.objectContaining({ code: 'CUSTODY_SPILL' }))
    file.close()
    writeFileSync(beside(), 'a file stands there')
    expect(() => spillOf('run').create()).toThrow(expect.objectContaining({ code: 'CUSTODY_SPILL' }))
  })

  test('of a ledger that is no file it is among what this machine keeps for the user', () => {
    const place = (url: string) => besideLedger(url, { XDG_STATE_HOME: '/state' })
    const one = place('postgres://me:secret@localhost/custody')
    expect(one).toMatch(/^\/state\/custody\/ledgers\/[0-9a-f]{32}\/ledger$/)
    expect(place('postgresql://you@localhost:5432/custody?schema=custody')).toBe(one)
    expect(place('postgres://me@localhost/custody?schema=other')).not.toBe(one)
  })

  test('what a run left is removed when it is erased, and nothing of others', () => {
    const url = `sqlite:${join(folder, 'custody.db')}`
    removeSpill(url, 'run')
    mkdirSync(beside())
    for (const name of ['run-1', 'run-2', 'other-1']) writeFileSync(join(beside(), name), 'rows')
    removeSpill(url, 'run')
    expect(readdirSync(beside())).toEqual(['other-1'])
    removeSpill(url, 'other')
    expect(existsSync(beside())).toBe(false)
  })
})
