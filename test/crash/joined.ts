/** A join to be crashed. */
import type { CrashPipeline } from './pipelines.ts'

const rows = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i + 1))
const jsonLines = (values: readonly unknown[]) => values.map(value => `${JSON.stringify(value)}\n`).join('')

/** Right rows that many left rows match, commits apart; a fork before; fields that don't stand in canonical order; some match too often. */
export const JOINED: CrashPipeline = {
  name: 'joined',
  asynchronous: false,
  files: {
    'orders.jsonl': jsonLines(
      rows(1800, n => ({ order: n, customer: n % 90 === 0 ? null : `c${(n * 7) % 60}`, amount: (n * 37) % 500 })),
    ),
    'customers.jsonl': jsonLines(
      rows(63, n => ({ name: `customer ${n}`, id: `c${n % 3 === 0 && n > 50 ? 9 : n}`, amount: n })),
    ),
  },
  yaml: `
name: joined
defaults: { on_error: problems, on_invalid: problems }
sources:
  orders: { plugin: jsonl, options: { path: orders.jsonl }, to: both }
  customers: { plugin: jsonl, options: { path: customers.jsonl }, to: enriched.right }
nodes:
  both: { fork: { log: log, ask: enriched.left } }
  enriched:
    join: { left: customer, right: id }
    max_matches: 4
    routes: { matched: size, left: unknown, right: idle }
  size: { gate: row.amount >= 250, routes: { true: large, false: small } }
sinks:
  log: { plugin: jsonl, options: { path: out/log.jsonl } }
  large: { plugin: jsonl, options: { path: out/large.jsonl } }
  small: { plugin: csv, options: { path: out/small.csv } }
  unknown: { plugin: jsonl, options: { path: out/unknown.jsonl } }
  idle: { plugin: jsonl, options: { path: out/idle.jsonl } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`,
}
