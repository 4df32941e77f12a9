/** Where the code of each plugin that was loaded comes from, for the record. */
import { existsSync, readFileSync } from 'node:fs'
import { BUILTIN_PACKAGE, type PluginCode } from '../../format/plugin-code.ts'
import { parseJson } from '../../model/json.ts'
import { ownFile } from '../../model/own-file.ts'
import type { PluginSpec } from '../../sdk/spec.ts'
import { hashOfFiles, packageOf } from './plugin-files.ts'

type Origin = Omit<PluginCode, 'kind' | 'name'>

/** The code of plugins that aren't Custody's own, as it was when they were loaded. */
const loaded = new WeakMap<PluginSpec, Origin>()

/** `file` was imported, and gave `specs`. `of_package`: it was named by its package. */
export function recordCode(specs: readonly PluginSpec[], file: string, of_package: boolean): void {
  const { name, version } = (of_package ? packageOf(file) : null) ?? {}
  const origin: Origin = {
    ...(name === undefined ? {} : { package: name }),
    ...(version === undefined ? {} : { version }),
    sha256: hashOfFiles(file),
  }
  for (const spec of specs) loaded.set(spec, origin)
}

/** The code of a plugin; `version` is Custody's, for its own. */
export function codeOf(spec: PluginSpec, version: string): PluginCode {
  const { kind, name } = spec
  return { kind, name, ...(loaded.get(spec) ?? { package: BUILTIN_PACKAGE, version, ...builtHash() }) }
}

let built: Origin | null = null

/** The hash of all that was compiled, as `npm run build` wrote it down; nothing where Custody runs from its source text. */
function builtHash(): Origin {
  if (built !== null) return built
  const path = ownFile('code.json')
  built = existsSync(path) ? { sha256: (parseJson(readFileSync(path, 'utf8')) as { sha256: string }).sha256 } : {}
  return built
}
