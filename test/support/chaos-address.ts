/** The address that pages and examples give for a chaos peer. It may be taken: tests let one listen wherever there is room. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const NAMED_ADDRESS = '127.0.0.1:4010'

/** In all YAML files of a folder, at any depth. */
export function replaceAddress(folder: string, address: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.yaml')) continue
    const path = join(folder, name)
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(NAMED_ADDRESS, address))
  }
}
