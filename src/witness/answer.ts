/**
 * What a witness answers to a request (C2SP tlog-witness, add-checkpoint).
 *
 * ANSWER-1. It cosigns a head only if a key that it knows for the log has signed it, and the head extends the one that it cosigned last.
 * ANSWER-2. The head is stored before the cosignature is given out, and only if the one that it was compared with is still the last.
 * ANSWER-3. Its time never goes back for a log: a later cosignature isn't dated before an earlier one.
 */
import { type AddCheckpoint, parseAddCheckpoint, SIZE_TYPE } from '../format/add-checkpoint.ts'
import { type Checkpoint, parseAnyCheckpoint } from '../format/checkpoint.ts'
import type { Cosigner } from '../format/cosigning-key.ts'
import { headNote, signatureLine } from '../format/head-note.ts'
import { noteOf, type OpenedNote, openNote, readNote } from '../format/note.ts'
import { checkConsistency, EMPTY_ROOT } from '../format/tree.ts'
import { NoteError, type VerifierKey } from '../format/verifier-key.ts'
import { type KnownKey, keysFor } from './logs.ts'

export interface Answer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422
  readonly type: 'text/plain; charset=utf-8' | typeof SIZE_TYPE
  readonly body: string
}

/** What is remembered of a log. */
export interface LastHead {
  readonly size: number
  readonly root: string
  /** With the log's signature, and its own. */
  readonly note: string
  /** Seconds since the Unix epoch. */
  readonly at: number
}

/** What is remembered of logs; `change` runs alone, in a transaction that is durable when it returns. */
export interface HeadStore {
  read(origin: string): LastHead | null
  change<T>(
    origin: string,
    decide: (last: LastHead | null) => { readonly store: LastHead | null; readonly result: T },
  ): T
}

export interface WitnessPorts {
  readonly cosigner: Cosigner
  readonly logs: readonly KnownKey[]
  readonly store: HeadStore
  /** Seconds since the Unix epoch. */
  readonly now_s: () => number
}

export function addCheckpoint(body: string, ports: WitnessPorts): Answer {
  const request = parseAddCheckpoint(body)
  const head = request === null ? null : headIn(request.note)
  if (request === null || head === null) return refusal(400, 'this is no add-checkpoint request')
  return ports.store.change(head.origin, last => {
    const answer = decide(request, head, last, ports)
    return 'cosigned' in answer ? { store: answer.cosigned, result: answer.answer } : { store: null, result: answer }
  })
}

/** The head that was cosigned last, by the SHA-256 of its log's origin, as monitors ask for it. */
export function checkpointAnswer(head: LastHead | null): Answer {
  return head === null ? refusal(404, 'no checkpoint of this log was cosigned') : text(200, head.note)
}

type Cosigned = { readonly cosigned: LastHead; readonly answer: Answer }

function decide(
  { old_size, proof, note }: AddCheckpoint,
  head: Checkpoint,
  last: LastHead | null,
  { cosigner, logs, now_s }: WitnessPorts,
): Answer | Cosigned {
  const keys = keysFor(head.origin, logs, last === null ? null : of => signersOf(last.note, of))
  if (keys.length === 0) return refusal(404, `no log with the origin ${head.origin} is known`)
  const opened = openNote(note, keys)
  if (!opened.ok) return refusal(403, distrust(opened))
  if (old_size > head.size) return refusal(400, 'the old size is larger than the checkpoint’s')
  if (old_size !== (last?.size ?? 0)) return conflict(last?.size ?? 0)
  if (head.size === 0 && head.root !== EMPTY_ROOT) return refusal(422, 'this isn’t the root of an empty tree')
  if (!extends_(old_size, proof, head, last)) return refusal(422, 'the consistency proof doesn’t hold')
  const at = Math.max(now_s(), last?.at ?? 0)
  const lines = cosigner.cosign(opened.text, head, at)
  const own = headNote(note, opened.signed_by) ?? note
  const read = readNote(own)
  const signed = read.ok ? read.signatures.map(signatureLine) : []
  return {
    cosigned: { size: head.size, root: head.root, note: noteOf(opened.text, [...signed, ...lines]), at },
    answer: text(200, lines.map(each => `— ${each}\n`).join('')),
  }
}

function extends_(old_size: number, proof: readonly string[], head: Checkpoint, last: LastHead | null): boolean {
  if (old_size === 0) return proof.length === 0
  return last !== null && checkConsistency(old_size, last.root, head.size, head.root, proof)
}

function signersOf(note: string, keys: readonly VerifierKey[]): readonly VerifierKey[] {
  const opened = openNote(note, keys)
  return opened.ok ? opened.signed_by : []
}

function distrust({ problem, message }: Extract<OpenedNote, { ok: false }>): string {
  return problem === 'unknown_key' ? 'no key that is known for this log has signed it' : message
}

function headIn(note: string): Checkpoint | null {
  const read = readNote(note)
  if (!read.ok) return null
  try {
    return parseAnyCheckpoint(read.text)
  } catch (error) {
    if (error instanceof NoteError) return null
    throw error
  }
}

function conflict(size: number): Answer {
  return { status: 409, type: SIZE_TYPE, body: `${size}\n` }
}

function refusal(status: Exclude<Answer['status'], 200 | 409>, message: string): Answer {
  return text(status, `${message}\n`)
}

function text(status: Answer['status'], body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body }
}
