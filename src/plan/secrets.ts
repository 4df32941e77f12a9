/**
 * `{secret: NAME}` in options: the plugin gets the value, everybody else its name and a keyed fingerprint. So it is with the URL of the
 * ledger, which is no part of the evidence.
 */
import { LEDGER_URL, LEDGER_URL_HINT } from '../config/leaf.ts'
import type { ConfigPath, PipelineFile } from '../config/pipeline.ts'
import { isDistinctiveSecret, isDummySecret } from '../model/distinctive-secret.ts'
import type { SecretReading } from '../model/secret-reading.ts'
import type { Report } from './report.ts'

export interface Secrets {
  /** What became of a secret that the file names. */
  readonly secrets: (name: string) => SecretReading
  /** A keyed fingerprint of a value: shows whether two are the same, and nothing else. */
  readonly fingerprint: (value: string) => string
  /** False: a secret that can't be had is a warning (validation without them). */
  readonly secrets_required?: boolean
}

/** A secret that a file names, and where. */
export interface SecretUse {
  readonly name: string
  readonly path: ConfigPath
}

export interface FoundSecret {
  /** Within the options. */
  readonly path: readonly (string | number)[]
  readonly name: string
  /** Null if it isn't known. */
  readonly value: string | null
  readonly fingerprint: string | null
}

/** Stands for a secret that isn't known, so that the rest of the options can be checked. */
const UNKNOWN = 'a-secret-that-is-not-set'

function nameOf(value: object): string | null {
  const keys = Object.keys(value)
  if (keys.length !== 1 || keys[0] !== 'secret') return null
  const name = (value as { secret: unknown }).secret
  return typeof name === 'string' ? name : null
}

/** A copy of a value in which `put` has replaced each secret. */
function replaced(value: unknown, path: ConfigPath, put: (use: SecretUse) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each, index) => replaced(each, [...path, index], put))
  const name = nameOf(value)
  if (name !== null) return put({ name, path })
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaced(each, [...path, key], put)]))
}

/** Those that a plan is made with: of options, and of the ledger's URL. */
export function secretsOfPlan({ config }: PipelineFile): readonly SecretUse[] {
  const parts = Object.entries({ sources: config.sources, nodes: config.nodes, sinks: config.sinks })
  const of_plugins = parts.flatMap(([part, all]) =>
    all.flatMap(each => {
      if ('options' in each) return secretsIn(each.options, [part, each.name, 'options'])
      if (each.kind !== 'gate' || each.by.kind !== 'plugin') return []
      return secretsIn(each.by.options, [part, each.name, 'gate', 'options'])
    }),
  )
  return [...of_plugins, ...secretsIn(config.ledger_url, ['ledger', 'url'])]
}

/** All that a file names; the key of the ledger is read when that is opened, by whoever needs it. */
export function secretsNamed(pipeline: PipelineFile): readonly SecretUse[] {
  return [...secretsOfPlan(pipeline), ...secretsIn(pipeline.config.ledger_key, ['ledger', 'encryption', 'key'])]
}

function secretsIn(value: unknown, path: ConfigPath): readonly SecretUse[] {
  const uses: SecretUse[] = []
  replaced(value, path, use => uses.push(use))
  return uses
}

/** The value; null where it can't be had, which is reported, or wasn't read. Problems: those of a reading. */
function secretValue({ name, path }: SecretUse, { secrets, secrets_required = true }: Secrets, report: Report) {
  const reading = secrets(name)
  if (reading.kind === 'value') return reading.value
  if (reading.kind === 'problem') {
    // What is missing in the environment may be there when it runs; a package that Custody itself lacks is lacking now.
    const is_error = secrets_required || reading.code === 'CUSTODY_PACKAGE_MISSING'
    report[is_error ? 'error' : 'warning'](reading.code, path, reading.message, { hint: reading.hint })
  }
  return null
}

/** A copy of the options with secrets in their places. Problems: CUSTODY_SECRET_UNSET, and the others of secrets. */
export function putSecrets(
  options: unknown,
  path: ConfigPath,
  secrets: Secrets,
  report: Report,
): { readonly options: unknown; readonly found: readonly FoundSecret[] } {
  const found: FoundSecret[] = []
  const put = ({ name, path: at }: SecretUse) => {
    const value = secretValue({ name, path: [...path, ...at] }, secrets, report)
    found.push({ path: at, name, value, fingerprint: value === null ? null : secrets.fingerprint(value) })
    return value ?? UNKNOWN
  }
  return { options: replaced(options, [], put), found }
}

/** As `putSecrets` for the URL of the ledger. Problems: CUSTODY_LEDGER_URL besides. */
export function ledgerUrl({ config }: PipelineFile, secrets: Secrets, report: Report): string | null {
  const { ledger_url: url } = config
  const path = ['ledger', 'url']
  if (url === null || typeof url === 'string') return url
  const value = secretValue({ name: url.secret, path }, secrets, report)
  if (value === null || LEDGER_URL.test(value)) return value
  // What it is else may be a secret of something else: its name is all that is said.
  report.error('CUSTODY_LEDGER_URL', path, `the secret ${url.secret} isn’t a ledger’s URL`, { hint: LEDGER_URL_HINT })
  return null
}

/**
 * Options without secrets: at the places where they were put, and wherever a plugin's type copied one to that is no ordinary word.
 * Each becomes `{secret: NAME, fingerprint}`.
 */
export function hideSecrets(options: unknown, found: readonly FoundSecret[]): unknown {
  if (found.length === 0) return options
  const reference = ({ name, fingerprint }: FoundSecret) => ({ secret: name, fingerprint })
  const secretIn = (value: string) =>
    found.find(({ value: secret }) => {
      const text = secret ?? UNKNOWN
      // A model is named `ollama/qwen3` although the key, which the server doesn't look at, is `ollama`.
      return isDistinctiveSecret(text) ? value.includes(text) : value === text && !isDummySecret(text)
    })
  const visit = (value: unknown, at: readonly (string | number)[]): unknown => {
    const placed = found.find(each => each.path.length === at.length && each.path.every((step, i) => step === at[i]))
    if (placed !== undefined) return reference(placed)
    if (typeof value === 'string') {
      const inside = secretIn(value)
      return inside === undefined ? value : reference(inside)
    }
    if (Array.isArray(value)) return value.map((each, index) => visit(each, [...at, index]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, visit(each, [...at, key])]))
  }
  return visit(options, [])
}
