/** A server of PostgreSQL of a test file's own, to which something can be done while machines work, and ways to it. */
import { afterAll, beforeAll } from 'vitest'
import { Network } from '../postgres/network.ts'
import { PostgresServer } from './postgres-server.ts'

export interface HostsServer {
  /** Why there is none; empty: there is one. */
  readonly why: string
  readonly cluster: PostgresServer
  readonly network: Network
}

/** Begun at once, if it is wanted, and removed when the file's tests are over. */
export async function hostsServer(wanted = true): Promise<HostsServer> {
  let cluster: PostgresServer | null = null
  let network: Network | null = null
  let why = wanted ? '' : ' (not asked for)'
  try {
    if (wanted) cluster = await PostgresServer.begin(['max_connections=200'])
  } catch (error) {
    why = ` (no server: ${String(error)})`
  }
  beforeAll(async () => {
    if (cluster !== null) network = await Network.to(cluster.port)
  })
  afterAll(async () => {
    await network?.close()
    await cluster?.remove()
  })
  return {
    why,
    // cast: tests that find no server are left out.
    get cluster() {
      return cluster as PostgresServer
    },
    // cast: the same.
    get network() {
      return network as Network
    },
  }
}
