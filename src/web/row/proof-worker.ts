/** Checks a proof beside the page, with the verifier's own code, so that the page never stalls. Asks no network and keeps nothing. */
import { isCustodyError } from '../../model/error.ts'
import { checkProof } from '../../read/check/check-proof.ts'
import { trustIn } from '../../read/check/trust-text.ts'
import type { ProofAnswer, ProofQuestion } from './proof-messages.ts'

addEventListener('message', (event: MessageEvent<ProofQuestion>) => {
  const { id, proof, trust } = event.data
  void checked(proof, trust).then(answer => postMessage({ id, ...answer } satisfies ProofAnswer))
})

async function checked(proof: string, trust: string) {
  const read = trustIn(trust)
  // Keys that can't be read are nobody's: the page says what is wrong with them.
  const trusting = read.ok ? read.trusting : { trusted: [] }
  try {
    return { ok: true, checked: await checkProof(proof, trusting) } as const
  } catch (error) {
    if (isCustodyError(error)) return { ok: false, message: error.message } as const
    return {
      ok: false,
      message: `the check itself failed: ${error instanceof Error ? error.message : String(error)}`,
    } as const
  }
}
