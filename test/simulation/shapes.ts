/** The shapes of random pipelines, by name. */
import type { Shape } from './generate.ts'

const linear = (more: Partial<Shape> = {}): Shape => ({
  later: false,
  groups: false,
  max_nodes: 8,
  max_rows: 30,
  ...more,
})
const groups = (more: Partial<Shape> = {}): Shape => ({
  later: false,
  groups: true,
  max_nodes: 12,
  max_rows: 30,
  ...more,
})

const nested = (more: Partial<Shape> = {}): Shape => ({
  later: true,
  groups: true,
  nested: true,
  max_nodes: 6,
  max_rows: 6,
  ...more,
})

export const SHAPES: { readonly [name: string]: Shape } = {
  linear: linear(),
  'linear-later': linear({ later: true }),
  'linear-later-crashes': linear({ later: true, crashes: true }),
  sending: linear({ later: true, sends: true }),
  'sending-crashes': linear({ later: true, sends: true, crashes: true }),
  'groups-sending-crashes': groups({ later: true, sends: true, crashes: true }),
  batches: linear({ later: true, sends: true, batches: true }),
  'groups-batches-crashes': groups({ later: true, sends: true, batches: true, crashes: true }),
  groups: groups(),
  'groups-later': groups({ later: true }),
  'groups-crashes': groups({ crashes: true }),
  'groups-later-crashes': groups({ later: true, crashes: true }),
  nested: nested(),
  'nested-crashes': nested({ crashes: true }),
  'nested-batched': nested({ batched: true, max_rows: 12 }),
  'nested-batched-crashes': nested({ batched: true, max_rows: 12, crashes: true }),
  calls: linear({ later: true, calls: true }),
  'calls-crashes': linear({ later: true, calls: true, crashes: true }),
  'groups-calls-crashes': groups({ later: true, calls: true, crashes: true }),
  'calls-troubled': linear({ later: true, calls: true, troubled: true }),
  'groups-calls-troubled-crashes': groups({ later: true, calls: true, troubled: true, crashes: true }),
  timed: groups({ later: true, timed: true }),
  'timed-crashes': groups({ later: true, timed: true, crashes: true }),
  'timed-calls-crashes': groups({ later: true, timed: true, calls: true, crashes: true }),
  'groups-clocks-crashes': groups({ later: true, clocks: true, crashes: true }),
  'timed-clocks-crashes': groups({ later: true, timed: true, clocks: true, crashes: true }),
  'timed-calls-clocks-crashes': groups({ later: true, timed: true, calls: true, clocks: true, crashes: true }),
  'timed-abandoned-crashes': groups({ later: true, timed: true, abandoned: true, crashes: true }),
  hostile: linear({ later: true, hostile: true }),
  'groups-hostile-crashes': groups({ later: true, hostile: true, crashes: true }),
  touched: linear({ later: true, touched: true }),
  'groups-touched-crashes': groups({ later: true, touched: true, crashes: true }),
  named: linear({ named: true }),
  'groups-named-crashes': groups({ later: true, named: true, crashes: true }),
  files: linear({ files: true }),
  'groups-files-crashes': groups({ later: true, files: true, crashes: true }),
  'files-abandoned-crashes': groups({ later: true, timed: true, files: true, abandoned: true, crashes: true }),
  'nested-timed-crashes': nested({ timed: true, crashes: true }),
  keyed: groups({ keyed: true }),
  'keyed-later-crashes': groups({ keyed: true, later: true, crashes: true }),
  'keyed-calls-crashes': groups({ keyed: true, later: true, calls: true, crashes: true }),
  'keyed-timed-crashes': groups({ keyed: true, later: true, timed: true, crashes: true }),
  'keyed-clocks-crashes': groups({ keyed: true, later: true, clocks: true, crashes: true }),
  'nested-keyed': nested({ keyed: true, batched: true, max_rows: 12 }),
  'nested-keyed-crashes': nested({ keyed: true, batched: true, max_rows: 12, crashes: true }),
  sorted: linear({ sorted: true }),
  'sorted-later-crashes': groups({ sorted: true, later: true, crashes: true }),
  'sorted-calls-crashes': groups({ sorted: true, later: true, calls: true, crashes: true }),
  'sorted-sending-crashes': groups({ sorted: true, later: true, sends: true, crashes: true }),
  'sorted-timed-crashes': groups({ sorted: true, later: true, timed: true, crashes: true }),
  'sorted-abandoned-crashes': groups({ sorted: true, later: true, abandoned: true, crashes: true }),
  'sorted-keyed': groups({ sorted: true, keyed: true }),
  'nested-sorted': nested({ sorted: true, batched: true, max_rows: 12 }),
  'nested-sorted-crashes': nested({ sorted: true, batched: true, max_rows: 12, crashes: true }),
  losing: nested({ losing: true }),
  'losing-crashes': nested({ losing: true, crashes: true }),
}

/** The command that runs one seed of one shape again. */
export function repeating(shape: string, seed: number): string {
  return `npm run simulate -- --shape ${shape} --seed ${seed} --seeds 1`
}
