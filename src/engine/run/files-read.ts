/** The files that a plan's nodes read beside their rows, as a lookup its table. */
import { resolve } from 'node:path'
import { type FileRead, type FilesRead, fileChanges } from '../../format/files-read.ts'
import { CustodyError } from '../../model/error.ts'
import type { Plan } from '../../plan/plan.ts'
import { pluginOf } from '../nodes/sink/files-in-use.ts'

/** What the file with an absolute path holds; null if there is none. */
export type ContentOf = (path: string) => Promise<Omit<FileRead, 'path'> | null>

/** As they are now. Sources read rows, of which the record has its own hashes. */
export async function filesRead({ nodes, folder }: Plan, contentOf: ContentOf): Promise<FilesRead> {
  const found = new Map<string, FileRead[]>()
  for (const node of nodes) {
    const plugin = node.kind === 'source' ? null : pluginOf(node)
    for (const path of plugin?.spec.reads?.(plugin.options) ?? []) {
      const content = await contentOf(resolve(folder, path))
      if (content !== null) found.set(node.name, [...(found.get(node.name) ?? []), { path, ...content }])
    }
  }
  return found
}

/** Rows before and behind a stop are decided by the same files. @throws CustodyError CUSTODY_FILE_CHANGED */
export function refuseOtherFiles({ nodes }: Plan, before: FilesRead, now: FilesRead): void {
  const names = nodes.map(({ name }) => name)
  const [first, ...others] = fileChanges(names, before, now)
  if (first === undefined) return
  const { node, path, old, new: is } = first
  const what = is === null ? 'is gone' : old === null ? 'wasn’t there' : 'was another file'
  const more = others.length === 0 ? '' : `, and so ${others.map(each => each.path).join(', ')}`
  throw new CustodyError(
    'CUSTODY_FILE_CHANGED',
    `${path}, which \`${node}\` reads, ${is === null ? what : `${what} when the run began`}${more}`,
    { hint: hintFor(path, old?.sha256) },
  )
}

function hintFor(path: string, sha256: string | undefined): string {
  const put = sha256 === undefined ? `Take ${path} away` : `Put ${path} back as it was (SHA-256 ${sha256})`
  return `${put}, or give the run up with \`custody abandon\` and begin a new one.`
}
