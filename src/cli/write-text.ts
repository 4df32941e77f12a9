/** Writes a file that a command was asked for. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CustodyError } from '../model/error.ts'

/**
 * Folders that aren't there are made. `existing`: what happens to a file that is there.
 * @throws CustodyError CUSTODY_OUTPUT.
 */
export function writeText(path: string, text: string, existing: 'replace' | 'keep' = 'replace'): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    // wx: a file that has appeared meanwhile isn't overwritten either.
    writeFileSync(path, text, { flag: existing === 'replace' ? 'w' : 'wx' })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CustodyError('CUSTODY_OUTPUT', `${path} can’t be written: ${why}`, { cause: error })
  }
}

/** @throws CustodyError CUSTODY_TARGET_EXISTS */
export function refuseExisting(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return
  throw new CustodyError('CUSTODY_TARGET_EXISTS', `${path} exists already; nothing was written`, {
    where: { file: path },
    hint: 'Name another file, or add --force to overwrite it.',
  })
}
