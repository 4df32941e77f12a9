/** A pipeline file with its plugins, checked and compiled. */
import { dirname, resolve } from 'node:path'
import { type Loaded, loadPipeline, parsePipeline } from '../config/load.ts'
import { inOrder } from '../config/problems.ts'
import { parseSigningKeys, type Signer } from '../format/signing-key.ts'
import type { Environment } from '../ledger/keys/config-folder.ts'
import { newKeyText, signingKey } from '../ledger/keys/keys.ts'
import type { Diagnostic } from '../model/error.ts'
import { compilePlan } from '../plan/compile.ts'
import type { Graph } from '../plan/graph.ts'
import type { Plan } from '../plan/plan.ts'
import { type Secrets, type SecretUse, secretsNamed, secretsOfPlan } from '../plan/secrets.ts'
import type { Catalogue } from '../sdk/catalogue.ts'
import { filesIn } from '../sdk/option-files.ts'
import { absentTables } from './absent-tables.ts'
import { DiagnosticsError } from './diagnostics-error.ts'
import { pluginFile } from './plugins/find-plugin.ts'
import { pluginsOf, withPackageHints } from './plugins/plugins-of.ts'
import { checking, fingerprintBy, HostSecrets } from './secrets.ts'

/** For what a pipeline is compiled. */
interface ForRun {
  readonly signer: () => Signer
  readonly secrets: HostSecrets
}

export interface CheckedPipeline {
  /** null if there is any error, or may be: an option of which not every text fits is a secret that isn't known. */
  readonly plan: Plan | null
  /** By file, line and column; errors and warnings. */
  readonly diagnostics: readonly Diagnostic[]
  /** null if nothing could be understood of the file. */
  readonly graph: Graph | null
  /** By file: what the diagnostics point into. */
  readonly texts: ReadonlyMap<string, string>
  /** Files that it names, whether they can be used or not: plugins, and options in files of their own. Absolute. */
  readonly files: readonly string[]
  /** What it names of secrets, wherever they are kept. */
  readonly secrets: readonly SecretUse[]
}

/**
 * For whoever looks at it, and doesn't run it: secrets needn't be there, and nobody who keeps some is asked. Never throws for what a
 * file holds, or because it is missing. `sets` are arguments of `--set`.
 */
export async function checkPipeline(env: Environment, file: string, sets: readonly string[]): Promise<CheckedPipeline> {
  return checkLoaded(await loadPipeline(file, { env, overrides: sets }), env, null)
}

/**
 * For whoever looks at the places that a run would read from and write to: secrets are read as for a run, and no signing key is made, since
 * the plan is never recorded.
 */
export async function planToLookAt(env: Environment, file: string, sets: readonly string[]): Promise<CheckedPipeline> {
  const signer = () => parseSigningKeys(newKeyText())
  return checkLoaded(await loadPipeline(file, { env, overrides: sets }), env, { signer, secrets: new HostSecrets(env) })
}

async function checkLoaded(
  { pipeline, diagnostics, texts }: Loaded,
  env: Environment,
  run: ForRun | null,
): Promise<CheckedPipeline> {
  if (pipeline === null) return { plan: null, diagnostics, graph: null, texts, files: [], secrets: [] }
  const plugins = await pluginsOf(pipeline)
  const { config, folder } = pipeline
  const files = config.plugins.flatMap(each => pluginFile(each, folder) ?? [])
  const read = filesIn(folder)
  const secrets = secretsNamed(pipeline)
  const compile = (reading: Secrets) =>
    compilePlan(pipeline, plugins.catalogue, reading, path => {
      files.push(resolve(folder, path))
      return read(path)
    })
  const before: Secrets =
    run === null ? checking(env) : { secrets: run.secrets.unread, fingerprint: fingerprintBy(run.signer) }
  const kept = secretsOfPlan(pipeline).flatMap(({ name }) => (before.secrets(name).kind === 'unread' ? name : []))
  let compiled = compile(before)
  // Who keeps secrets is asked only for a pipeline that can run.
  const is_wrong = [...diagnostics, ...plugins.diagnostics, ...compiled.diagnostics].some(isError)
  if (run !== null && kept.length > 0 && !is_wrong)
    compiled = compile({ ...before, secrets: await run.secrets.read(kept, folder) })
  const found = [...diagnostics, ...plugins.diagnostics, ...withPackageHints(compiled.diagnostics, pipeline)]
  // Who only checks a file gets to know what a run would stop at.
  const absent = run === null && compiled.plan !== null ? absentTables(pipeline, compiled.plan) : []
  const all = [...found, ...absent].sort(inOrder)
  const plan = all.some(isError) ? null : compiled.plan
  return { plan, diagnostics: all, graph: compiled.graph, texts, files, secrets }
}

const isError = ({ severity }: Diagnostic) => severity === 'error'

/**
 * The plan of a file that is to be run; `onWarnings` takes what is odd about it, if anything is. `secrets`: those of the command, where
 * it compiles more than once.
 * @throws DiagnosticsError with all that is wrong; CustodyError CUSTODY_KEY.
 */
export async function compilePipeline(
  env: Environment,
  file: string,
  sets: readonly string[],
  onWarnings: (checked: CheckedPipeline) => void,
  secrets = new HostSecrets(env),
): Promise<Plan> {
  const loaded = await loadPipeline(file, { env, overrides: sets })
  return planIn(await checkLoaded(loaded, env, { signer: () => signingKey(env), secrets }), onWarnings)
}

/** The same of a text that a ledger has, whatever stands in its file now; `file` is that file's absolute path. @throws as `compilePipeline` */
export async function compileRecorded(
  env: Environment,
  { text, file, sets }: { readonly text: string; readonly file: string; readonly sets: readonly string[] },
  onWarnings: (checked: CheckedPipeline) => void,
): Promise<Plan> {
  const loaded = parsePipeline(text, { env, overrides: sets, file, folder: dirname(file) })
  const run = { signer: () => signingKey(env), secrets: new HostSecrets(env) }
  return planIn(await checkLoaded(loaded, env, run), onWarnings)
}

function planIn(checked: CheckedPipeline, onWarnings: (checked: CheckedPipeline) => void): Plan {
  const { plan, diagnostics, texts } = checked
  if (plan === null) throw new DiagnosticsError(diagnostics, texts, true)
  if (diagnostics.length > 0) onWarnings(checked)
  return plan
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
