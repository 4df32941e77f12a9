/** A pipeline file with its plugins, checked and compiled. */
import { dirname, resolve } from 'node:path'
import { type Loaded, loadPipeline, parsePipeline } from '../config/load.ts'
import { inOrder } from '../config/problems.ts'
import type { Signer } from '../format/signing-key.ts'
import type { Environment } from '../ledger/keys/config-folder.ts'
import { signingKey } from '../ledger/keys/keys.ts'
import type { Diagnostic } from '../model/error.ts'
import { sha256Hex } from '../model/sha256.ts'
import { compilePlan } from '../plan/compile.ts'
import type { Graph } from '../plan/graph.ts'
import type { Plan } from '../plan/plan.ts'
import type { Secrets } from '../plan/secrets.ts'
import type { Catalogue } from '../sdk/catalogue.ts'
import { filesIn } from '../sdk/option-files.ts'
import { absentTables } from './absent-tables.ts'
import { DiagnosticsError } from './diagnostics-error.ts'
import { pluginFile } from './plugins/find-plugin.ts'
import { pluginsOf, withPackageHints } from './plugins/plugins-of.ts'

export interface CheckedPipeline {
  /** null if there is any error. */
  readonly plan: Plan | null
  /** By file, line and column; errors and warnings. */
  readonly diagnostics: readonly Diagnostic[]
  /** null if nothing could be understood of the file. */
  readonly graph: Graph | null
  /** By file: what the diagnostics point into. */
  readonly texts: ReadonlyMap<string, string>
  /** Files that it names, whether they can be used or not: plugins, and options in files of their own. Absolute. */
  readonly files: readonly string[]
}

/**
 * Never throws for what a file holds, or because it is missing. `sets` are arguments of `--set`; without `signer` secrets needn't
 * be there.
 */
export async function checkPipeline(
  env: Environment,
  file: string,
  sets: readonly string[],
  signer: (() => Signer) | null,
): Promise<CheckedPipeline> {
  return checkLoaded(await loadPipeline(file, { env, overrides: sets }), env, signer)
}

async function checkLoaded(
  { pipeline, diagnostics, texts }: Loaded,
  env: Environment,
  signer: (() => Signer) | null,
): Promise<CheckedPipeline> {
  if (pipeline === null) return { plan: null, diagnostics, graph: null, texts, files: [] }
  const plugins = await pluginsOf(pipeline)
  const { config, folder } = pipeline
  const files = config.plugins.flatMap(each => pluginFile(each, folder) ?? [])
  const read = filesIn(folder)
  const compiled = compilePlan(pipeline, plugins.catalogue, secretsOf(env, signer), path => {
    files.push(resolve(folder, path))
    return read(path)
  })
  const found = [...diagnostics, ...plugins.diagnostics, ...withPackageHints(compiled.diagnostics, pipeline)]
  // Who only checks a file gets to know what a run would stop at.
  const absent = signer === null && compiled.plan !== null ? absentTables(pipeline, compiled.plan) : []
  const all = [...found, ...absent].sort(inOrder)
  const sound = all.every(each => each.severity !== 'error')
  const plan = sound ? compiled.plan : null
  return { plan, diagnostics: all, graph: compiled.graph, texts, files }
}

/**
 * The plan of a file that is to be run; `onWarnings` takes what is odd about it, if anything is.
 * @throws DiagnosticsError with all that is wrong; CustodyError CUSTODY_KEY.
 */
export async function compilePipeline(
  env: Environment,
  file: string,
  sets: readonly string[],
  onWarnings: (checked: CheckedPipeline) => void,
): Promise<Plan> {
  return planIn(await checkPipeline(env, file, sets, () => signingKey(env)), onWarnings)
}

/** The same of a text that a ledger has, whatever stands in its file now; `file` is that file's absolute path. @throws as `compilePipeline` */
export async function compileRecorded(
  env: Environment,
  { text, file, sets }: { readonly text: string; readonly file: string; readonly sets: readonly string[] },
  onWarnings: (checked: CheckedPipeline) => void,
): Promise<Plan> {
  const loaded = parsePipeline(text, { env, overrides: sets, file, folder: dirname(file) })
  return planIn(await checkLoaded(loaded, env, () => signingKey(env)), onWarnings)
}

function planIn(checked: CheckedPipeline, onWarnings: (checked: CheckedPipeline) => void): Plan {
  const { plan, diagnostics, texts } = checked
  if (plan === null) throw new DiagnosticsError(diagnostics, texts, true)
  if (diagnostics.length > 0) onWarnings(checked)
  return plan
}

/**
 * Fingerprints are hashes of signatures: without the signing key nobody can try values out, and the same value gives the same
 * fingerprint in every run.
 */
function secretsOf(env: Environment, signer: (() => Signer) | null): Secrets {
  return {
    secrets: name => env[name],
    secrets_required: signer !== null,
    fingerprint: value =>
      signer === null ? '' : sha256Hex(signer().sign(`custody secret\n${sha256Hex(value)}\n`)).slice(0, 32),
  }
}

/**
 * The built-in plugins and those that the file names, whatever else is wrong with it.
 * @throws DiagnosticsError if nothing can be understood of it, or its plugins can't be loaded.
 */
export async function catalogueOf(env: Environment, file: string): Promise<Catalogue> {
  const { pipeline, diagnostics, texts } = await loadPipeline(file, { env, overrides: [] })
  if (pipeline === null) throw new DiagnosticsError(diagnostics, texts, false)
  const plugins = await pluginsOf(pipeline)
  if (plugins.diagnostics.length > 0) throw new DiagnosticsError(plugins.diagnostics, texts, false)
  return plugins.catalogue
}
