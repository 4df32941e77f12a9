/** The chaos peer: a server that speaks as model servers do, and fails as they do, in ways that a seed decides. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CustodyError } from '../model/error.ts'
import { type ChaosOptions, type ChaosSettings, chaosSettings } from './options.ts'
import type { ChaosRequest, ChaosTotals } from './record.ts'
import { Service } from './service.ts'

export interface ChaosPeer {
  /** `http://127.0.0.1:PORT`, for plain HTTP. */
  readonly url: string
  /** The same with `/v1`: the base URL for clients of OpenAI's API. Any key and any model will do. */
  readonly api_url: string
  /** What was asked so far, in the order of arrival. Requests in flight are among them, and still change. */
  readonly requests: readonly ChaosRequest[]
  readonly totals: ChaosTotals
  /** Resolves when no request is in flight: then all that was asked so far has its end in `requests`. */
  idle(): Promise<void>
  /** Cuts what is in flight, and stops listening. Can be repeated. */
  close(): Promise<void>
}

/** @throws CustodyError CUSTODY_ARGUMENT if an option is wrong, or the address can't be listened on. */
export async function startChaosPeer(options: ChaosOptions = {}): Promise<ChaosPeer> {
  const settings = chaosSettings(options)
  const service = new Service(settings)
  const server = createServer((request, response) => service.serve(request, response))
  // Longer than clients keep connections: none shall break that no fault breaks.
  server.keepAliveTimeout = 120_000
  const port = await listen(server, settings)
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host
  const url = `http://${host}:${port}`
  return {
    url,
    api_url: `${url}/v1`,
    get requests() {
      return service.log.requests
    },
    get totals() {
      return service.log.totals
    },
    idle: () => service.log.idle(),
    close: () => close(server, service),
  }
}

function listen(server: Server, { port, host }: ChaosSettings): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'is in use' : `can’t be listened on (${error.message})`
      reject(
        new CustodyError('CUSTODY_ARGUMENT', `port ${port} of ${host} ${reason}`, {
          hint: 'Name another port, or 0 for one that is free.',
          cause: error,
        }),
      )
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

async function close(server: Server, service: Service): Promise<void> {
  const closed = new Promise(resolve => server.close(resolve))
  server.closeAllConnections()
  await closed
  await service.log.idle()
}
