/** What stands beside the API: health, metrics, the API's description, and the page. */
import type { Context, Hono } from 'hono'
import type { Asked } from '../host/answers/asked.ts'
import type { Answering } from './answering.ts'
import { failedBy, notSignedIn } from './failures.ts'
import type { LiveRuns } from './live/live-runs.ts'
import type { Gauge, Metrics } from './metrics.ts'
import type { Sessions } from './sessions.ts'
import { StaticFiles } from './static-files.ts'

export interface BesidePorts {
  readonly answers: Answering
  readonly metrics: Metrics
  readonly sessions: Sessions
  readonly live: LiveRuns
  /** Absolute folder of the explorer's files. */
  readonly explorer: string
  /** Of OpenAPI. */
  readonly document: object
  /** Whether whoever asks may see metrics: they name pipelines and runs. */
  readonly mayMeasure: (context: Context) => boolean
}

/** Anybody may read it: it says nothing of the ledger. */
const OPENAPI = '/api/v1/openapi.json'
/** Newest runs that metrics are of. */
const RUNS_COUNTED = 100

export function besides(ports: BesidePorts): (app: Hono) => void {
  const page = new StaticFiles(ports.explorer)
  return app => {
    app.get('/healthz', async context => {
      context.header('cache-control', 'no-store')
      try {
        await ports.answers.ask('runs', { limit: 1 })
        return context.json({ ok: true })
      } catch (error) {
        // Anybody may ask: the code says what is wrong, and nothing says where.
        return context.json({ ok: false, code: failedBy(error).body.error.code }, 503)
      }
    })
    app.get('/metrics', async context => {
      if (!ports.mayMeasure(context)) throw notSignedIn()
      const text = ports.metrics.text(await gauges(ports))
      return context.body(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
    })
    app.get(OPENAPI, context => context.json(ports.document))
    app.get('*', (context, next) => (context.req.path.startsWith('/api/') ? next() : page.answer(context)))
  }
}

async function gauges({ answers, sessions, live }: BesidePorts): Promise<readonly Gauge[]> {
  const { runs } = await answers.ask('runs', { limit: RUNS_COUNTED })
  const readable = runs.flatMap(each => ('problem' in each ? [] : [each]))
  const statuses = Map.groupBy(readable, each => each.status)
  const running = readable.filter(each => each.status === 'running')
  return [
    { name: 'custody_sessions', help: 'Sessions that are signed in.', values: [[{}, sessions.count]] },
    { name: 'custody_live_listeners', help: 'Pages that follow runs.', values: [[{}, live.listeners]] },
    {
      name: 'custody_runs',
      help: `The newest ${RUNS_COUNTED} runs by their status.`,
      values: [...statuses].map(([status, of]) => [{ status }, of.length]),
    },
    {
      name: 'custody_running_rows',
      help: 'Rows that runs under way have read.',
      values: running.map(({ run, name, rows }) => [{ run, pipeline: name }, rows.read]),
    },
    ...indexGauges(await answers.ask('index', { runs: RUNS_COUNTED })),
  ]
}

/** Of the index beside the ledger, where there is one. */
function indexGauges(index: Asked['index']['answer']): readonly Gauge[] {
  if (index === null) return []
  const { entries, entries_behind, bytes, is_building, failed_runs } = index
  const of = `of the newest ${RUNS_COUNTED} runs`
  const gauge = (name: string, help: string, value: number): Gauge => ({ name, help, values: [[{}, value]] })
  return [
    gauge('custody_index_entries', `Entries ${of} that the index has.`, entries),
    gauge(
      'custody_index_entries_behind',
      `Entries ${of} that it lacks, where a run is worth an index.`,
      entries_behind,
    ),
    gauge('custody_index_bytes', `Size of its files ${of}.`, bytes),
    gauge('custody_index_building', '1 while entries are being added to it.', is_building ? 1 : 0),
    gauge('custody_index_failed_runs', `Those ${of} that can’t be indexed.`, failed_runs),
  ]
}
