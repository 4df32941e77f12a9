/** The command line with a signing key of the tests, as a process of its own or within this one. */
import { Program, SIGNING } from '../crash/place.ts'
import { built } from './built.ts'
import { runInProcess } from './in-process.ts'

/** In `folder`, with `$CUSTODY_KEY` set. */
export function custody(
  folder: string,
  words: readonly string[],
  env: { readonly [name: string]: string } = {},
): Program {
  return new Program([process.execPath, built('crash/custody'), ...words], folder, env)
}

/** The same within this process, which is a second less of work; one at a time. */
export async function custodyHere(
  folder: string,
  words: readonly string[],
  env: { readonly [name: string]: string } = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const { exit, stdout, stderr } = await runInProcess(words, folder, { HOME: folder, ...SIGNING, ...env })
  return { code: exit, stdout, stderr }
}
