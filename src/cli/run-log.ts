/**
 * The log of a run as JSON, one line an event, on standard error in the place of progress and summaries for people. Each line has `level`, `time`,
 * `event` and `msg`, and what the event is about; docs/telemetry.md lists them. Rows' values are in none but in messages of errors that quote one.
 */
import { pino } from 'pino'
import type { ServiceState } from '../engine/calls/service-state.ts'
import { type CustodyError, isCustodyError } from '../model/error.ts'
import { formatTime } from '../model/time.ts'
import type { Context, RunLog } from './context.ts'
import type { ProgressFacts } from './progress.ts'
import { errorJson, exitCodeOf } from './render/error.ts'
import { serviceText } from './render/service.ts'
import { Terminal } from './terminal.ts'

/** Progress isn't reported more often; by the run's own clock. */
const EVERY_US = 5_000_000

/** What `work` does reports to a log, whatever it would report to people; what it throws is logged, unless `is_json`: then it stands on standard output. */
export async function withRunLog(
  context: Context,
  is_json: boolean,
  work: (context: Context) => Promise<number>,
): Promise<number> {
  const log = new JsonLog(context)
  const { stdout, stderr } = context.host
  const terminal = new LoggedTerminal(stdout, stderr, context.env, log)
  try {
    return await work({ ...context, terminal, log })
  } catch (error) {
    if (!isCustodyError(error) || is_json) throw error
    log.failed(error)
    return exitCodeOf(error)
  }
}

class JsonLog implements RunLog {
  readonly #log: pino.Logger
  #next_us = 0

  constructor({ host }: Context) {
    const stream = { write: (line: string) => void host.stderr.write(line) }
    const options: pino.LoggerOptions = {
      base: { name: 'custody' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: level => ({ level }) },
    }
    this.#log = pino(options, stream)
  }

  started(facts: { readonly [key: string]: unknown }): void {
    this.#log.info({ event: 'run.started', ...facts }, 'the run begins')
  }

  progress({ rows_read, rows_done, before, elapsed_us, dealing, splits }: ProgressFacts): void {
    if (elapsed_us < this.#next_us) return
    this.#next_us = elapsed_us + EVERY_US
    const seconds = (elapsed_us - (dealing?.took_us ?? 0)) / 1e6
    const dealt = dealing?.took_us === null ? { records_dealt: dealing.records } : {}
    const rows_per_second = seconds > 0 ? Math.round((rows_done - before.rows_done) / seconds) : 0
    this.#log.info(
      {
        ...{ event: 'run.progress', rows_read, rows_done, rows_per_second, ...dealt },
        ...(splits === undefined ? {} : { splits }),
        elapsed_ms: Math.round(elapsed_us / 1000),
      },
      dealt.records_dealt === undefined ? `${rows_done} rows done` : `${dealt.records_dealt} records dealt`,
    )
  }

  service(state: ServiceState): void {
    const { service, kind } = state
    const until_us = kind === 'back' ? null : kind === 'down' ? state.next_try_us : state.until_us
    const until = until_us === null ? {} : { until: formatTime(until_us) }
    const down = kind === 'down' ? { failures: state.failures, last: state.last } : {}
    const waiting = kind === 'back' ? {} : { open_tokens: state.open }
    const line = { event: `service.${kind}`, service, ...down, ...until, ...waiting }
    if (kind === 'back') this.#log.info(line, sentence(serviceText(state)))
    else this.#log.warn(line, sentence(serviceText(state)))
  }

  ended(facts: { readonly status: string; readonly [key: string]: unknown }): void {
    const { status } = facts
    const line = { event: 'run.ended', ...facts }
    if (status === 'failed') this.#log.error(line, 'the run stopped')
    else this.#log.info(line, status === 'cancelled' ? 'the run was stopped' : 'the run is sealed')
  }

  failed(error: CustodyError): void {
    this.#log.error({ event: 'failed', ...errorJson(error) }, error.message)
  }

  /** What has no event of its own. */
  said(text: string): void {
    const line = sentence(text)
    if (line.startsWith('warning')) this.#log.warn({ event: 'warning' }, line.replace(/^warning:? /, ''))
    else if (line !== '') this.#log.info({ event: 'note' }, line)
  }
}

/** Without what only a terminal needs. */
function sentence(text: string): string {
  return text.replace(/^\s*[⏸▶] /, '').trim()
}

/** What is reported to people becomes lines of the log; answers stay what they are. */
class LoggedTerminal extends Terminal {
  readonly #log: JsonLog

  constructor(
    stdout: ConstructorParameters<typeof Terminal>[0],
    stderr: ConstructorParameters<typeof Terminal>[1],
    env: ConstructorParameters<typeof Terminal>[2],
    log: JsonLog,
  ) {
    super(stdout, stderr, { ...env, NO_COLOR: '1', FORCE_COLOR: undefined })
    this.#log = log
  }

  override get isLive(): boolean {
    return false
  }

  override report(text: string): void {
    this.#log.said(text)
  }
}
