/** Which code a run's plugins have: evidence of what decided, beside the plan that says how they were used. */

/**
 * The code of one plugin. It says nothing about a row, so that it may stand in entries (I8): whoever knows a plugin may know that a run used
 * it. Paths aren't recorded: a folder's name can be somebody's.
 */
export interface PluginCode {
  /** `source`, `transform`, `gate`, `aggregate` or `sink`. */
  readonly kind: string
  readonly name: string
  /** The package that it belongs to; absent for files beside the pipeline. */
  readonly package?: string
  readonly version?: string
  /** Hash of its own files; absent where Custody's own plugins run from its source text. */
  readonly sha256?: string
}

export interface CodeChange {
  readonly kind: string
  readonly name: string
  readonly old: PluginCode
  readonly new: PluginCode
}

/** Plugins that both have, and whose code differs. */
export function codeChanges(before: readonly PluginCode[], after: readonly PluginCode[]): CodeChange[] {
  const known = new Map(before.map(each => [keyOf(each), each]))
  return after.flatMap(each => {
    const old = known.get(keyOf(each))
    if (old === undefined || isSame(old, each)) return []
    return [{ kind: each.kind, name: each.name, old, new: each }]
  })
}

/** `custody 0.1.0, 8f3a9c01…`, `file 8f3a9c01…`. */
export function codeText({ package: of, version, sha256 }: PluginCode): string {
  const from = of === undefined ? 'file' : `${of}${version === undefined ? '' : ` ${version}`}`
  return sha256 === undefined ? from : `${from}${of === undefined ? '' : ','} ${sha256.slice(0, 8)}…`
}

/** Whether it comes with Custody itself. */
export function isBuiltin({ package: of }: PluginCode): boolean {
  return of === BUILTIN_PACKAGE
}

export const BUILTIN_PACKAGE = 'custody'

const keyOf = ({ kind, name }: PluginCode) => `${kind} ${name}`
const isSame = (a: PluginCode, b: PluginCode) =>
  a.package === b.package && a.version === b.version && a.sha256 === b.sha256
