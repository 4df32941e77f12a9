/** The oldest Node that Custody runs on. `bin/custody.js` says so first; this is for those who import the program. */
import { CustodyError } from '../model/error.ts'

/** The first with ML-DSA-44. */
const OLDEST = { major: 24, minor: 6 }

export function nodeVersionProblem(version: string): CustodyError | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return null
  return new CustodyError(
    'CUSTODY_NODE_VERSION',
    `Custody needs Node ${OLDEST.major}.${OLDEST.minor} or newer; this is Node ${version}`,
  )
}
