/** The command line as a process of its own. */
import { Program } from '../crash/place.ts'
import { built } from './built.ts'

/** In `folder`, with `$CUSTODY_KEY` set. */
export function custody(
  folder: string,
  words: readonly string[],
  env: { readonly [name: string]: string } = {},
): Program {
  return new Program([process.execPath, built('crash/custody'), ...words], folder, env)
}
