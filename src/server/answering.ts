/** What the server asks: src/host/answers, and in tests what stands in its place. */
import type { Asked, Kind, Piece, Progress, Streamed } from '../host/answers/asked.ts'

export interface AskOptions {
  /** Gives the question up. */
  readonly signal?: AbortSignal
  /** false: each value is left out. */
  readonly values?: boolean
  readonly onProgress?: (progress: Progress) => void
}

export interface Answering {
  ask<K extends Kind>(kind: K, params: Asked[K]['params'], options?: AskOptions): Promise<Asked[K]['answer']>
  stream<K extends keyof Streamed>(
    kind: K,
    params: Streamed[K],
    options?: Pick<AskOptions, 'signal' | 'values'>,
  ): AsyncIterable<Piece>
}
