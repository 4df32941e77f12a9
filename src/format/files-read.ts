/** Files that nodes read beside their rows, as a lookup its table: evidence of what decided. */
import { counted } from '../model/number-text.ts'

/** A file as it was when the run began. As JSON. */
export type FileRead = {
  /** As the node's options name it. */
  readonly path: string
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

/** By node; nodes that read none are left out. */
export type FilesRead = ReadonlyMap<string, readonly FileRead[]>

export interface FileChange {
  readonly node: string
  readonly path: string
  /** null: it wasn't read, or wasn't there. */
  readonly old: FileRead | null
  readonly new: FileRead | null
}

/** Files of the nodes that `nodes` names which aren't the same in both. */
export function fileChanges(nodes: Iterable<string>, before: FilesRead, after: FilesRead): FileChange[] {
  const changes: FileChange[] = []
  for (const node of nodes) {
    const [was, is] = [before.get(node) ?? [], after.get(node) ?? []]
    for (const path of new Set([...was, ...is].map(each => each.path))) {
      const find = (files: readonly FileRead[]) => files.find(each => each.path === path) ?? null
      const change = { node, path, old: find(was), new: find(is) }
      if (change.old?.sha256 !== change.new?.sha256) changes.push(change)
    }
  }
  return changes
}

/** `1,234 bytes, 8f3a9c01…` */
export const fileReadText = (file: FileRead | null): string =>
  file === null ? 'none' : `${counted(file.bytes, 'byte')}, ${file.sha256.slice(0, 8)}…`
