/** A file system in memory, that others may change at any moment, and that may lack hard links. */
import { dirname } from 'node:path'
import type { FileFacts, FileSystem, OpenFile } from '../../src/plugins/sinks/file-system.ts'

interface Inode {
  readonly number: number
  content: Buffer
  mode: number
  uid: number
  gid: number
  changed: number
}

export class MemoryFiles implements FileSystem {
  /** What `link` says; null if it works. */
  no_links: string | null = null
  /** Called before anything is changed: may throw, as where the power goes, or change something itself. */
  before: (step: string) => void = () => undefined
  /** Who makes files. */
  user = 1000
  readonly #names = new Map<string, Inode>()
  readonly #folders = new Set<string>(['/'])
  #inodes = 0
  #clock = 0

  /** What stands at a path; null if nothing does. */
  text(path: string): string | null {
    return this.#names.get(path)?.content.toString('utf8') ?? null
  }

  /** All files, by name. */
  list(): readonly string[] {
    return [...this.#names.keys()].sort()
  }

  /** Somebody else makes a file, or another one in the place of one. */
  put(path: string, text: string, rights: { readonly mode?: number; readonly uid?: number } = {}): void {
    const inode = this.#inode(Buffer.from(text))
    Object.assign(inode, rights)
    this.#names.set(path, inode)
    this.#makeFolder(dirname(path))
  }

  /** Somebody else appends, as a program does that has just opened the file. */
  append(path: string, text: string): void {
    const inode = this.#at(path)
    this.#change(inode, Buffer.concat([inode.content, Buffer.from(text)]))
  }

  /** Somebody else cuts a file, or changes its content. */
  edit(path: string, edit: (text: string) => string): void {
    const inode = this.#at(path)
    this.#change(inode, Buffer.from(edit(inode.content.toString('utf8'))))
  }

  /** Somebody else moves a file. */
  move(from: string, to: string): void {
    this.#names.set(to, this.#at(from))
    this.#names.delete(from)
  }

  /** Somebody else removes a file. */
  drop(path: string): void {
    this.#names.delete(path)
  }

  /** Puts what stands at a path now back there, whatever stands there then. */
  keep(path: string): () => void {
    const inode = this.#names.get(path)
    return () => {
      if (inode === undefined) this.#names.delete(path)
      else this.#names.set(path, inode)
    }
  }

  facts(path: string): FileFacts | null {
    const inode = this.#names.get(path)
    if (inode !== undefined) return factsOf(inode)
    return this.#folders.has(path) ? { ...factsOf(this.#inode(Buffer.alloc(0))), kind: 'folder' } : null
  }

  content(path: string): Buffer | null {
    const inode = this.#names.get(path)
    return inode === undefined ? null : Buffer.from(inode.content)
  }

  part(path: string, from: number, size: number): Buffer {
    return Buffer.from(this.#at(path).content.subarray(from, from + size))
  }

  isLink(): boolean {
    return false
  }

  realPath(path: string): string {
    return path
  }

  mayWrite(): void {
    this.before('look')
  }

  open(path: string, how: 'make' | 'append' | 'read'): OpenFile {
    if (how === 'make') {
      this.before('make')
      if (this.#names.has(path)) throw systemError('EEXIST', path)
      if (!this.#folders.has(dirname(path))) throw systemError('ENOENT', path)
      this.#names.set(path, this.#inode(Buffer.alloc(0)))
    }
    const inode = this.#at(path)
    return {
      facts: () => factsOf(inode),
      read: async (into, length, at) => inode.content.copy(into, 0, at, at + length),
      write: (bytes, at) => {
        this.before('write')
        const from = at === null || how === 'append' ? inode.content.length : at
        const size = Math.max(inode.content.length, from + bytes.length)
        const content = Buffer.alloc(size)
        inode.content.copy(content)
        bytes.copy(content, from)
        this.#change(inode, content)
      },
      truncate: bytes => {
        this.before('truncate')
        this.#change(inode, inode.content.subarray(0, bytes))
      },
      sync: async () => this.before('sync'),
      takeRights: of => {
        inode.mode = of.mode
        if (this.user === 0) Object.assign(inode, { uid: of.uid, gid: of.gid })
      },
      close: () => undefined,
    }
  }

  link(from: string, to: string): void {
    this.before('link')
    if (this.no_links !== null) throw systemError(this.no_links, to)
    if (this.#names.has(to)) throw systemError('EEXIST', to)
    this.#names.set(to, this.#at(from))
  }

  rename(from: string, to: string): void {
    this.before('rename')
    const inode = this.#at(from)
    this.#names.delete(from)
    this.#names.set(to, inode)
  }

  remove(path: string): void {
    this.before('remove')
    this.#names.delete(path)
  }

  makeFolders(folder: string): string | undefined {
    if (this.#folders.has(folder)) return undefined
    this.before('make')
    return this.#makeFolder(folder)
  }

  async syncFolder(): Promise<void> {
    this.before('sync')
  }

  #makeFolder(folder: string): string | undefined {
    if (this.#folders.has(folder)) return undefined
    const top = this.#makeFolder(dirname(folder))
    this.#folders.add(folder)
    return top ?? folder
  }

  #inode(content: Buffer): Inode {
    const owner = { uid: this.user, gid: this.user }
    return { number: ++this.#inodes, content, mode: 0o100644, ...owner, changed: ++this.#clock }
  }

  #at(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw systemError('ENOENT', path)
    return inode
  }

  #change(inode: Inode, content: Buffer): void {
    inode.content = content
    inode.changed = ++this.#clock
  }
}

function factsOf({ number, content, mode, uid, gid, changed }: Inode): FileFacts {
  return { id: `1:${number}`, kind: 'file', bytes: content.length, mode, uid, gid, changed: String(changed) }
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}
