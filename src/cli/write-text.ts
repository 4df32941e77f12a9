/** Writes a file that a command was asked for. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CustodyError } from '../model/error.ts'

/** Folders that aren't there are made. @throws CustodyError CUSTODY_OUTPUT. */
export function writeText(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CustodyError('CUSTODY_OUTPUT', `${path} can’t be written: ${why}`, { cause: error })
  }
}
