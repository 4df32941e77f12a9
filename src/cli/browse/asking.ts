/** What a state asks for, done: questions to the ledger's answers, and proofs written as files. */
import { resolve } from 'node:path'
import type { Unsound } from '../../api/common.ts'
import type { Asked, Progress } from '../../host/answers/asked.ts'
import type { LedgerAnswers } from '../../host/answers/ledger-answers.ts'
import { asCustodyError } from '../render/error.ts'
import { nearPath } from '../render/text.ts'
import { refuseExisting, writeText } from '../write-text.ts'
import type { AnyAnswer, Content, Effect, Note, Target } from './state.ts'
import type { Event } from './step.ts'

/** Runs, and rows, of a page. */
const PAGE = 50

export class Asking {
  readonly #answers: Pick<LedgerAnswers, 'ask'>
  readonly #cwd: string
  readonly #tell: (event: Event) => void
  readonly #asked = new Map<number, AbortController>()
  readonly #working = new Set<Promise<void>>()

  /** Proofs are written to `cwd`. `tell` takes what comes back. */
  constructor(answers: Pick<LedgerAnswers, 'ask'>, cwd: string, tell: (event: Event) => void) {
    this.#answers = answers
    this.#cwd = cwd
    this.#tell = tell
  }

  do(effect: Effect): void {
    if (effect.kind === 'give up') {
      this.#asked.get(effect.id)?.abort()
      return
    }
    const work = effect.kind === 'ask' ? this.#ask(effect.id, effect.target) : this.#prove(effect)
    this.#working.add(work)
    void work.finally(() => this.#working.delete(work))
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working)
  }

  /** Gives all up. */
  async close(): Promise<void> {
    for (const each of this.#asked.values()) each.abort()
    await this.idle()
  }

  async #ask(id: number, target: Target): Promise<void> {
    const giving_up = new AbortController()
    this.#asked.set(id, giving_up)
    const content = await this.#contentOf(id, target, giving_up.signal)
    this.#asked.delete(id)
    // STEP-2 would drop it all the same.
    if (!giving_up.signal.aborted) this.#tell({ kind: 'answered', id, content })
  }

  async #contentOf(id: number, target: Target, signal: AbortSignal): Promise<Content<AnyAnswer>> {
    try {
      const answer = await this.#answerTo(id, target, signal)
      // cast: what holds, and what says by itself whether it does (`verify`), is the answer.
      return isUnsound(answer)
        ? { kind: 'unsound', problems: answer.problems }
        : { kind: 'there', answer: answer as AnyAnswer }
    } catch (error) {
      return { kind: 'failed', error: asCustodyError(error) }
    }
  }

  #answerTo(id: number, { kind, place }: Target, signal: AbortSignal): Promise<Asked[Target['kind']]['answer']> {
    const options = {
      signal,
      onProgress: (progress: Progress) => this.#tell({ kind: 'progress', id, progress }),
    }
    switch (kind) {
      case 'runs':
        return this.#answers.ask('runs', { limit: PAGE, ...cursorOf(place.trail) }, options)
      case 'rows': {
        const { run, filter, trail } = place
        return this.#answers.ask('rows', { run, ...filter, limit: PAGE, ...cursorOf(trail) }, options)
      }
      case 'story':
        return this.#answers.ask('story', place, options)
      case 'run':
      case 'verify':
        return this.#answers.ask(kind, place, options)
    }
  }

  async #prove(wanted: { readonly run: string; readonly row: number }): Promise<void> {
    this.#tell({ kind: 'said', note: await this.#proof(wanted) })
  }

  async #proof({ run, row }: { readonly run: string; readonly row: number }): Promise<Note> {
    try {
      const document = await this.#answers.ask('proof', { run, row })
      if ('holds' in document) return { text: 'the record doesn’t hold: nothing was written', tone: 'bad' }
      const path = resolve(this.#cwd, document.file_name)
      refuseExisting(path)
      writeText(path, document.text, 'keep')
      return { text: `written: ${nearPath(path, this.#cwd)}`, tone: 'good' }
    } catch (error) {
      return { text: asCustodyError(error).message, tone: 'bad' }
    }
  }
}

function cursorOf(trail: readonly (string | null)[]): { cursor?: string } {
  const cursor = trail.at(-1) ?? null
  return cursor === null ? {} : { cursor }
}

function isUnsound(answer: object): answer is Unsound {
  return 'holds' in answer && answer.holds === false
}
