/** Where what splits write is kept until their coordinator puts it together. */

/**
 * A piece is what one process wrote of one split for one sink; whoever takes the split over writes another. Or it is what the coordinator dealt
 * to a split of one source: a spool.
 */
export interface PieceName {
  readonly part: number
  /** Of the lease by which the process had the split; of a spool, the run. */
  readonly epoch: number
  /** Number of the node; of a spool, a source's. */
  readonly sink: number
}

export interface PieceFile {
  /** Durably, behind what is there. @throws CustodyError CUSTODY_SINK, CUSTODY_SINK_FULL. */
  append(bytes: Uint8Array): Promise<void>
  /** Leaves so many bytes of it. @throws as `append`. */
  cut(bytes: number): Promise<void>
  close(): Promise<void>
}

/** Those of one run. */
export interface Pieces {
  /** The coordinator makes their folder, before any is created; it may be there. @throws CustodyError CUSTODY_SINK, CUSTODY_SINK_FULL. */
  make(): Promise<void>
  /** An empty one; what had this name before is gone. @throws CustodyError CUSTODY_SINK, CUSTODY_SINK_FULL, CUSTODY_PIECES_UNSEEN. */
  create(name: PieceName): Promise<PieceFile>
  /** The first so many bytes of one, some at a time; fewer, if there are no more. @throws CustodyError CUSTODY_SINK, CUSTODY_PIECES_UNSEEN. */
  read(name: PieceName, bytes: number): AsyncIterable<Uint8Array>
  /** Writes bytes behind the first `at` ones of a spool, not durably; with none before, there is nothing else in it. @throws as `create`. */
  write(name: PieceName, at: number, bytes: Uint8Array): Promise<void>
  /** Makes durable what was written of these. @throws as `create`. */
  sync(names: readonly PieceName[]): Promise<void>
  /** Removes spools of these sources with a lower epoch: nobody has them on record, nor will. @throws CustodyError CUSTODY_SINK. */
  removeSpools(sources: ReadonlySet<number>, below_epoch: number): Promise<void>
  /** None is wanted any more. Never throws. */
  remove(): Promise<void>
}
