/** One witness asked for its cosignature of a head, until it gives it, or doesn't. */
import { addCheckpointText } from '../../format/add-checkpoint.ts'
import { type CosignerKey, cosignaturesOf } from '../../format/cosignature.ts'
import { signatureLine } from '../../format/head-note.ts'
import { noteOf, readNote } from '../../format/note.ts'
import type { PolicyWitness } from '../../format/policy.ts'
import type { CurrentHead } from './current-head.ts'
import { type NextStep, nextStep } from './next-step.ts'
import { type Post, Unreachable } from './post.ts'

/** A witness, and its keys: those that the policy has for one URL. */
export interface WitnessPlace {
  readonly url: string
  readonly witnesses: readonly PolicyWitness[]
}

export type Asking =
  /** Signature lines of its keys, as `noteOf` takes them, each checked. `lacking`: keys of the policy that have not signed. */
  | { readonly kind: 'cosigned'; readonly lines: readonly string[]; readonly lacking: readonly PolicyWitness[] }
  | Exclude<NextStep, { readonly kind: 'answered' | 'ask' }>

/** @param old_size of the head that it cosigned last, as far as is known. */
export async function askWitness(
  { url, witnesses }: WitnessPlace,
  head: CurrentHead,
  old_size: number,
  post: Post,
): Promise<Asking> {
  const { size, note } = head
  let step: NextStep = { kind: 'ask', old_size }
  for (let times = 1; step.kind === 'ask'; times++) {
    const from: number = step.old_size
    const proof = await head.consistency(from)
    try {
      const body = addCheckpointText({ old_size: from, proof, note })
      const answer = await post(`${url.replace(/\/+$/, '')}/add-checkpoint`, 'text/plain; charset=utf-8', body)
      const text = Buffer.from(answer.body).toString('utf8')
      step = nextStep({ status: answer.status, body: text }, { old_size: from, size, times })
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      step = { kind: 'later', why: error.message }
    }
  }
  return step.kind === 'answered' ? checked(step.lines, head, witnesses) : step
}

/** Of what it answered, the cosignatures of its keys; lines of others are passed over. */
function checked(answer: string, { text }: CurrentHead, witnesses: readonly PolicyWitness[]): Asking {
  const read = readNote(`${text}\n${answer}`)
  if (!read.ok) return { kind: 'later', why: 'answers with something that isn’t a cosignature' }
  const lines: string[] = []
  const signed = new Set<CosignerKey>()
  for (const signature of read.signatures) {
    const line = signatureLine(signature)
    const { key } = witnesses.find(each => each.key.name === signature.name && each.key.hash === signature.hash) ?? {}
    if (key === undefined || signed.has(key)) continue
    const found = cosignaturesOf(noteOf(text, [line]), [key])
    // Without a time it would be no witness's word.
    if (!found.ok || found.cosignatures[0]?.timestamp === 0)
      return { kind: 'later', why: 'answers with a cosignature that isn’t one of this head' }
    signed.add(key)
    lines.push(line)
  }
  if (lines.length === 0) return { kind: 'later', why: 'answers without a cosignature by the key that the policy has' }
  return { kind: 'cosigned', lines, lacking: witnesses.filter(each => !signed.has(each.key)) }
}
