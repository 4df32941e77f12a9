/**
 * Answers to questions about a ledger: what the command line, the server, MCP and the terminal explorer show comes from here, or from what
 * stands behind it.
 *
 * LEDGER-ANSWERS-1. Nothing is read in the thread of whoever asks. A question that takes long has a thread of its own, so that no short one
 *     waits for it, and ends with that when it is given up.
 * LEDGER-ANSWERS-2. Each question is answered in a snapshot of its own moment, and what is shown is checked there (I13).
 * LEDGER-ANSWERS-3. Values are left out by the thread that answers: where they aren't to be seen they never leave it. Nor is it said then at
 *     which place the ledger is, by an error either.
 */
import { availableParallelism } from 'node:os'
import { ownKeychain } from '../../ledger/encryption/keychain.ts'
import type { Environment } from '../../ledger/keys/config-folder.ts'
import { openLedgerReader } from '../../ledger/open.ts'
import { indexFolder } from '../../search/index/index-folder.ts'
import { rememberedOf } from '../ledger.ts'
import { withoutPlace } from '../ledger-name.ts'
import type { AnswerThreadInput, AnyQuestion } from './answer-messages.ts'
import { AnswerThreads } from './answer-threads.ts'
import type { Asked, Kind, Piece, Progress, Streamed } from './asked.ts'
import { type KeptIndex, keepIndex } from './kept-index.ts'
import { KnownAnswers } from './known-answers.ts'
import { SqlReader } from './sql.ts'
import { refuseUnsound } from './unsound.ts'

export interface LedgerAnswersOptions {
  readonly url: string
  readonly env: Environment
  /**
   * Rows are found by the index beside the ledger: in the background it is built, and kept as runs grow; `as it is` (if absent) it is used if
   * it is there; `off` it isn't.
   */
  readonly index?: 'background' | 'as it is' | 'off'
  /** The index can't be kept, and rows are found without it. Each trouble is reported once. */
  readonly onIndexTrouble?: (message: string) => void
}

export interface AskOptions {
  readonly signal?: AbortSignal
  /** False: every value is left out. */
  readonly values?: boolean
  readonly onProgress?: (progress: Progress) => void
}

/** Questions whose time is limited, or hardly depends on the length of a run. */
const SHORT: ReadonlySet<Kind> = new Set<Kind>([
  'runs',
  'counts',
  'plan',
  'splits',
  'rows',
  'row',
  'story',
  'proof',
  'letter',
  'index',
  'docs',
])
/** Threads for short questions: they wait for no disk, as a rule, so that more than there are processors are of no use. */
const SHORT_THREADS = Math.min(4, Math.max(2, availableParallelism()))
/** More long questions than this wait for each other. */
export const LONG_THREADS = 4
/** Beyond these nobody would wait for an answer. */
const MOST_WAITING = { short: 1_000, long: 100 }

export class LedgerAnswers {
  readonly #url: string
  readonly #short: AnswerThreads
  readonly #long: AnswerThreads
  readonly #known = new KnownAnswers()
  readonly #sql: SqlReader

  readonly #builder: KeptIndex | null

  private constructor(input: AnswerThreadInput, builder: KeptIndex | null) {
    this.#url = input.url
    this.#sql = new SqlReader(input.url)
    this.#builder = builder
    this.#short = new AnswerThreads({
      input,
      most: SHORT_THREADS,
      most_waiting: MOST_WAITING.short,
      given_up: 'goes on',
    })
    this.#long = new AnswerThreads({ input, most: LONG_THREADS, most_waiting: MOST_WAITING.long, given_up: 'ends' })
  }

  /** @throws CustodyError as `openLedgerReader`. */
  static async open(options: LedgerAnswersOptions): Promise<LedgerAnswers> {
    const { url, env, index: use = 'as it is', onIndexTrouble } = options
    const reader = await openLedgerReader(url)
    try {
      const before = await rememberedOf(reader, env)
      const index = use === 'off' ? null : indexFolder(reader.url)
      const is_kept = use === 'background' && index !== null
      // What can't be sent to a thread isn't part of an environment.
      const input = { url: reader.place, env: { ...env }, keys: ownKeychain.all, before, index }
      return new LedgerAnswers(input, is_kept ? await keepIndex(reader, index, onIndexTrouble) : null)
    } finally {
      await reader.close()
    }
  }

  /**
   * Params and answer have the shapes of src/api. An answer that is kept for a run that is over is given again as long as nothing was
   * written of that.
   * @throws CustodyError as the commands; the signal's reason, if it was given up.
   */
  async ask<K extends Kind>(
    kind: K,
    params: Asked[K]['params'],
    options: AskOptions = {},
  ): Promise<Asked[K]['answer']> {
    const { values = true } = options
    try {
      return await this.#ask(kind, params, { ...options, values })
    } catch (error) {
      throw values ? error : withoutPlace(error, this.#url)
    }
  }

  async #ask<K extends Kind>(
    kind: K,
    params: Asked[K]['params'],
    { signal, values, onProgress }: AskOptions & { readonly values: boolean },
  ): Promise<Asked[K]['answer']> {
    if (kind === 'sql') {
      // cast: the parameters, and the answer, are those of the kind; here and below.
      const wanted = params as Asked['sql']['params']
      // cast: as above.
      return (await this.#sql.read(wanted, { values, signal })) as Asked[K]['answer']
    }
    const key = this.#known.keyOf(kind, params, values)
    const kept = this.#known.get(key)
    const threads = SHORT.has(kind) ? this.#short : this.#long
    // cast: the parameters are those of the kind.
    const question = { kind, params } as AnyQuestion
    const reply = await threads.ask({ question, values, known: kept?.state ?? null }, { signal, onProgress })
    // cast: tests hold the answers of each kind against its schema.
    return this.#known.take(key, kept, reply) as Asked[K]['answer']
  }

  /**
   * Gives pieces, none before the one before it was taken. Whoever stops listening ends it.
   * @throws UnsoundRecord where the record doesn't hold, if need be after some pieces; else as `ask`.
   */
  async *stream<K extends keyof Streamed>(
    kind: K,
    params: Streamed[K],
    { signal, values = true }: Pick<AskOptions, 'signal' | 'values'> = {},
  ): AsyncGenerator<Piece, void, undefined> {
    const own = new AbortController()
    const pieces: Array<{ readonly piece: Piece; taken(): void }> = []
    let wake: () => void = () => undefined
    const state: { over: boolean; error: unknown } = { over: false, error: null }
    const onPiece = (piece: Piece) =>
      new Promise<void>(taken => {
        pieces.push({ piece, taken })
        wake()
      })
    const both = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal])
    const request = { question: { kind, params }, values, known: null }
    void this.#long
      .ask(request, { signal: both, onPiece })
      .then(reply => {
        if (reply.kind === 'answer') refuseUnsound(reply.answer)
      })
      .catch((error: unknown) => {
        state.error = error
      })
      .finally(() => {
        state.over = true
        wake()
      })
    try {
      for (;;) {
        const next = pieces.shift()
        if (next !== undefined) {
          yield next.piece
          next.taken()
        } else if (state.over) break
        else
          await new Promise<void>(resolve => {
            wake = resolve
          })
      }
      if (state.error !== null) throw state.error
    } finally {
      if (!state.over) own.abort()
    }
  }

  async close(): Promise<void> {
    this.#sql.close()
    await Promise.all([this.#short.close(), this.#long.close(), this.#builder?.close()])
  }
}
