/** Reads the log of who looked at values, and sees whether its lines are as they were written. */
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { type AccessChecked, AccessLine, type AccessPage, type AccessQuery } from '../../api/access.ts'
import { CustodyError } from '../../model/error.ts'
import { parseJson } from '../../model/json.ts'
import { hashOf } from './access-log.ts'
import { type LineAt, linesBefore } from './last-line.ts'

/** Lines that one page looks at, where few of them fit. */
const MOST_LOOKED_AT = 100_000
const MOST_PROBLEMS = 100

/** A page of those that fit, the newest first. @throws CustodyError CUSTODY_ACCESS_LOG */
export async function readAccess(path: string, query: AccessQuery): Promise<AccessPage> {
  const file = await opened(path)
  try {
    const end = Math.min(query.before ?? Number.POSITIVE_INFINITY, (await file.stat()).size)
    const lines: AccessLine[] = []
    const problems: string[] = []
    let looked_at = 0
    for await (const at of linesBefore(file, end)) {
      const { line, problem } = lineIn(at)
      if (problem !== null && problems.length < MOST_PROBLEMS) problems.push(problem)
      if (line !== null && fits(line, query)) lines.push(line)
      if (lines.length === query.limit || ++looked_at === MOST_LOOKED_AT)
        return { lines, next: at.at === 0 ? null : at.at, problems }
    }
    return { lines, next: null, problems }
  } finally {
    await file.close()
  }
}

/** Looks through all of it: each line for itself, and how each follows another. @throws CustodyError CUSTODY_ACCESS_LOG */
export async function checkAccess(path: string): Promise<AccessChecked> {
  const file = await opened(path)
  try {
    const problems: string[] = []
    const report = (problem: string) => {
      if (problems.length < MOST_PROBLEMS) problems.push(problem)
    }
    /** By writer: the hash of its last line. */
    const last = new Map<string, string>()
    const hashes = new Set([''])
    let lines = 0
    let at = 0
    for await (const text of file.readLines({ autoClose: false })) {
      lines += 1
      const { line, problem } = lineIn({ text, at, is_whole: true })
      if (problem !== null) report(problem)
      if (line !== null) {
        const before = last.get(line.writer)
        const follows = before === undefined ? hashes.has(line.prev) : before === line.prev
        if (!follows) report(`line at byte ${at}: the line before it is missing, or another`)
        last.set(line.writer, line.hash)
      }
      hashes.add(line?.hash ?? createHash('sha256').update(text).digest('hex'))
      at += Buffer.byteLength(text) + 1
    }
    return { lines, problems }
  } finally {
    await file.close()
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CustodyError('CUSTODY_ACCESS_LOG', `${path} can’t be read: ${why}`, { cause })
  }
}

function lineIn({ text, at }: LineAt): { readonly line: AccessLine | null; readonly problem: string | null } {
  const parsed = AccessLine.safeParse(jsonIn(text))
  if (!parsed.success) return { line: null, problem: `line at byte ${at}: it isn’t whole, or no line of this log` }
  const { hash, ...facts } = parsed.data
  return { line: parsed.data, problem: hashOf(facts) === hash ? null : `line at byte ${at}: it was changed` }
}

function jsonIn(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return null
  }
}

function fits({ user, run, rows }: AccessLine, asked: AccessQuery): boolean {
  const { user: by = user, run: of = run, row } = asked
  const has = row === undefined || rows.some(([from, to]) => from <= row && row <= to)
  return user === by && run === of && has
}
