/** What is said where a path, a pattern or an archive has no files: that is an error, unless `if_missing: empty`. */
import { stat } from 'node:fs/promises'
import { CustodyError } from '../../model/error.ts'
import { absolutePlace, isStoreUrl } from '../../model/store-url.ts'
import { type InputPlace, inputName, whereOf } from './byte-reader.ts'
import { isFolderPath, isPattern } from './file-pattern.ts'
import type { FileOptions } from './options.ts'

const MAY_BE_EMPTY = 'If there may be nothing to read, set if_missing: empty.'

/** `excluded`: how many files the pattern or the folder has, all of which are left out. */
export async function noFiles(
  path: string,
  { folder, node }: Pick<InputPlace, 'folder' | 'node'>,
  excluded: number,
): Promise<CustodyError> {
  const absolute = absolutePlace(folder, path)
  const { message, hint } = await reasonFor(path, absolute, excluded)
  const where = { path: absolute, ...(node === undefined ? {} : { node }) }
  return new CustodyError('CUSTODY_FILE_NOT_FOUND', message, { where, hint })
}

interface Reason {
  readonly message: string
  readonly hint: string
}

async function reasonFor(path: string, absolute: string, excluded: number): Promise<Reason> {
  const stored = isStoreUrl(path)
  const what = stored ? 'object' : 'file'
  if (excluded > 0) {
    const all = excluded === 1 ? `the only ${what}` : `all ${excluded} ${what}s`
    return { message: `exclude leaves out ${all} of ${path}`, hint: MAY_BE_EMPTY }
  }
  if (stored) {
    const none = isFolderPath(path) ? `no object lies in ${path}` : `no object matches ${path}`
    return { message: none, hint: MAY_BE_EMPTY }
  }
  const there = await stat(absolute.replace(/(?<=.)\/+$/, '')).catch(() => null)
  if (there?.isDirectory() === true) {
    const deep = `Files in its folders are \`${path.replace(/\/+$/, '')}/**\`.`
    return { message: `${absolute} is a folder without files`, hint: `${deep} ${MAY_BE_EMPTY}` }
  }
  if (isFolderPath(path) && !isPattern(path)) {
    if (there !== null) return { message: `${absolute} is no folder`, hint: 'Take the slash at its end away.' }
    return { message: `the folder ${absolute} does not exist`, hint: MAY_BE_EMPTY }
  }
  const message = `no file matches ${path}`
  if (there !== null) return { message, hint: 'There is a file of this very name: set literal: true.' }
  return { message, hint: `Patterns start from the pipeline file’s folder. ${MAY_BE_EMPTY}` }
}

export function noMembers(place: InputPlace, { members, exclude }: FileOptions): CustodyError {
  const chosen = members === undefined ? 'has no files in it' : `has no member that matches ${members}`
  const message = `${inputName(place)} ${chosen}${exclude === undefined ? '' : ', or exclude leaves all of them out'}`
  return new CustodyError('CUSTODY_FILE_NOT_FOUND', message, {
    where: whereOf(place),
    hint: 'If there may be nothing to read in it, set if_missing: empty.',
  })
}

export function nothingToExclude({ folder, node }: Pick<InputPlace, 'folder' | 'node'>): CustodyError {
  const message = '`exclude` leaves out files that patterns, folders and archives have, and `path` has none of these'
  const where = { path: folder, ...(node === undefined ? {} : { node }) }
  return new CustodyError('CUSTODY_SOURCE', message, { where, hint: 'Remove it, or change `path`.' })
}
