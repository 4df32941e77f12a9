/** The command line as a process of its own. */
import { join } from 'node:path'
import { Program } from '../crash/place.ts'

/** From its sources, in `folder`, with `$CUSTODY_KEY` set. */
export function custody(
  folder: string,
  words: readonly string[],
  env: { readonly [name: string]: string } = {},
): Program {
  return new Program([process.execPath, join(import.meta.dirname, '../crash/custody.ts'), ...words], folder, env)
}
