/** Whether a ledger was written to, seen from outside: reading it would take a thread and a moment of the database. */
import { stat } from 'node:fs/promises'

/** Of a ledger in SQLite: what its files look like; null of another. */
export async function ledgerMark(url: string): Promise<string | null> {
  const path = /^sqlite:(.+)$/.exec(url)?.[1]
  if (path === undefined) return null
  const marks = await Promise.all([path, `${path}-wal`].map(markOf))
  return marks.join(' ')
}

async function markOf(path: string): Promise<string> {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true })
    return `${ino}:${size}:${mtimeNs}`
  } catch (error) {
    // The log of changes is there while somebody writes.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
