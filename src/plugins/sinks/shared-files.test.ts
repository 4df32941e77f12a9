/** Files that others can touch, too: what a sink does when they do. */
import { describe, expect, test } from 'vitest'
import { MemoryFiles } from '../../../test/support/memory-files.ts'
import { thisProcess } from '../../model/holder.ts'
import type { Receipt } from '../../sdk/spec.ts'
import { FileSink, type RowFormat } from './file-sink.ts'
import type { IfExists } from './target.ts'

const RUN = '01890000-0000-7000-8000-000000000001'
const OTHER_RUN = '01890000-0000-7000-8000-000000000002'
const LOCK = '/out/.log.custody-lock'
const PRIOR = 'before\n'

/** A line a row, whatever was there before. */
const LINES: RowFormat = {
  begin: () => undefined,
  row: row => `${JSON.stringify(row)}\n`,
  end: () => '',
  state: () => null,
}

function sinkIn(files: MemoryFiles, if_exists: IfExists, run = RUN): FileSink {
  const target = { path: '/out/log', folder: '/', node: 'out', if_exists, appendable: true, run }
  return new FileSink(target, LINES, null, files)
}

/** A sink that has written a row, with its receipt. */
async function written(files: MemoryFiles, if_exists: IfExists) {
  const sink = sinkIn(files, if_exists)
  const intent = await sink.prepare()
  await sink.open(intent, null)
  sink.write({ id: 1 })
  const receipt = await sink.flush()
  return { sink, intent, receipt }
}

function appended(): MemoryFiles {
  const files = new MemoryFiles()
  files.put('/out/log', PRIOR)
  return files
}

const CHANGED = { code: 'CUSTODY_OUTPUT_CHANGED' }
const OURS = `${PRIOR}{"id":1}\n`
const THEIRS = 'theirs\n'

/** What others can do to a file, and what the sink says to it. */
const DOINGS: readonly (readonly [string, RegExp, (files: MemoryFiles, path: string) => void])[] = [
  ['append to', /something else writes to it, too/, (files, path) => files.append(path, THEIRS)],
  ['cut', /it was cut/, (files, path) => files.edit(path, text => text.slice(0, 3))],
  ['remove', /is gone/, (files, path) => files.remove(path)],
  ['move', /is gone/, (files, path) => files.move(path, '/elsewhere')],
  ['replace', /another file has come into the place/, (files, path) => files.put(path, THEIRS)],
]

describe.each(DOINGS)('others %s', (_name, says, doing) => {
  test.each(['append', 'replace'] as const)(
    'what is written (%s): noticed at the next commit, and touched no more',
    async mode => {
      for (const rows of [0, 1]) {
        const files = appended()
        const { sink, intent, receipt } = await written(files, mode)
        const path = intent.staged ?? '/out/log'
        doing(files, path)
        const after = files.list().map(name => [name, files.text(name)])
        if (rows > 0) sink.write({ id: 2 })
        await expect(sink.flush()).rejects.toMatchObject({ ...CHANGED, message: expect.stringMatching(says) })
        if (mode === 'append') {
          await expect(sink.open(intent, receipt)).rejects.toMatchObject(CHANGED)
          await sink.close()
          await expect(sinkIn(files, mode).open(intent, receipt)).rejects.toMatchObject(CHANGED)
        }
        const now = new Map(files.list().map(name => [name, files.text(name)]))
        for (const [name, text] of after) if (name !== LOCK) expect(now.get(name ?? '')).toBe(text)
      }
    },
  )

  test.each(['append', 'replace'] as const)('what is to be published (%s): it is not', async mode => {
    const files = appended()
    const { sink, intent } = await written(files, mode)
    await sink.finish()
    doing(files, intent.staged ?? '/out/log')
    await expect(sink.publish()).rejects.toMatchObject(CHANGED)
    if (mode === 'replace') expect(files.text('/out/log')).toBe(PRIOR)
  })
})

describe('a file that is appended to', () => {
  test('stays the same file when another process resumes the run', async () => {
    const files = appended()
    const { id } = files.facts('/out/log') ?? {}
    const { intent, receipt } = await written(files, 'append')
    const next = sinkIn(files, 'append')
    await next.open(intent, receipt)
    next.write({ id: 2 })
    await next.finish()
    expect(await next.publish()).toMatchObject({ path: '/out/log', rows: 2 })
    await next.close()
    expect(files.facts('/out/log')?.id).toBe(id)
    expect(files.text('/out/log')).toBe(`${OURS}{"id":2}\n`)
    expect(files.list()).toEqual(['/out/log'])
  })

  test('is cut back to a receipt where all behind it is what the run wrote, all or a part of it', async () => {
    for (const torn of [0, 4]) {
      const files = appended()
      const { sink, intent, receipt } = await written(files, 'append')
      sink.write({ id: 2 })
      await sink.flush()
      if (torn > 0) files.edit('/out/log', text => text.slice(0, -torn))
      await sinkIn(files, 'append').open(intent, receipt)
      expect(files.text('/out/log')).toBe(OURS)
    }
  })

  test.each([
    ['behind what the run wrote', (text: string) => `${text}${THEIRS}`],
    ['in place of what the run wrote', (text: string) => text.replace('{"id":2}\n', THEIRS)],
  ])('is never cut where others wrote %s', async (_name, edit) => {
    const files = appended()
    const { sink, intent, receipt } = await written(files, 'append')
    sink.write({ id: 2 })
    await sink.flush()
    files.edit('/out/log', edit)
    const there = files.text('/out/log')
    for (const each of [sink, sinkIn(files, 'append')]) {
      await expect(each.open(intent, receipt)).rejects.toMatchObject({
        ...CHANGED,
        hint: expect.stringContaining('Move what stands behind byte 16 to another file'),
      })
      expect(files.text('/out/log')).toBe(there)
      await each.close()
    }
    // As the hint says: then it is continued.
    files.edit('/out/log', () => OURS)
    await sinkIn(files, 'append').open(intent, receipt)
  })

  test('is written behind what comes between the look and the write, and that is noticed', async () => {
    const files = appended()
    const { sink } = await written(files, 'append')
    sink.write({ id: 2 })
    let writes = 0
    files.before = step => {
      // The first write is that to the lock.
      if (step === 'write' && ++writes === 2) files.append('/out/log', THEIRS)
    }
    await expect(sink.flush()).rejects.toMatchObject(CHANGED)
    expect(files.text('/out/log')).toBe(`${OURS}${THEIRS}{"id":2}\n`)
  })

  test('that others wrote to between the look and the opening is refused and left alone', async () => {
    const files = appended()
    const sink = sinkIn(files, 'append')
    const intent = await sink.prepare()
    files.append('/out/log', THEIRS)
    await expect(sink.open(intent, null)).rejects.toMatchObject(CHANGED)
    await sink.close()
    expect(files.list()).toEqual(['/out/log'])
    expect(files.text('/out/log')).toBe(`${PRIOR}${THEIRS}`)
  })

  test('that is gone is left alone when its run is given up, and nothing stays beside it', async () => {
    const files = appended()
    const { sink, intent, receipt } = await written(files, 'append')
    await sink.close()
    files.move('/out/log', '/out/rotated')
    const next = sinkIn(files, 'append')
    await expect(next.open(intent, receipt)).rejects.toMatchObject(CHANGED)
    expect(await next.discard()).toMatchObject({ kind: 'left' })
    await next.close()
    expect(files.list()).toEqual(['/out/rotated'])
  })

  test('is cut back to what was there before the run if its output isn’t wanted, unless others wrote', async () => {
    const files = appended()
    const { sink } = await written(files, 'append')
    expect(await sink.discard()).toEqual({ kind: 'cut' })
    await sink.close()
    expect(files.text('/out/log')).toBe(PRIOR)
    expect(files.list()).toEqual(['/out/log'])
    const shared = appended()
    const { sink: other } = await written(shared, 'append')
    shared.append('/out/log', THEIRS)
    expect(await other.discard()).toEqual({ kind: 'left', why: expect.stringContaining('something else writes') })
    expect(shared.text('/out/log')).toBe(`${OURS}${THEIRS}`)
  })
})

describe('a file that is staged', () => {
  test('replaces what stood there when the run began, and nothing that came since', async () => {
    const files = appended()
    const { sink } = await written(files, 'replace')
    files.put('/out/log', 'newer\n')
    await sink.finish()
    await expect(sink.publish()).rejects.toMatchObject({ ...CHANGED, hint: expect.stringContaining('Move it away') })
    expect(files.text('/out/log')).toBe('newer\n')
    files.move('/out/log', '/newer')
    await sink.publish()
    await sink.close()
    expect(files.list()).toEqual(['/newer', '/out/log'])
    expect(files.text('/out/log')).toBe('{"id":1}\n')
  })

  test('that was empty and is in its place is known there by whoever continues', async () => {
    for (const mode of ['replace', 'fail'] as const) {
      const files = mode === 'fail' ? new MemoryFiles() : appended()
      const sink = sinkIn(files, mode)
      const intent = await sink.prepare()
      await sink.open(intent, null)
      const receipt = await sink.finish()
      await sink.publish()
      await sink.close()
      const next = sinkIn(files, mode)
      await next.open(intent, receipt)
      await next.finish()
      expect(await next.publish()).toMatchObject({ path: '/out/log', rows: 0, bytes: 0 })
      await next.close()
      expect(files.list()).toEqual(['/out/log'])
    }
  })

  test('leaves nothing of a copy that somebody began and was gone, whichever way others continue', async () => {
    for (const others of [null, 'drop'] as const) {
      const files = appended()
      const sink = sinkIn(files, 'replace')
      const intent = await sink.prepare()
      await sink.open(intent, null)
      // A process that is gone closes nothing.
      const beside = '/out/.log.custody-rewind'
      files.put(beside, 'half a co')
      if (others === 'drop') files.drop(intent.staged ?? '')
      const next = sinkIn(files, 'replace')
      await next.open(intent, null)
      expect(files.text(beside)).toBeNull()
      next.write({ id: 1 })
      await next.finish()
      await next.publish()
      await next.close()
      expect(files.list()).toEqual(['/out/log'])
    }
  })

  test('is removed if its output isn’t wanted, and when it is still empty', async () => {
    const files = appended()
    const { sink } = await written(files, 'replace')
    expect(await sink.discard()).toEqual({ kind: 'dropped' })
    await sink.close()
    const empty = sinkIn(files, 'replace')
    const intent = await empty.prepare()
    await empty.open(intent, null)
    const receipt = await empty.flush()
    await empty.close()
    expect(files.list()).toEqual(['/out/log'])
    const next = sinkIn(files, 'replace')
    await next.open(intent, receipt)
    await next.finish()
    await next.publish()
    expect(files.text('/out/log')).toBe('')
  })

  test.each(['EPERM', 'ENOTSUP', 'EXDEV'])('comes into its place without hard links, too (%s)', async code => {
    for (const taken of [false, true]) {
      const files = new MemoryFiles()
      files.no_links = code
      const { intent, receipt } = await written(files, 'fail')
      if (taken) files.put('/out/log', THEIRS)
      // Another process, as the first one died before it had a receipt, or behind it.
      for (const at of [null, receipt]) {
        const next = sinkIn(files, 'fail')
        await next.open(intent, at)
        if (at === null) next.write({ id: 1 })
        await next.finish()
        if (at === null) continue
        if (taken) await expect(next.publish()).rejects.toMatchObject({ code: 'CUSTODY_TARGET_EXISTS' })
        else expect(await next.publish()).toMatchObject({ path: '/out/log', rows: 1 })
        await next.close()
      }
      expect(files.text('/out/log')).toBe(taken ? THEIRS : '{"id":1}\n')
    }
  })

  test('has the rights of what it replaces: the mode always, the owner where that may be', async () => {
    for (const user of [0, 1000]) {
      const files = new MemoryFiles()
      files.put('/out/log', PRIOR, { mode: 0o100640, uid: 42 })
      files.user = user
      const { intent, receipt } = await written(files, 'replace')
      const next = sinkIn(files, 'replace')
      await next.open(intent, receipt)
      expect(files.facts(intent.staged ?? '')).toMatchObject({ mode: 0o100640, uid: user === 0 ? 42 : user })
      await next.finish()
      await next.publish()
      expect(files.facts('/out/log')).toMatchObject({ mode: 0o100640, uid: user === 0 ? 42 : user })
    }
  })
})

describe('the lock of an output', () => {
  const held = { code: 'CUSTODY_OUTPUT_HELD', message: `/out/log is being written by run ${RUN} (pid ${process.pid})` }

  test.each(['append', 'replace', 'fail'] as const)('keeps other runs out while it is held (%s)', async mode => {
    const files = mode === 'fail' ? new MemoryFiles() : appended()
    const { sink } = await written(files, mode)
    const there = files.list().map(name => [name, files.text(name)])
    await expect(sinkIn(files, mode, OTHER_RUN).prepare()).rejects.toMatchObject(held)
    expect(files.list().map(name => [name, files.text(name)])).toEqual(there)
    await sink.finish()
    await sink.publish()
    await sink.close()
    if (mode !== 'fail') await sinkIn(files, mode, OTHER_RUN).prepare()
  })

  test('is looked at again when it is taken: of two that came at once one opens nothing', async () => {
    const files = appended()
    const [one, other] = [sinkIn(files, 'append'), sinkIn(files, 'append', OTHER_RUN)]
    const [intent, others] = [await one.prepare(), await other.prepare()]
    await one.open(intent, null)
    await expect(other.open(others, null)).rejects.toMatchObject(held)
    await other.close()
    one.write({ id: 1 })
    await one.flush()
    expect(files.text('/out/log')).toBe(OURS)
  })

  test('that another run took nonetheless stops the first before it writes', async () => {
    const files = appended()
    const { sink } = await written(files, 'append')
    files.put(LOCK, JSON.stringify({ run: OTHER_RUN, ...thisProcess() }))
    sink.write({ id: 2 })
    await expect(sink.flush()).rejects.toMatchObject({
      code: 'CUSTODY_OUTPUT_HELD',
      message: expect.stringContaining(OTHER_RUN),
    })
    expect(files.text('/out/log')).toBe(OURS)
    // And stays, as it is the other's.
    await sink.close()
    expect(files.list()).toContain(LOCK)
  })

  test('keeps nobody out if its holder is gone, or its maker died over it', async () => {
    for (const text of [JSON.stringify({ run: OTHER_RUN, ...thisProcess(), start: 'earlier' }), '', '{"run":']) {
      const files = appended()
      files.put(LOCK, text)
      const { sink } = await written(files, 'append')
      await sink.publish()
      await sink.close()
      expect(files.list()).toEqual(['/out/log'])
    }
  })

  test('on a machine that can’t be seen from here says which file to remove', async () => {
    const files = appended()
    files.put(LOCK, JSON.stringify({ run: OTHER_RUN, ...thisProcess(), host: 'elsewhere', pid: 7 }))
    await expect(sinkIn(files, 'append').prepare()).rejects.toMatchObject({
      message: expect.stringContaining('(pid 7 on elsewhere)'),
      hint: expect.stringContaining(LOCK),
    })
  })

  test('passes a name over where numbers are taken', async () => {
    const files = new MemoryFiles()
    await written(files, 'number')
    expect((await sinkIn(files, 'number', OTHER_RUN).prepare()).path).toBe('/out/log-1')
  })

  test('lies in the user’s state folder where nothing can be made beside the output', async () => {
    const files = appended()
    const make = files.open.bind(files)
    files.open = (path, how) => {
      if (how === 'make' && path.startsWith('/out/')) throw Object.assign(new Error('read-only'), { code: 'EROFS' })
      return make(path, how)
    }
    const { sink } = await written(files, 'append')
    expect(files.list()).toEqual([expect.stringMatching(/\/custody\/outputs\/[0-9a-f]{64}\.lock$/), '/out/log'].sort())
    await expect(sinkIn(files, 'append', OTHER_RUN).prepare()).rejects.toMatchObject(held)
    await sink.publish()
    await sink.close()
    expect(files.list()).toEqual(['/out/log'])
  })

  test('keeps what was announced when a run stops, for whoever continues', async () => {
    const files = appended()
    const { sink, intent, receipt } = await written(files, 'append')
    sink.write({ id: 2 })
    await sink.flush()
    await sink.close()
    expect(files.list()).toContain(LOCK)
    const next = sinkIn(files, 'append')
    await next.open(intent, JSON.parse(JSON.stringify(receipt)) as Receipt)
    expect(files.text('/out/log')).toBe(OURS)
    await next.publish()
    await next.close()
    expect(files.list()).toEqual(['/out/log'])
  })
})

test('rows of a run that isn’t finished are noticed by the next one that appends', async () => {
  const files = appended()
  const { sink } = await written(files, 'append')
  expect(sink.warnings()).toEqual([])
  await sink.close()
  const other = sinkIn(files, 'append', OTHER_RUN)
  await other.open(await other.prepare(), null)
  expect(other.warnings()).toEqual([expect.stringMatching(`has rows of run ${RUN}, which isn’t finished`)])
  other.write({ id: 2 })
  await other.flush()
  await other.finish()
  await other.publish()
  const third = sinkIn(files, 'append', '01890000-0000-7000-8000-000000000003')
  await third.open(await third.prepare(), null)
  expect(third.warnings()).toEqual([])
})
