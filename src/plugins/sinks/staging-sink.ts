/** A sink of files of this machine, as another one uses it that sends them elsewhere. */
import type { Sink } from '../../sdk/spec.ts'

/** A file of this machine that becomes an object: where it would stand, and where it stands until it is sent. */
export interface StagedOutput {
  readonly path: string
  readonly at: string
}

/** The sink that stages. */
export interface StagingSink extends Sink {
  /** Once it is settled where its files go; they are whole once it is finished. */
  staged(): readonly StagedOutput[]
}
