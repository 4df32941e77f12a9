/**
 * Which files a source reads, where its options name several: lists, patterns, archives of files.
 *
 * INPUT-FILES-1. The order depends on names only: patterns and names as they are listed, within a pattern by the bytes of the names.
 * INPUT-FILES-2. A file is there once, in its first place, by whatever names or links it is found again.
 * INPUT-FILES-3. What a file was when it was listed is remembered: who reads it later knows whether it still is that.
 */
import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { absolutePlace, isStoreUrl } from '../../model/store-url.ts'
import { parseStoreUrl } from '../stores/store-url.ts'
import { Archive, isArchiveName } from './archive.ts'
import { type InputPlace, inputName, sourceError, systemError, whereOf } from './byte-reader.ts'
import { type Compression, compressionOf } from './compression.ts'
import { Exclusion } from './exclusion.ts'
import { byBytes, FilePattern, isFolderPath, isPattern, patternOfFolder } from './file-pattern.ts'
import { bytesOf, mustBeSame, type Seen, vanished } from './listed-file.ts'
import { noFiles, noMembers, nothingToExclude } from './no-files.ts'
import type { FileOptions } from './options.ts'
import { lookInStore, StoredFile, StoredPattern } from './stored-file.ts'

/** One file of several, or a member of an archive. */
export interface InputFile {
  /** As rows and people know it: relative to the pipeline's folder, unless the options name it otherwise. */
  readonly name: string
  readonly place: InputPlace
  /** Name of the member, and the archive that it is in; null for a file by itself. */
  readonly member: { readonly name: string; readonly archive: InputPlace } | null
  /** Of what is to be read; null if that isn't known. */
  readonly bytes: number | null
  /** As long as it lies there: packed, if it is. */
  readonly extent: number
  /** The file, or the archive, as it was listed. */
  readonly seen: Seen
}

export interface Listing {
  readonly files: readonly InputFile[]
  /** For people. */
  readonly warnings: readonly string[]
  readonly patterns: readonly Matches[]
}

type Matches = Pick<FilePattern, 'matchesFrom'>

type Where = Pick<InputPlace, 'folder' | 'node' | 'stores'>

/** Those that are there now. @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE, CUSTODY_INPUT_FORMAT. */
export async function listFiles(options: FileOptions, where: Where): Promise<Listing> {
  const files: InputFile[] = []
  const warnings: string[] = []
  const patterns: Matches[] = []
  const exclusion = await Exclusion.of(options.exclude)
  let lists = 0
  /** Names by device and inode, or by URL. */
  const known = new Map<string, string>()
  for (const path of typeof options.path === 'string' ? [options.path] : options.path) {
    const found = await filesOf(path, options, where, exclusion)
    if (found.pattern !== null) patterns.push(found.pattern)
    if (found.pattern !== null || isArchive(path, options)) lists += 1
    let matched = 0
    for (const { name, listed } of found.files) {
      const place = { ...where, path: name }
      const seen = listed ?? (await look(place, found.pattern === null && options.if_missing === 'empty'))
      if (seen === null) continue
      matched += 1
      const other = known.get(idOf(seen))
      if (other === undefined) files.push(...(await filesAt(place, seen, options, exclusion)))
      else if (other !== name) warnings.push(`${name} is the same file as ${other}, and is read once`)
      known.set(idOf(seen), other ?? name)
    }
    if (matched === 0 && options.if_missing === 'error') throw await noFiles(path, where, found.excluded)
  }
  if (lists === 0 && options.exclude !== undefined) throw nothingToExclude(where)
  return { files, warnings, patterns }
}

/**
 * Those with these names, which a run has on record. Of archives only what is on record is looked at. `absent`: whether what is gone is an
 * error here, or when it is opened. @throws CustodyError.
 */
export async function recordedFiles(
  names: readonly string[],
  options: FileOptions,
  where: Where,
  absent: 'refused' | 'taken' = 'refused',
): Promise<readonly InputFile[]> {
  const files: InputFile[] = []
  let archive: { readonly place: InputPlace; readonly seen: Seen } | null = null
  for (const name of names) {
    if (archive === null || !name.startsWith(`${archive.place.path}/`)) archive = await archiveOf(name, options, where)
    if (archive === null) {
      const place = { ...where, path: name }
      const seen = absent === 'taken' ? await look(place, true) : await lookAgain(place)
      files.push(seen === null ? { ...plainFile(place, GONE, options), bytes: null } : plainFile(place, seen, options))
    } else
      files.push(
        memberOf(
          archive.place,
          archive.seen,
          { name: name.slice(archive.place.path.length + 1), bytes: null },
          options,
        ),
      )
  }
  return files
}

/** Of the archive that a member is in. @throws CustodyError CUSTODY_SOURCE_CHANGED, CUSTODY_FILE_NOT_FOUND. */
export async function archiveMustBeSame(archive: InputPlace, seen: Seen): Promise<void> {
  mustBeSame(archive, seen, await lookAgain(archive))
}

/** What a path is of. `listed`: where looking at each again would tell no more. */
interface Found {
  /** null: it is a name. */
  readonly pattern: Matches | null
  readonly files: readonly { readonly name: string; readonly listed: Seen | null }[]
  /** How many there are besides, which are left out. */
  readonly excluded: number
}

async function filesOf(path: string, { literal }: FileOptions, where: Where, exclusion: Exclusion): Promise<Found> {
  const pattern = await patternIn(path, literal, where)
  if (pattern === null) return { pattern, files: [{ name: path, listed: null }], excluded: 0 }
  const found = await filesFound(pattern, path, where)
  const files = found.files.filter(({ name }) => !exclusion.has(where.folder, name))
  const matchesFrom = (folder: string, absolute: string) =>
    found.pattern.matchesFrom(folder, absolute) && !exclusion.has(folder, absolute)
  return { pattern: { matchesFrom }, files, excluded: found.files.length - files.length }
}

/** Of which files a path is a pattern, itself or as a folder; null if it is a name. */
async function patternIn(path: string, literal: boolean, { folder }: Where): Promise<string | null> {
  if (isFolderPath(path)) return patternOfFolder(path, literal)
  if (!literal && isPattern(path)) return path
  if (isStoreUrl(path)) return null
  const there = await stat(absolutePlace(folder, path)).catch(() => null)
  return there?.isDirectory() === true ? patternOfFolder(path, true) : null
}

async function filesFound(pattern: string, path: string, where: Where) {
  if (isStoreUrl(pattern)) {
    const place = { ...where, path: pattern }
    const stored = await StoredPattern.of(place)
    return { pattern: stored, files: (await stored.files(place)).map(listed => ({ name: listed.url, listed })) }
  }
  const made = await FilePattern.of(pattern)
  return { pattern: made, files: (await namesFound(made, path, where)).map(name => ({ name, listed: null })) }
}

async function namesFound(pattern: FilePattern, path: string, { folder, node }: Where): Promise<readonly string[]> {
  try {
    return await pattern.files(folder)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const { code, path: at = path, message }: NodeJS.ErrnoException = error
    const place = { folder, path: at, ...(node === undefined ? {} : { node }) }
    if (code === 'ENOENT') throw sourceError(place, `${at} is a link that leads nowhere`, 'Remove it, or correct it.')
    if (code === 'ENOTFILE')
      throw sourceError(place, `${at} is no file: ${message}`, 'Change the pattern, or read it by itself.')
    throw systemError(place, error)
  }
}

/** null if it isn't there, where that `may` be. @throws CustodyError. */
async function look(place: InputPlace, may: boolean): Promise<Seen | null> {
  if (isStoreUrl(place.path)) return await lookAtObject(place, may)
  let there: BigIntStats
  try {
    there = await stat(inputName(place), { bigint: true })
    if (there.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' })
  } catch (error) {
    if (may && error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw systemError(place, error)
  }
  if (there.isFile()) return there
  throw sourceError(place, `${inputName(place)} is a pipe or a device, which can’t be one of several files`)
}

async function lookAtObject(place: InputPlace, may: boolean): Promise<Seen | null> {
  const there = await lookInStore(place)
  if (there !== null || may) return there
  const hint = 'Correct its name, or set if_missing: empty if there may be nothing to read.'
  const message = `${place.path} does not exist`
  throw new CustodyError('CUSTODY_FILE_NOT_FOUND', message, { where: whereOf(place), hint })
}

/** Of a file that was there before. */
async function lookAgain(place: InputPlace): Promise<Seen> {
  try {
    const seen = await look(place, true)
    if (seen !== null) return seen
  } catch (error) {
    if (!isCustodyError(error) || error.code !== 'CUSTODY_FILE_NOT_FOUND') throw error
  }
  throw vanished(place)
}

/** No file is this one. */
const GONE: Seen = { dev: 0n, ino: 0n, size: 0n, mtimeNs: 0n }

function idOf(seen: Seen): string {
  return seen instanceof StoredFile ? seen.url : `${seen.dev}:${seen.ino}`
}

/** Its list of members stands at its end: one in a store is copied first. */
export async function openArchive(place: InputPlace, seen: Seen): Promise<Archive> {
  return await Archive.open(place, seen instanceof StoredFile ? await seen.spooled(place) : undefined)
}

const isArchive = (path: string, { compression }: FileOptions): boolean =>
  compression === 'zip' || (compression === 'auto' && isArchiveName(path))

/** How a file by itself, or a member, is compressed. */
const packingOf = (path: string, { compression }: FileOptions): Compression | null =>
  compressionOf(compression === 'zip' ? 'auto' : compression, path)

async function filesAt(
  place: InputPlace,
  seen: Seen,
  options: FileOptions,
  exclusion: Exclusion,
): Promise<readonly InputFile[]> {
  if (!isArchive(place.path, options)) return [plainFile(place, seen, options)]
  const archive = await openArchive(place, seen)
  try {
    const pattern = options.members === undefined ? null : await FilePattern.of(options.members)
    const chosen = archive.members.filter(
      ({ name }) =>
        (pattern === null ? !isHidden(name) : pattern.matches(name)) &&
        !exclusion.has(place.folder, `${place.path}/${name}`),
    )
    if (chosen.length === 0 && options.if_missing === 'error') throw noMembers(place, options)
    const files = chosen.toSorted((a, b) => byBytes(a.name, b.name)).map(each => memberOf(place, seen, each, options))
    for (const { member, place: of_member } of files) archive.check(member?.name ?? '', of_member)
    const nested = files.find(({ member }) => isArchiveName(member?.name ?? ''))
    if (nested !== undefined)
      throw sourceError(nested.place, `${nested.name} is an archive in an archive`, 'Unpack the outer one first.')
    return files
  } finally {
    archive.close()
  }
}

/** Named so that a pattern finds it only where it has the dot. */
const isHidden = (name: string) => /(^|\/)\./.test(name)

function plainFile(place: InputPlace, seen: Seen, options: FileOptions): InputFile {
  const compression = packingOf(place.path, options)
  const bytes = compression === null ? bytesOf(seen) : null
  return { name: place.path, place: { ...place, compression }, member: null, bytes, extent: bytesOf(seen), seen }
}

function memberOf(
  archive: InputPlace,
  seen: Seen,
  { name, bytes }: { readonly name: string; readonly bytes: number | null },
  options: FileOptions,
): InputFile {
  const compression = packingOf(name, options)
  const path = `${archive.path}/${name}`
  const place = { ...archive, path, compression }
  const known = compression === null ? bytes : null
  return { name: path, place, member: { name, archive }, bytes: known, extent: bytes ?? 0, seen }
}

/** A folder and a file can't have the same path: the first part of the name that is a file is an archive. */
async function archiveOf(name: string, options: FileOptions, where: Where) {
  for (let at = name.indexOf('/', 1); at !== -1; at = name.indexOf('/', at + 1)) {
    const path = name.slice(0, at)
    if (!isArchive(path, options)) continue
    const place = { ...where, path }
    if (isStoreUrl(name)) {
      const object = parseStoreUrl(path) === null ? null : await lookInStore(place)
      if (object !== null) return { place, seen: object }
      continue
    }
    const there = await stat(inputName(place), { bigint: true }).catch(() => null)
    if (there?.isFile() === true) return { place, seen: there }
  }
  return null
}
