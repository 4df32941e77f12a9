/**
 * A file that was written under a hidden name comes into its place.
 *
 * INTO-PLACE-1. What stands at the target is replaced only if it is what stood there when the run looked; else the target has to be free.
 */
import type { SinkIntent } from '../../sdk/spec.ts'
import { hashFile } from './file-parts.ts'
import type { FileFacts, FileSystem } from './file-system.ts'
import { type OutputPlace, outputError, systemCode } from './sink-error.ts'

/** Error codes of file systems without hard links, or that forbid links to other people's files. */
const NO_LINKS = new Set(['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EINVAL'])

export interface Coming {
  readonly files: FileSystem
  readonly place: OutputPlace
  readonly staged: string
  readonly target: string
  /** Right before it is renamed, with nothing in between: whether it is still the run's own. @throws CustodyError. */
  check(): void
  /** Gives it the rights of what it replaces, durably. */
  takeRights(of: FileFacts): Promise<void>
  /** Whether the file there is this one. */
  isSame(path: string, facts: FileFacts): Promise<boolean>
  /** The error for a target that should be free. */
  exists(): Error
}

type Replaced = NonNullable<SinkIntent['replaced']>

/** `replaced`: what stood there when the run looked, if it is to be replaced. Doesn't make the names durable. */
export async function comeIntoPlace(coming: Coming, replaced: Replaced | null): Promise<void> {
  coming.check()
  const there = coming.files.facts(coming.target)
  // Neither has a content that could be compared, nor rights that a file should have.
  if (there !== null && there.kind !== 'file') throw coming.exists()
  if (there !== null && replaced !== null) await renameOver(coming, there, replaced)
  else await renameToFree(coming)
}

/** Renames, if the target is what stood there. Between the last look and the renaming nothing waits. */
async function renameOver(coming: Coming, there: FileFacts, replaced: Replaced): Promise<void> {
  const { files, place, staged, target } = coming
  await coming.takeRights(there)
  const sha256 = await hashFile(files, target, there.bytes)
  const now = files.facts(target)
  const is_same = now?.id === there.id && now.bytes === replaced.bytes && now.changed === there.changed
  if (now !== null && !(is_same && sha256 === replaced.sha256)) {
    const message = `${target} isn’t what it was when the run began: something else wrote it meanwhile, and it would be replaced`
    const hint = `Move it away, then resume: the run’s own output is complete in ${staged} and takes its place. Or give the run up with \`custody abandon\`.`
    throw outputError('CUSTODY_OUTPUT_CHANGED', place, message, hint)
  }
  coming.check()
  files.rename(staged, target)
}

/** Renames, unless something stands there. */
async function renameToFree(coming: Coming): Promise<void> {
  const { files, staged, target } = coming
  try {
    files.link(staged, target)
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code !== 'EEXIST' && !NO_LINKS.has(code)) throw error
    const there = files.facts(target)
    if (there === null) {
      files.rename(staged, target)
      return
    }
    // Ours already: only the removal of the staged name was missing.
    if (!(await coming.isSame(target, there))) throw coming.exists()
  }
  files.remove(staged)
}
