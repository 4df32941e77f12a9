/** Finds out where an output will go, and touches nothing. */
import { basename, dirname, extname, join, resolve } from 'node:path'
import { CustodyError } from '../../model/error.ts'
import type { SinkContext, SinkIntent } from '../../sdk/spec.ts'
import { hashFile, hiddenBeside, newSuffix } from './file-parts.ts'
import type { FileFacts, FileSystem } from './file-system.ts'
import { OutputLock } from './output-lock.ts'
import { asOutputError, type OutputPlace, outputError } from './sink-error.ts'

export type IfExists = 'fail' | 'append' | 'replace' | 'number'

export interface Target {
  /** `-` is standard output. */
  readonly path: string
  /** Absolute; relative paths start here. */
  readonly folder: string
  /** Name of the sink in the pipeline. */
  readonly node: string
  readonly if_exists: IfExists
  /** False if the format is of no use before its end, so that nothing can be appended to it. */
  readonly appendable: boolean
  /** The run's id. */
  readonly run: string
}

export const STREAM: SinkIntent = {
  path: null,
  mode: 'stream',
  prior_bytes: 0,
  prior_sha256: null,
  staged: null,
  replaced: null,
}

/** The target that a sink's options describe; of a re-run it is another, so that nothing is replaced. @throws CustodyError CUSTODY_ARGUMENT. */
export function targetIn(
  { folder, node, run, placed }: SinkContext,
  { path, if_exists, appendable }: Pick<Target, 'path' | 'if_exists' | 'appendable'>,
): Target {
  const described = { path, folder, node, if_exists, appendable, run }
  if (placed === null || path === '-') return described
  if (placed.kind === 'numbered') return { ...described, path: `${path}.rerun-${placed.number}`, if_exists: 'fail' }
  if (appendable) return { ...described, if_exists: 'append' }
  throw new CustodyError('CUSTODY_ARGUMENT', `nothing can be appended to the file of sink \`${node}\``, {
    where: { node },
    hint: 'Leave --outputs append away: what the rows become is then written beside it.',
  })
}

export function isStandardOutput(target: Target): boolean {
  return target.path === '-'
}

export function placeOf(target: Target): OutputPlace {
  const path = isStandardOutput(target) ? 'standard output' : resolve(target.folder, target.path)
  return { node: target.node, path }
}

/**
 * A device or a pipe is a stream, as standard output is: it can't be wound back. Only what is appended to a file that is there
 * is written where it stands; all else is staged. `isTaken`: whether the run itself needs a path that `number` could choose.
 * @throws CustodyError CUSTODY_TARGET_EXISTS, CUSTODY_OUTPUT_HELD, CUSTODY_SINK.
 */
export async function intend(
  target: Target,
  files: FileSystem,
  isTaken: (path: string) => boolean = () => false,
): Promise<SinkIntent> {
  if (isStandardOutput(target)) return STREAM
  const place = placeOf(target)
  try {
    const there = files.facts(place.path)
    if (there === null) refuseDanglingLink(place, files)
    else if (there.kind === 'folder')
      throw outputError('CUSTODY_SINK', place, `${place.path} is a folder`, 'Name a file in it.')
    else if (there.kind === 'other') return STREAM
    return await intendFile(target, place, there, files, isTaken)
  } catch (error) {
    throw asOutputError(error, place)
  }
}

async function intendFile(
  target: Target,
  place: OutputPlace,
  there: FileFacts | null,
  files: FileSystem,
  isTaken: (path: string) => boolean,
): Promise<SinkIntent> {
  const mode = target.if_exists
  const lockOf = (path: string) => new OutputLock(files, target.run, path, place)
  // Through a link it is the file behind it that is written; each run names one by the same path, whether it is there yet or not.
  const real = there === null ? realPlace(place.path, files) : files.realPath(place.path)
  if (mode !== 'number') lockOf(real).refuseIfHeld()
  if (there !== null && mode === 'fail') throw targetExists(target, place)
  const isFree = (path: string) => files.facts(path) === null && !isTaken(path) && !lockOf(path).isHeld()
  const path = mode === 'number' ? freeName(realPlace(place.path, files), isFree) : real
  const appends = there !== null && mode === 'append'
  files.mayWrite(appends ? path : nearestFolder(dirname(path), place, files))
  return {
    path,
    mode,
    prior_bytes: appends ? there.bytes : 0,
    prior_sha256: appends ? await hashFile(files, path, there.bytes) : null,
    staged: appends ? null : hiddenBeside(path, newSuffix()),
    replaced:
      there !== null && mode === 'replace'
        ? { bytes: there.bytes, sha256: await hashFile(files, path, there.bytes) }
        : null,
  }
}

/** For a target that should be free: with `fail` when the run begins, and with all others if it was so then. */
export function targetExists({ if_exists, node, appendable }: Target, place: OutputPlace): Error {
  if (if_exists !== 'fail') return targetTaken(place)
  const hint = appendable
    ? 'Set if_exists: append, replace or number, or move the file away.'
    : 'Set if_exists: replace or number, or move the file away.'
  const message = `${place.path} exists already, and sink \`${node}\` has if_exists: fail`
  return outputError('CUSTODY_TARGET_EXISTS', place, message, hint)
}

function targetTaken(place: OutputPlace): Error {
  const message = `something stands at ${place.path} that wasn’t there when the run began`
  return outputError('CUSTODY_TARGET_EXISTS', place, message, 'Move it away, then resume.')
}

export function refuseDanglingLink(place: OutputPlace, files: FileSystem): void {
  if (files.isLink(place.path))
    throw outputError('CUSTODY_SINK', place, `${place.path} is a link to a file that isn’t there`, 'Remove the link.')
}

/** The folder, or the nearest one above it that is there. */
export function nearestFolder(folder: string, place: OutputPlace, files: FileSystem): string {
  const there = files.facts(folder)
  if (there?.kind === 'folder') return folder
  if (there !== null) {
    throw outputError('CUSTODY_SINK', place, `${folder} is a file, not a folder`, 'Choose another path.')
  }
  return nearestFolder(dirname(folder), place, files)
}

/** Where a file is whose folders may be links, and may not be there. */
export function realPlace(path: string, files: FileSystem): string {
  const folder = dirname(path)
  const real = files.facts(folder) !== null ? files.realPath(folder) : folder === path ? path : realPlace(folder, files)
  return join(real, basename(path))
}

/** The path itself, `name-1.csv`, `name-2.csv`, …: the first that is free. */
function freeName(path: string, isFree: (path: string) => boolean): string {
  const extension = extname(path)
  const stem = path.slice(0, path.length - extension.length)
  for (let number = 0, name = path; ; name = `${stem}-${++number}${extension}`) if (isFree(name)) return name
}
