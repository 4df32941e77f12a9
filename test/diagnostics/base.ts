/** The pipeline that the bad files are made from: sound, with a node of each kind. */
export const BASE = `name: loan-triage
defaults: { on_error: problems, on_invalid: problems }
sources:
  applications:
    plugin: csv
    options: { path: data/applications.csv }
    schema:
      mode: fixed
      fields:
        id: integer
        amount: number
        region: { type: string, enum: [north, south] }
        note: string?
    to: screen
nodes:
  screen:
    transform: keyword_filter
    options: { fields: [note], patterns: ['(?i)password'] }
    to: tier
  tier:
    gate: row.amount >= 5000.0
    routes: { true: both, false: area }
  area:
    gate: row.region
    routes: { north: micro, south: size }
  size:
    cases:
      - { when: row.amount < 1000.0, to: micro }
      - { else: desk }
  desk:
    gate: { plugin: nearest_desk, options: { max_km: 50 } }
    routes: { sydney: micro, else: discard }
  both:
    fork: { left: risk, right: merged }
  risk:
    transform: compute
    options:
      set:
        risk: row.amount * 2.0
    to: merged
  merged:
    coalesce: [left, right]
    to: stats
  stats:
    aggregate: batch_stats
    trigger: { count: 100, when: batch.count >= 50 }
    options: { value: risk }
    to: summary
sinks:
  micro: { plugin: csv, options: { path: out/micro.csv } }
  summary: { plugin: jsonl, options: { path: out/summary.jsonl } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`
