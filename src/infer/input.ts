/** What is inferred from: the files that names, patterns and archives stand for. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { CustodyError, isCustodyError } from '../model/error.ts'
import { isArchiveName } from '../plugins/sources/archive.ts'
import { FilePattern, isPattern } from '../plugins/sources/file-pattern.ts'
import { listFiles } from '../plugins/sources/input-files.ts'

export interface Input {
  /** The file, or the archive that it is in; absolute. */
  readonly file: string
  /** Its name in the archive; null for a file by itself. */
  readonly member: string | null
  /** The pattern by which it was found, absolute; null if it was named. */
  readonly pattern: string | null
}

/** With the archive's name before that of a member. */
export function inputPath({ file, member }: Input): string {
  return member === null ? file : `${file}/${member}`
}

/**
 * In the order of their names, each once, whatever names or links lead to it.
 * @param names relative ones start from `cwd`
 * @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_ARGUMENT for a folder, CUSTODY_SOURCE, CUSTODY_INPUT_FORMAT.
 */
export async function inputsNamed(names: readonly string[], cwd: string): Promise<readonly Input[]> {
  const inputs: Input[] = []
  const known = new Set<string>()
  for (const { file, pattern } of await filesNamed(names, cwd)) {
    const id = await idOf(file)
    if (known.has(id)) continue
    known.add(id)
    const members = (await isArchive(file)) ? await membersOf(file) : [null]
    inputs.push(...members.map(member => ({ file, member, pattern })))
  }
  return inputs
}

/** Whether a source with these options reads just these. */
export async function readsJust(
  inputs: readonly Input[],
  options: { readonly path: string | readonly string[]; readonly literal?: boolean; readonly members?: string },
  folder: string,
): Promise<boolean> {
  const wanted = new Set(inputs.map(inputPath))
  const path = typeof options.path === 'string' ? options.path : [...options.path]
  try {
    const { files } = await listFiles(
      { literal: false, ...options, path, if_missing: 'error', compression: 'auto' },
      { folder },
    )
    return files.length === wanted.size && files.every(({ place }) => wanted.has(resolve(folder, place.path)))
  } catch (error) {
    if (isCustodyError(error)) return false
    throw error
  }
}

async function filesNamed(names: readonly string[], cwd: string): Promise<readonly Omit<Input, 'member'>[]> {
  const files: Omit<Input, 'member'>[] = []
  for (const name of names) {
    const absolute = resolve(cwd, name)
    const there = await stat(absolute).catch(() => null)
    if (there?.isDirectory() === true) {
      const hint = `Name files in it: custody infer "${name.replace(/\/+$/, '')}/*.csv"`
      throw new CustodyError('CUSTODY_ARGUMENT', `${absolute} is a folder`, { where: { path: absolute }, hint })
    }
    // Shells leave a pattern as it is only where it is quoted; a file of that very name comes first.
    if (!isPattern(name) || there !== null) files.push({ file: absolute, pattern: null })
    else files.push(...(await matching(name, cwd)).map(file => ({ file: resolve(cwd, file), pattern: absolute })))
  }
  return files
}

async function matching(name: string, cwd: string): Promise<readonly string[]> {
  const found = await (await FilePattern.of(name)).files(cwd)
  if (found.length > 0) return found
  const where = { path: resolve(cwd, name) }
  const hint = 'Patterns start from the current folder, and tell capitals from small letters.'
  throw new CustodyError('CUSTODY_FILE_NOT_FOUND', `no file matches ${name}`, { where, hint })
}

/** What isn't there is reported where it is opened. */
async function idOf(file: string): Promise<string> {
  const there = await stat(file, { bigint: true }).catch(() => null)
  return there === null ? file : `${there.dev}:${there.ino}`
}

/** By its name and its first bytes: a file that only has such a name is read as it is. */
async function isArchive(file: string): Promise<boolean> {
  if (!isArchiveName(file) || (await stat(file).catch(() => null))?.isFile() !== true) return false
  let handle: FileHandle | null = null
  try {
    handle = await open(file, 'r')
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.toString('latin1', 0, 2) === 'PK'
  } catch {
    // Reported where it is opened, too.
    return false
  } finally {
    await handle?.close()
  }
}

async function membersOf(file: string): Promise<readonly string[]> {
  const options = { path: basename(file), literal: true, if_missing: 'error', compression: 'auto' } as const
  const { files } = await listFiles(options, { folder: dirname(file) })
  return files.flatMap(({ member }) => (member === null ? [] : [member.name]))
}
