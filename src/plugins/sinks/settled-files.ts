/** Where files are going to stand, found out when all their rows are there, and before any of them is touched. */
import type { SinkIntent } from '../../sdk/spec.ts'
import { changedError, refuseChanged } from './file-parts.ts'
import type { FileSystem } from './file-system.ts'
import type { NamedFile } from './named-files.ts'
import { foldedName } from './path-segment.ts'
import type { Found } from './row-spool.ts'
import { intend, type Target, targetExists } from './target.ts'

/** What is on record of a file before it is touched. A type, not an interface, so that it is Json. */
export type SettledFile = {
  /** Absolute; the name that `number` chose. */
  readonly path: string
  /** What it is put behind: absent if it begins with its first row. */
  readonly prior?: { readonly bytes: number; readonly sha256: string }
  /** What it takes the place of, if it does. */
  readonly replaced?: { readonly bytes: number; readonly sha256: string }
}

export interface SettlingPorts {
  readonly files: FileSystem
  readonly target: Target
  /** Whether the run needs a path, or another sink of it writes there. */
  readonly isTaken: (path: string) => boolean
}

/** @throws CustodyError CUSTODY_OUTPUT_CHANGED if others touched one since the run first had a row for it; those of `intend`. */
export async function settledFiles(named: readonly NamedFile[], ports: SettlingPorts): Promise<SettledFile[]> {
  const { files, target } = ports
  const taken = new Set(named.map(({ path }) => foldedName(path)))
  const settled: SettledFile[] = []
  for (const { path, found } of named) {
    const own = foldedName(path)
    if (target.if_exists === 'append' || target.if_exists === 'replace') refuseTouched(path, found, files, target)
    const isTaken = (each: string) => (each === path ? false : taken.has(foldedName(each)) || ports.isTaken(each))
    const intent = await intend({ ...target, path }, files, isTaken)
    taken.delete(own)
    taken.add(foldedName(intent.path ?? path))
    settled.push(settledBy(intent, path))
  }
  return settled
}

function settledBy({ path, prior_bytes, prior_sha256, replaced }: SinkIntent, named: string): SettledFile {
  return {
    path: path ?? named,
    ...(prior_sha256 === null ? {} : { prior: { bytes: prior_bytes, sha256: prior_sha256 } }),
    ...(replaced == null ? {} : { replaced }),
  }
}

function refuseTouched(path: string, found: Found | null, files: FileSystem, target: Target): void {
  const there = files.facts(path)
  const place = { node: target.node, path }
  if (found === null) {
    if (there !== null) throw targetExists(target, place)
  } else if (there === null) {
    // What was to be replaced may go; what comes then takes its place.
    if (target.if_exists === 'append') throw changedError(place, { kind: 'gone' })
  } else {
    refuseChanged(there, found, place)
    if (there.changed !== found.changed) throw changedError(place, { kind: 'edited' })
  }
}
