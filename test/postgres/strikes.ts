/** What happens to a server of PostgreSQL while it is used. */
import { setTimeout as sleep } from 'node:timers/promises'
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
    process.kill(random.pick(pids), 'SIGKILL')
    await answering(server)
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

/** Resolves when it answers again. */
async function answering(server: PostgresServer): Promise<void> {
  for (let left = 1000; ; left--) {
    try {
      await ask(server.url(), 'SELECT 1')
      return
    } catch (error) {
      if (left === 0) throw error
      await sleep(10)
    }
  }
}
