/** Files of sorts and joins, in memory. */
import type { Spill, SpillFile } from '../../src/engine/ports/spill.ts'

/** `memory_bytes`: after how many a file is made. */
export function memorySpill(memory_bytes: number): Spill & { readonly files: readonly MemorySpillFile[] } {
  const files: MemorySpillFile[] = []
  const create = () => {
    const file = new MemorySpillFile()
    files.push(file)
    return file
  }
  return { memory_bytes, files, create }
}

export class MemorySpillFile implements SpillFile {
  bytes = Buffer.alloc(0)
  closed = false

  append(bytes: Uint8Array): void {
    this.bytes = Buffer.concat([this.bytes, bytes])
  }

  read(position: number, bytes: Uint8Array): void {
    if (this.closed) throw new Error('it is closed')
    bytes.set(this.bytes.subarray(position, position + bytes.length))
  }

  close(): void {
    this.closed = true
  }
}
