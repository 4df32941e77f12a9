/** Packages that only some pipelines need: optional peers of Custody. Whoever needs one imports it when it is first used. */
import { existsSync, readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseJson } from './json.ts'
import { ownFile } from './own-file.ts'

export interface MissingPeers {
  readonly names: readonly string[]
  /** The command that installs them. */
  readonly install: string
}

/** Those of `names` that aren't installed where Custody finds them; null: all are. */
export function missingPeers(names: readonly string[]): MissingPeers | null {
  const missing = names.filter(name => !isInstalled(name))
  if (missing.length === 0) return null
  const { peerDependencies } = parseJson(readFileSync(ownFile('../package.json'), 'utf8')) as Manifest
  const wanted = missing.map(name => `${name}@${peerDependencies[name]}`)
  return { names: missing, install: ['npm install', ...globally(), ...wanted].join(' ') }
}

interface Manifest {
  readonly peerDependencies: { readonly [name: string]: string }
}

function isInstalled(name: string): boolean {
  try {
    return findPackageJSON(name, import.meta.url) !== undefined
  } catch {
    return false
  }
}

/** Where Custody is no project's dependency, it was installed globally, and finds only what is installed so. */
function globally(): readonly string[] {
  const packages = fileURLToPath(ownFile('../..'))
  return basename(packages) === 'node_modules' && !existsSync(join(packages, '..', 'package.json')) ? ['--global'] : []
}
