/** The letter with a proof inside it: what `prove --html` writes. */
import type { Environment } from '../../ledger/keys/config-folder.ts'
import { trustedKeys } from '../../ledger/keys/known-ledgers.ts'
import { checkProof } from '../../read/check/check-proof.ts'
import { UnsoundRecord } from '../../read/evidence/unsound.ts'
import { letterText } from '../../read/letter/letter.ts'

/** HTML. It tells what checking the proof tells. `version`: of this program. @throws UnsoundRecord if that doesn't tell a story. */
export async function letterAround(env: Environment, version: string, proof: string): Promise<string> {
  const checked = await checkProof(proof, { trusted: trustedKeys(null, env) })
  const { story, checks } = checked
  if (story === null) throw new UnsoundRecord(checks.flatMap(each => each.problems))
  return letterText({ ...checked, story, proof, version })
}
