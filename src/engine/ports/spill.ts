/** Where the engine keeps what it can't keep in memory. Nothing of it outlives the process: all of it follows from the ledger. */

/** Bytes that nobody else sees; gone when it is closed. Reading and writing are synchronous: what they take is memory of the system, mostly. */
export interface SpillFile {
  /** @throws CustodyError CUSTODY_SPILL. */
  append(bytes: Uint8Array): void
  /** Fills `bytes` with what stands at `position`. @throws CustodyError CUSTODY_SPILL if that isn't there. */
  read(position: number, bytes: Uint8Array): void
  /** Never throws. */
  close(): void
}

export interface Spill {
  /** How many bytes a node may keep in memory before it needs files. */
  readonly memory_bytes: number
  /** @throws CustodyError CUSTODY_SPILL. */
  create(): SpillFile
}

/** For whoever has no folder to offer: all of it stays in memory. */
export const IN_MEMORY: Spill = {
  memory_bytes: Number.POSITIVE_INFINITY,
  create: () => {
    throw new TypeError('no file is needed where memory has no end')
  },
}
