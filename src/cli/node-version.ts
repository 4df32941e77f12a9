/** The oldest Node that Custody runs on. `bin/custody.js` says so first; this is for those who import the program. */
import { CustodyError } from '../model/error.ts'

const OLDEST = 24

export function nodeVersionProblem(version: string): CustodyError | null {
  const major = Number.parseInt(version, 10)
  if (major >= OLDEST) return null
  return new CustodyError('CUSTODY_NODE_VERSION', `Custody needs Node ${OLDEST} or newer; this is Node ${version}`)
}
