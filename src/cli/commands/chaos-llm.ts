/** `custody chaos-llm`: the command and its options; chaos/run-chaos.ts does the work. */
import { Command } from 'commander'
import { FAULT_KINDS } from '../../chaos/faults.ts'
import { integerFrom } from '../arguments.ts'
import { burstOf, faultsOf, latencyOf } from '../chaos/arguments.ts'
import type { ChaosArguments } from '../chaos/run-chaos.ts'
import type { Context } from '../context.ts'

/** One that is easy to remember, and nobody's by custom. */
const DEFAULT_PORT = 4010

const LINE_COLUMNS = 90

/** What the option lines have no room for. */
const AFTER = `
The file of --answers, for example:
  - { match: "(?i)refund|money back", answer: { intent: refund } }     sent as JSON
  - { model: small, match: "plus", answer: "I don’t know." }           for one model only
  - { match: "", answer: "You said: {{ prompt }}" }                    for all others

Faults, of which docs/chaos-peer.md says what each does:
${linesOf(FAULT_KINDS).join('\n')}`

/** Names with commas between them, on lines of a terminal’s width. */
function linesOf(names: readonly string[]): readonly string[] {
  const lines: string[] = []
  for (const name of names) {
    const longer = `${lines.at(-1) ?? ' '} ${name},`
    if (lines.length > 0 && longer.length <= LINE_COLUMNS) lines[lines.length - 1] = longer
    else lines.push(`  ${name},`)
  }
  return [...lines.slice(0, -1), (lines.at(-1) ?? '').replace(/,$/, '')]
}
export function chaosCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('chaos-llm')
    .summary('start a test server that fails as models do')
    .description(
      'Starts a server on this machine that answers as OpenAI’s API does, and fails as often as you say. The same seed and the same requests meet the same faults. It runs until Ctrl-C.',
    )
    .option('--port <n>', 'the port to listen on; 0 takes one that is free', integerFrom(0), DEFAULT_PORT)
    .option('--seed <n>', 'another seed: other requests meet faults', integerFrom(0), 1)
    .option('--latency <duration>', 'how long answers take, as in 200ms or 50ms-400ms', latencyOf)
    .option(
      '--faults <list>',
      'the probability of each fault, as in rate_limited=0.05,server_error=0.02; or all=0.01',
      faultsOf,
    )
    .option('--burst <length>', 'how long a rate_limited lasts: requests, as in 20, or a duration, as in 5s', burstOf)
    .option('--answer <text>', 'what to answer; {{ prompt }} in it is replaced')
    .option(
      '--answers <file>',
      'a YAML file that is a list of rules, the first of which counts that matches a prompt: see below',
    )
    .option('--per-minute <n>', 'let so many requests through in any 60 seconds', integerFrom(1))
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', AFTER)
    .action(async (options: ChaosArguments) => {
      const { runChaos } = await import('../chaos/run-chaos.ts')
      done(await runChaos(context, options))
    })
}
