/** How a source names the files that it reads. */
import { CustodyError } from '../model/error.ts'
import { FilePattern, isPattern } from '../plugins/sources/file-pattern.ts'
import { type Input, inputPath, readsJust } from './input.ts'
import { pathFrom } from './names.ts'

export interface Place {
  readonly path: string | readonly string[]
  readonly literal?: true
  readonly members?: string
}

/** By their names; null where one source can't read these and no others. */
export async function placeOfAll(inputs: readonly Input[], folder: string): Promise<Place | null> {
  const names = [...new Set(inputs.map(({ file }) => pathFrom(folder, file)))]
  const [only] = names
  const path = names.length === 1 && only !== undefined ? only : names
  const place: Place = { path, ...(names.some(isPattern) ? { literal: true } : {}) }
  const members = inputs.flatMap(({ member }) => (member === null ? [] : [member]))
  if (members.length === 0 || (await readsJust(inputs, place, folder))) return place
  const chosen = { ...place, members: membersPattern(members) }
  return (await readsJust(inputs, chosen, folder)) ? chosen : null
}

/** @throws CustodyError CUSTODY_SOURCE for a member that no pattern is of. */
export async function placeOfOne(input: Input, folder: string): Promise<Place> {
  const place = await placeOfAll([input], folder)
  if (place !== null) return place
  const path = inputPath(input)
  const hint = 'Unpack the archive first, and name the file.'
  throw new CustodyError('CUSTODY_SOURCE', `no pattern is of ${path} alone`, { where: { path }, hint })
}

/**
 * As they were named: by one pattern, if a run finds them by it and nothing else, and none of what it writes.
 * @param outputs absolute
 */
export async function asNamed(
  place: Place,
  inputs: readonly Input[],
  folder: string,
  outputs: readonly string[],
): Promise<Place> {
  const [first] = inputs
  const named = first?.pattern ?? null
  if (named === null || inputs.length < 2 || inputs.some(({ pattern }) => pattern !== named)) return place
  const path = pathFrom(folder, named)
  const pattern = await FilePattern.of(path)
  if (outputs.some(output => pattern.matchesFrom(folder, output))) return place
  const { literal: _, ...others } = place
  const shorter = { ...others, path }
  return (await readsJust(inputs, shorter, folder)) ? shorter : place
}

function membersPattern(members: readonly string[]): string {
  const names = [...new Set(members)].map(name => name.replace(/[\\*?[\]{}()!+@,|]/g, '\\$&'))
  return names.length === 1 ? (names[0] ?? '') : `{${names.join(',')}}`
}
