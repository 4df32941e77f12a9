/** Begins telemetry where the environment asks for it. The SDK is an optional peer, and reads its own settings from the process's environment. */

import { askedBy } from './settings.ts'
import { Signals } from './signals.ts'

export interface Telemetry {
  readonly signals: Signals
  /** Sends what is left, for so long as that may take and no longer. */
  close(): Promise<void>
}

export interface TelemetryPorts {
  readonly env: { readonly [name: string]: string | undefined }
  /** Of Custody. */
  readonly version: string
  /** A sentence without its end. */
  readonly onTrouble: (why: string) => void
}

/** A collector that doesn't answer holds nobody up for longer. */
const CLOSING_MS = 2_000

/** Optional peers. */
export const TELEMETRY_PACKAGES = ['@opentelemetry/api', '@opentelemetry/sdk-node']

type Loaded = readonly [typeof import('@opentelemetry/api'), typeof import('@opentelemetry/sdk-node')]

/** @throws if they aren't installed */
export function loadTelemetry(): Promise<Loaded> {
  return Promise.all([import('@opentelemetry/api'), import('@opentelemetry/sdk-node')])
}

/** null: it isn't asked for, or can't be had, which is reported. */
export async function beginTelemetry(ports: TelemetryPorts, load = loadTelemetry): Promise<Telemetry | null> {
  const asked = askedBy(ports.env)
  if (asked === null) return null
  let packages: Loaded
  try {
    packages = await load()
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    const install = `npm install ${TELEMETRY_PACKAGES.join(' ')}`
    ports.onTrouble(`${asked} asks for telemetry, whose packages aren’t installed: ${install} (${why})`)
    return null
  }
  try {
    return begun(ports, packages)
  } catch (error) {
    ports.onTrouble(`telemetry can’t begin: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

function begun({ env, version }: TelemetryPorts, [api, { NodeSDK }]: Loaded): Telemetry {
  // Each export that fails would be reported, again and again, over whatever the run reports.
  api.diag.disable()
  // A request that is under way keeps the process alive, and the SDK's own default is five times that.
  process.env.OTEL_EXPORTER_OTLP_TIMEOUT ??= String(CLOSING_MS)
  const sdk = new NodeSDK({ serviceName: env.OTEL_SERVICE_NAME ?? 'custody', instrumentations: [] })
  sdk.start()
  const signals = new Signals(api, version)
  const close = async () => {
    signals.close()
    await within(CLOSING_MS, sdk.shutdown())
  }
  return { signals, close }
}

/** What fails, fails: nothing depends on it (I11). */
async function within(most_ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>(resolve => {
    timer = setTimeout(resolve, most_ms)
  })
  await Promise.race([work.then(undefined, () => undefined), over])
  clearTimeout(timer)
}
