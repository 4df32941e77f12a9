import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inviteWorkers, isInvited } from './shared-folder.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-shared-'))
})
afterEach(() => {
  chmodSync(folder, 0o700)
  rmSync(folder, { recursive: true, force: true })
})

const UNSEEN = { code: 'CUSTODY_PIECES_UNSEEN' }

test('whoever finds the invitation of the coordinator is invited, or isn’t wanted, and leaves nothing there', async () => {
  await inviteWorkers(folder, 'one', 'wanted')
  expect(await isInvited(folder, 'one')).toBe(true)
  await inviteWorkers(folder, 'two', 'not_wanted')
  expect(await isInvited(folder, 'two')).toBe(false)
  expect(readdirSync(folder).sort()).toEqual(['workers-one', 'workers-two'])
})

test('SHARED-FOLDER-1: what a coordinator writes late that has lost the run changes nothing for workers of its successor', async () => {
  await inviteWorkers(folder, 'successor', 'wanted')
  await inviteWorkers(folder, 'former', 'not_wanted')
  expect(await isInvited(folder, 'successor')).toBe(true)
})

test('another folder is no invitation, nor is one that isn’t there, and none is made', async () => {
  await expect(isInvited(folder, 'one')).rejects.toMatchObject(UNSEEN)
  const gone = join(folder, 'gone')
  await expect(isInvited(gone, 'one')).rejects.toMatchObject(UNSEEN)
  await expect(inviteWorkers(gone, 'one', 'wanted')).rejects.toMatchObject(UNSEEN)
  expect(readdirSync(folder)).toEqual([])
})

test('an invitation that is only half there is none', async () => {
  writeFileSync(join(folder, 'workers-one.new'), 'wan')
  await expect(isInvited(folder, 'one')).rejects.toMatchObject(UNSEEN)
})

test('a path that is no folder isn’t one', async () => {
  const path = join(folder, 'file')
  writeFileSync(path, '')
  await expect(isInvited(path, 'one')).rejects.toMatchObject(UNSEEN)
})

// Who may do everything may write everywhere.
test.skipIf(process.getuid?.() === 0)('a folder that can’t be written to is no use', async () => {
  await inviteWorkers(folder, 'one', 'wanted')
  chmodSync(folder, 0o500)
  await expect(isInvited(folder, 'one')).rejects.toMatchObject({
    ...UNSEEN,
    message: expect.stringContaining('can’t be written to'),
  })
})
