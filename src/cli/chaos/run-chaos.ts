/** Runs a chaos peer until Ctrl-C: what it is and how to use it first, a live count meanwhile, a summary at the end. */
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { ChaosOptions } from '../../chaos/options.ts'
import { type ChaosPeer, startChaosPeer } from '../../chaos/peer.ts'
import type { ChaosTotals } from '../../chaos/record.ts'
import { CustodyError } from '../../model/error.ts'
import { formatDuration } from '../../model/time.ts'
import type { Context } from '../context.ts'
import { stopOnSignals } from '../interrupt.ts'
import { count, counted, shorten } from '../render/text.ts'
import { readAnswers } from './answers-file.ts'
import type { FaultRates } from './arguments.ts'

export interface ChaosArguments {
  readonly port: number
  readonly seed: number
  readonly latency?: NonNullable<ChaosOptions['latency']>
  readonly faults?: FaultRates
  readonly burst?: NonNullable<ChaosOptions['burst']>
  readonly answer?: string
  readonly answers?: string
  readonly perMinute?: number
  readonly json?: boolean
}

const LIVE_EVERY_MS = 100

/** Returns the exit code. @throws CustodyError CUSTODY_ARGUMENT, and what reading the answers throws. */
export async function runChaos(context: Context, options: ChaosArguments): Promise<number> {
  const { terminal } = context
  const json = options.json === true
  const peer = await startChaosPeer(await settingsOf(context, options))
  const began_ms = performance.now()
  const stopping = stopOnSignals(context, true)
  stopping.listen()
  const begin = introduction(peer, options, context)
  if (json) terminal.report(begin)
  else terminal.answer(begin)
  const live = setInterval(
    () => terminal.live(shorten(`  ${progress(peer.totals)}`, terminal.columns_stderr - 1)),
    LIVE_EVERY_MS,
  )
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
  clearInterval(live)
  terminal.clearLive()
  await peer.close()
  stopping.close()
  const duration_ms = Math.round(performance.now() - began_ms)
  const { in_flight: _none, ...totals } = peer.totals
  if (json) terminal.answerJson({ url: peer.url, seed: options.seed, ...totals, duration_ms })
  else terminal.report(summary(peer.totals, duration_ms))
  return 0
}

async function settingsOf({ cwd }: Context, options: ChaosArguments): Promise<ChaosOptions> {
  const { port, seed, latency, faults, burst, answer, answers, perMinute } = options
  if (burst !== undefined && !((faults?.rate_limited ?? 0) > 0))
    throw new CustodyError('CUSTODY_ARGUMENT', '--burst says how long a rate_limited lasts, and there is none', {
      hint: 'Add --faults rate_limited=0.05.',
    })
  return {
    port,
    seed,
    // Only the totals are shown.
    keep: 0,
    ...(latency === undefined ? {} : { latency }),
    ...(faults === undefined ? {} : { faults }),
    ...(burst === undefined ? {} : { burst }),
    ...(answer === undefined ? {} : { answer }),
    ...(answers === undefined ? {} : { answers: await readAnswers(resolve(cwd, answers), answers) }),
    ...(perMinute === undefined ? {} : { per_minute: perMinute }),
  }
}

function introduction(peer: ChaosPeer, options: ChaosArguments, { terminal }: Context): string {
  const { paint } = terminal
  const { seed, faults, latency, perMinute } = options
  const rates = Object.entries(faults ?? {}).filter(([, rate]) => rate > 0)
  const set = rates.map(([kind, rate]) => `${kind} ${Number((rate * 100).toFixed(4))} %`)
  const question = '{"model":"any","messages":[{"role":"user","content":"Hello"}]}'
  return [
    `${paint('bold', 'Chaos peer')} at ${peer.url} · seed ${seed}`,
    '',
    `  models   ${peer.api_url} is the base URL; any key and any model will do`,
    '  HTTP     /echo · /page · /rows · /redirect?to=URL · /status/503',
    `  faults   ${set.length === 0 ? 'none; see --faults' : set.join(' · ')}`,
    ...(latency === undefined ? [] : [`  latency  ${rangeText(latency)}`]),
    ...(perMinute === undefined ? [] : [`  limit    ${counted(perMinute, 'request')} a minute`]),
    '',
    'In a pipeline, options of `llm` and `classify`:',
    '  provider: compatible',
    `  base_url: ${peer.api_url}`,
    '  model: any',
    'For programs that take it from the environment:',
    `  export OPENAI_BASE_URL=${peer.api_url} OPENAI_API_KEY=any`,
    'By hand:',
    `  curl ${peer.api_url}/chat/completions -d '${question}'`,
    '',
    'Ctrl-C ends it.',
  ].join('\n')
}

function rangeText({ min_ms = 0, max_ms = 0 }: NonNullable<ChaosOptions['latency']>): string {
  const [least, most] = [min_ms, max_ms].map(ms => formatDuration(ms * 1000))
  return least === most ? `${least}` : `${least} to ${most}`
}

function progress({ requests, in_flight, faults }: ChaosTotals): string {
  const met = Object.values(faults).reduce((sum, each) => sum + each, 0)
  return `${counted(requests, 'request')} · ${count(in_flight)} in flight · ${counted(met, 'fault')}`
}

function summary(totals: ChaosTotals, duration_ms: number): string {
  const counts = (of: { readonly [name: string]: number }) =>
    Object.entries(of)
      .map(([name, number]) => `${name} ${count(number)}`)
      .join(' · ')
  const { requests, sent_whole, faults, statuses, peak_in_flight, peak_per_minute } = totals
  const head = `ended after ${formatDuration(duration_ms * 1000)}: ${counted(requests, 'request')}`
  if (requests === 0) return head
  const met = counts(faults)
  return [
    `${head}, ${count(sent_whole)} answered to the end`,
    `  statuses  ${counts(statuses) || 'none'}`,
    `  faults    ${met === '' ? 'none' : met}`,
    `  at most   ${count(peak_in_flight)} at once · ${count(peak_per_minute)} in 60 seconds`,
  ].join('\n')
}
