/** A ledger, or one run of it, verified: what `verify` prints. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { findRun } from '../../read/runs/list.ts'
import type { VerifyOptions, VerifyResult } from '../../read/verify/verify.ts'
import { verifyOnAllCores } from '../verify.ts'

/** `name`: as the run was named; undefined for all. @throws CustodyError as `findRun`. */
export async function verifyNamed(
  reader: LedgerReader,
  name: string | undefined,
  options: Omit<VerifyOptions, 'run' | 'pages' | 'integrity' | 'newShelf'>,
): Promise<VerifyResult> {
  const run = name === undefined ? undefined : (await findRun(reader, name)).run
  return verifyOnAllCores(reader, { ...options, run })
}
