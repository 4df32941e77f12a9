/** Packages that only some pipelines need: a plugin says before a run if one is missing. */
import { missingPeers as missing } from '../model/peers.ts'
import type { MissingPackages } from '../sdk/spec.ts'

/** Those of `names` that aren't installed where Custody finds them. `path`: the option that asks for them. */
export function missingPeers(path: MissingPackages['path'], names: readonly string[]): MissingPackages | null {
  const found = missing(names)
  return found === null ? null : { path, ...found }
}
