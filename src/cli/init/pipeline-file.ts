/** The example that `custody init` writes: its pipeline file. */

export const PIPELINE = `# A small loan triage. Try:  custody run pipeline.yaml
#
# Rows come from a source, pass nodes, and end in sinks. Every way that a row can take is written down here, the ways
# after an error too; so the ledger can tell for each row where it ended, and why.
name: loan-triage
description: Triage of loan applications

# Where rows go that meet an error at a node. Every node could say its own.
defaults: { on_error: problems }

sources:
  applications:
    plugin: csv
    options: { path: data/applications.csv }   # relative to this file
    schema:
      mode: fixed                              # exactly these fields
      fields:
        id: integer
        applicant: string
        loan_type: string
        amount: number
        credit_score: integer?                 # ? = may be missing
        note: string?
    on_invalid: quarantine                     # records that don't fit the schema
    to: screen

nodes:
  screen:                                      # a match is an error: the row goes to \`problems\`
    transform: keyword_filter
    options: { fields: [note], patterns: ['(?i)password', '(?i)wire transfer'] }
    to: map
  map:
    transform: field_mapper
    options: { rename: { amount: loan_amount } }
    to: size
  size:                                        # a gate decides by an expression (CEL)
    gate: row.loan_amount >= 5000
    routes: { true: credit, false: micro }
  credit:
    gate: row.credit_score >= 700              # a missing score is an error of that row
    routes: { true: approved, false: risk }
  risk:
    gate: row.loan_amount >= 50000
    routes: { true: high_risk, false: review }

sinks:                                         # if_exists: replace, so that you can run this again and again
  approved:   { plugin: csv,   options: { path: out/approved.csv,     if_exists: replace } }
  micro:      { plugin: csv,   options: { path: out/micro.csv,        if_exists: replace } }
  review:     { plugin: csv,   options: { path: out/review.csv,       if_exists: replace } }
  high_risk:  { plugin: csv,   options: { path: out/high_risk.csv,    if_exists: replace } }
  problems:   { plugin: jsonl, options: { path: out/problems.jsonl,   if_exists: replace }, on_error: discard }
  quarantine: { plugin: jsonl, options: { path: out/quarantine.jsonl, if_exists: replace }, on_error: discard }
`
