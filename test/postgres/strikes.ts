/** What happens to a server of PostgreSQL while it is used. */
import type { Random } from '../simulation/random.ts'
import { ask } from '../support/postgres.ts'
import type { PostgresServer } from '../support/postgres-server.ts'

const OF_CUSTODY = `FROM pg_stat_activity WHERE application_name = 'custody'`

export const STRIKES = {
  /** As an administrator does it; they are gone when it comes back. */
  end_backends: (server: PostgresServer) => ask(server.url(), `SELECT pg_terminate_backend(pid, 5000) ${OF_CUSTODY}`),
  /** One process of the server dies; the others end then, and it recovers. */
  kill_backend: async (server: PostgresServer, random: Random) => {
    const pids = (await ask(server.url(), `SELECT pid ${OF_CUSTODY}`)).map(({ pid }) => Number(pid))
    if (pids.length === 0) return
    await server.recovered(() => process.kill(random.pick(pids), 'SIGKILL'))
  },
  restart: async (server: PostgresServer) => {
    await server.stop()
    await server.start()
  },
  /** It recovers by its write-ahead log. */
  crash: async (server: PostgresServer) => {
    await server.crash()
    await server.start()
  },
} as const
