/** Finds out where an output will go, and touches nothing. */
import { createHash, randomBytes } from 'node:crypto'
import { constants, createReadStream, type Stats } from 'node:fs'
import { access, lstat, realpath, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import type { SinkIntent } from '../../sdk/spec.ts'
import { asOutputError, type OutputPlace, outputError, systemCode } from './sink-error.ts'

export type IfExists = 'fail' | 'append' | 'replace' | 'number'

export interface Target {
  /** `-` is standard output. */
  readonly path: string
  /** Absolute; relative paths start here. */
  readonly folder: string
  /** Name of the sink in the pipeline. */
  readonly node: string
  readonly if_exists: IfExists
  /** True: the file is written beside the target whatever `if_exists` says, because it is of no use before its end. */
  readonly staged: boolean
}

export const STREAM: SinkIntent = { path: null, mode: 'stream', prior_bytes: 0, prior_sha256: null, staged: null }

export function isStandardOutput(target: Target): boolean {
  return target.path === '-'
}

export function placeOf(target: Target): OutputPlace {
  const path = isStandardOutput(target) ? 'standard output' : resolve(target.folder, target.path)
  return { node: target.node, path }
}

/**
 * A device or a pipe is a stream, as standard output is: it can't be wound back.
 * @throws CustodyError CUSTODY_TARGET_EXISTS, CUSTODY_SINK.
 */
export async function intend(target: Target): Promise<SinkIntent> {
  if (isStandardOutput(target)) return STREAM
  const place = placeOf(target)
  try {
    const there = await statOrNull(place.path)
    if (there === null) await refuseDanglingLink(place)
    else if (there.isDirectory())
      throw outputError('CUSTODY_SINK', place, `${place.path} is a folder`, 'Name a file in it.')
    else if (!there.isFile()) return STREAM
    return await intendFile(target, place, there)
  } catch (error) {
    throw asOutputError(error, place)
  }
}

async function intendFile(target: Target, place: OutputPlace, there: Stats | null): Promise<SinkIntent> {
  const mode = target.if_exists
  if (there !== null && mode === 'fail') throw targetExists(target, place)
  // Through a link it is the file behind it that is written.
  const path = there === null ? place.path : mode === 'number' ? await freeName(place.path) : await realpath(place.path)
  const appends = there !== null && mode === 'append'
  await access(appends ? path : await nearestFolder(dirname(path), place), constants.W_OK)
  return {
    path,
    mode,
    prior_bytes: appends ? there.size : 0,
    prior_sha256: appends ? await hashFile(path, there.size) : null,
    staged: target.staged || mode === 'replace' ? stagedName(path) : null,
  }
}

export function targetExists(target: Target, place: OutputPlace): Error {
  const hint = target.staged
    ? 'Set if_exists: replace or number, or move the file away.'
    : 'Set if_exists: append, replace or number, or move the file away.'
  const message = `${place.path} exists already, and sink \`${target.node}\` has if_exists: ${target.if_exists}`
  return outputError('CUSTODY_TARGET_EXISTS', place, message, hint)
}

async function refuseDanglingLink(place: OutputPlace): Promise<void> {
  try {
    await lstat(place.path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw error
  }
  throw outputError('CUSTODY_SINK', place, `${place.path} is a link to a file that isn’t there`, 'Remove the link.')
}

/** The folder, or the nearest one above it that is there. */
async function nearestFolder(folder: string, place: OutputPlace): Promise<string> {
  const there = await statOrNull(folder)
  if (there?.isDirectory() === true) return folder
  if (there !== null) {
    throw outputError('CUSTODY_SINK', place, `${folder} is a file, not a folder`, 'Choose another path.')
  }
  return nearestFolder(dirname(folder), place)
}

/** `name-1.csv`, `name-2.csv`, …: the first that isn't there. */
async function freeName(path: string): Promise<string> {
  const extension = extname(path)
  const stem = path.slice(0, path.length - extension.length)
  for (let number = 1; ; number++) {
    const name = `${stem}-${number}${extension}`
    if ((await statOrNull(name)) === null) return name
  }
}

function stagedName(path: string): string {
  return join(dirname(path), `.${basename(path)}.custody-${randomBytes(4).toString('hex')}`)
}

export async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}

/** Lower-case hex SHA-256 of the first `size` bytes of a file; shorter files give the hash of all they have. */
export async function hashFile(path: string, size: number): Promise<string> {
  const hash = createHash('sha256')
  if (size > 0) for await (const bytes of createReadStream(path, { end: size - 1 })) hash.update(bytes as Buffer)
  return hash.digest('hex')
}
