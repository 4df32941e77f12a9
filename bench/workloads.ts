/** The pipelines that are measured. Each reads `data.csv` of the folder above its own. */

export type WorkloadName = 'w1' | 'w2' | 'w3' | 'groups' | 'sort'

export interface Workload {
  readonly what: string
  readonly yaml: string
}

/** Most open groups of the workload `groups`. */
export const OPEN_GROUPS = 100_000

/** The source that all pipelines read from, and where its rows go. */
export const head = (name: string, to: string) => `
name: ${name}
defaults: { on_error: discard, on_invalid: discard }
sources:
  rows:
    plugin: csv
    options: { path: ../data.csv }
    schema:
      mode: fixed
      fields: { id: integer, name: string, amount: integer, region: string, note: string }
    to: ${to}`

export const WORKLOADS: { readonly [name in WorkloadName]: Workload } = {
  w1: {
    what: 'CSV → transform → gate → two CSV sinks',
    yaml: `${head('w1', 'double')}
nodes:
  double: { transform: compute, options: { set: { amount: row.amount * 2 } }, to: big }
  big: { gate: row.amount >= 100000, routes: { true: high, false: low } }
sinks:
  high: { plugin: csv, options: { path: out/high.csv } }
  low: { plugin: csv, options: { path: out/low.csv } }
`,
  },
  w2: {
    what: 'fork to two branches with a transform each, coalesce require_all, union, one CSV sink',
    yaml: `${head('w2', 'both')}
nodes:
  both: { fork: { twice: twice, where: where } }
  twice: { transform: compute, options: { set: { twice: row.amount * 2 } }, to: joined }
  where: { transform: compute, options: { set: { is_north: row.region == "north" } }, to: joined }
  joined: { coalesce: [twice, where], policy: require_all, merge: union, to: rows_out }
sinks:
  rows_out: { plugin: csv, options: { path: out/rows.csv } }
`,
  },
  w3: {
    what: 'batches of 100 rows into one row of statistics, one CSV sink',
    yaml: `${head('w3', 'by_hundred')}
nodes:
  by_hundred:
    aggregate: batch_stats
    trigger: { count: 100 }
    options: { value: amount }
    to: statistics
sinks:
  statistics: { plugin: csv, options: { path: out/statistics.csv } }
`,
  },
  groups: {
    what: `each row forked, one branch held until a batch of ${OPEN_GROUPS.toLocaleString('en')} lets the other go`,
    yaml: `${head('groups', 'both')}
nodes:
  both: { fork: { straight: joined, pooled: pool } }
  pool:
    aggregate: dedupe
    output: passthrough
    trigger: { count: ${OPEN_GROUPS} }
    options: { key: [id] }
    to: joined
  joined: { coalesce: [straight, pooled], policy: require_all, merge: union, to: rows_out }
sinks:
  rows_out: { plugin: csv, options: { path: out/rows.csv } }
`,
  },
  sort: {
    what: 'all rows held by a sort, one CSV sink',
    yaml: `${head('sort', 'ranked')}
nodes:
  ranked: { sort: [amount desc, id], to: rows_out }
sinks:
  rows_out: { plugin: csv, options: { path: out/rows.csv } }
`,
  },
}
