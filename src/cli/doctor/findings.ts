/** What `custody doctor` looks at. Each check returns what it found; none throws. */

import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { KEY_TYPE_NAMES } from '../../format/verifier-key.ts'
import { ledgerUrl } from '../../host/ledger.ts'
import { keyExposure, keyPlace, ownKeys } from '../../ledger/keys/keys.ts'
import { openLedgerReader } from '../../ledger/open-reader.ts'
import { withoutPassword } from '../../ledger/postgres/address.ts'
import { isCustodyError } from '../../model/error.ts'
import { askedBy } from '../../telemetry/settings.ts'
import type { Context } from '../context.ts'
import type { LedgerOptions } from '../ledger-access.ts'
import { nodeVersionProblem } from '../node-version.ts'
import { counted } from '../render/text.ts'
import { packages } from './packages.ts'
import { secrets } from './secrets.ts'

export interface Finding {
  readonly name: string
  readonly state: 'ok' | 'warn' | 'fail'
  /** One line. */
  readonly message: string
  readonly hint?: string | undefined
  /** Of what a run would stop at. */
  readonly code?: string
}

/** Which pipeline is looked at, if one is. */
export interface Looked {
  readonly file: string
  readonly set?: readonly string[]
}

type Check = (context: Context, options: LedgerOptions) => Finding | Promise<Finding>

const CHECKS: ReadonlyArray<readonly [name: string, check: Check]> = [
  ['custody', ({ version, command }) => ok('custody', `version ${version}, called as ${command}`)],
  ['node', node],
  ['sqlite', sqlite],
  ['key', key],
  ['ledger', ledger],
  ['folder', folder],
  ['telemetry', telemetry],
  ['secrets', secrets],
  ['packages', packages],
  ['terminal', terminal],
]

/** All of them, in order; then those of a pipeline, whose ledger is the one that is looked at. */
export async function findings(context: Context, given: LedgerOptions, looked: Looked | null): Promise<Finding[]> {
  if (looked === null) return installation(context, given)
  const { ledgerOf, pipelineFindings, pipelineIn, placeFindings } = await import('./places.ts')
  const checked = await pipelineIn(context, looked.file, looked.set ?? [])
  const { plan } = checked
  const options = plan === null ? given : { ...given, ledger: ledgerOf(context, plan, given) }
  const found = [...(await installation(context, options)), ...pipelineFindings(checked)]
  return plan === null ? found : [...found, ...(await placeFindings(plan, ledgerUrl(context, options)))]
}

async function installation(context: Context, options: LedgerOptions): Promise<Finding[]> {
  const found: Finding[] = []
  for (const [name, check] of CHECKS) {
    try {
      found.push(await check(context, options))
    } catch (thrown) {
      found.push(failed(name, thrown))
    }
  }
  return found
}

function ok(name: string, message: string): Finding {
  return { name, state: 'ok', message }
}

function failed(name: string, thrown: unknown): Finding {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const { code, hint } = isCustodyError(thrown) ? thrown : { code: undefined, hint: undefined }
  return {
    ...{ name, state: 'fail', message },
    ...(code === undefined ? {} : { code }),
    ...(hint === undefined ? {} : { hint }),
  }
}

function node(): Finding {
  const { node: version } = process.versions
  const problem = nodeVersionProblem(version)
  return problem === null ? ok('node', `${version} on ${process.platform} ${process.arch}`) : failed('node', problem)
}

function sqlite(): Finding {
  const db = new DatabaseSync(':memory:')
  try {
    const row = db.prepare('SELECT sqlite_version() AS version').get()
    return ok('sqlite', `${String(row?.version)}, built into Node`)
  } finally {
    db.close()
  }
}

function key({ env }: Context): Finding {
  const [own, second] = ownKeys(env)
  if (own === undefined)
    return {
      name: 'key',
      state: 'warn',
      message: 'there is no signing key yet; the first run makes one',
      hint: 'To use one of your own, set $CUSTODY_KEY to its file.',
    }
  const place = keyPlace(env)
  const exposed = keyExposure(place)
  const message = `checkpoints are signed by ${own.text}${second === undefined ? '' : ` and ${KEY_TYPE_NAMES[second.type]}`}${env.CUSTODY_KEY ? ' (from $CUSTODY_KEY)' : ''}`
  if (exposed === null || place.kind === 'environment') return ok('key', message)
  return {
    name: 'key',
    state: exposed.forbidden ? 'fail' : 'warn',
    message: exposed.forbidden ? `${own.text} signs nothing: ${exposed.what}` : `${message}; ${exposed.what}`,
    hint: `Make it yours alone: chmod 600 ${place.path}`,
  }
}

async function ledger(context: Context, options: LedgerOptions): Promise<Finding> {
  const url = ledgerUrl(context, options)
  try {
    const reader = await openLedgerReader(url)
    try {
      const runs = (await reader.logs()).filter(log => log.run !== null).length
      return ok('ledger', `${reader.url} has ${counted(runs, 'run')}`)
    } finally {
      await reader.close()
    }
  } catch (thrown) {
    if (!isCustodyError(thrown) || thrown.code !== 'CUSTODY_LEDGER_NOT_FOUND') throw thrown
    return {
      name: 'ledger',
      state: 'warn',
      message: `there is none at ${withoutPassword(url)} yet`,
      hint: 'The first run makes it.',
    }
  }
}

/** Writes and syncs a file in the current folder, as a run will have to. */
function folder({ cwd }: Context): Finding {
  const temporary = mkdtempSync(join(cwd, '.custody-doctor-'))
  try {
    const file = openSync(join(temporary, 'file'), 'w')
    try {
      writeSync(file, 'x')
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    return ok('folder', `${cwd} can be written and synced`)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

/** Off unless the environment asks for it; its packages are optional. */
async function telemetry({ env }: Context): Promise<Finding> {
  const asked = askedBy(env)
  if (asked === null) return ok('telemetry', 'off: OTEL_EXPORTER_OTLP_ENDPOINT turns it on')
  const { loadTelemetry, TELEMETRY_PACKAGES } = await import('../../telemetry/begin.ts')
  try {
    await loadTelemetry()
    return ok('telemetry', `on, as ${asked} says`)
  } catch {
    return {
      name: 'telemetry',
      state: 'warn',
      message: `${asked} asks for it, and its packages aren’t installed`,
      hint: `npm install ${TELEMETRY_PACKAGES.join(' ')}`,
    }
  }
}

function terminal({ terminal }: Context): Finding {
  const what = terminal.isLive ? `live, ${terminal.columns_stderr} columns` : 'not a terminal: no live line'
  return ok('terminal', `${what}; colour ${terminal.paint('bold', 'x') === 'x' ? 'off' : 'on'}`)
}
