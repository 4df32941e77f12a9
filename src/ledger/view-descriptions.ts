/** What the views for auditors say, column by column: comments in PostgreSQL, and docs/views.md. */
import type { VIEW_COLUMNS, ViewName } from './read-port.ts'

type Described = {
  readonly [view in ViewName]: {
    readonly text: string
    readonly columns: { readonly [column in keyof (typeof VIEW_COLUMNS)[view]]: string }
  }
}

const run_id = 'The run: a UUIDv7.'
const row_id = 'The row, by its number within the run; null of a token that was born of a batch.'
const token_id = 'The token, by its number within the run.'
const node = 'The node, by its name in the pipeline file.'
const target = 'The node that it leads to, or discard.'
const source = 'The source, by its name in the pipeline file.'
const sink = 'The sink, by its name in the pipeline file.'
const batch_id = 'The batch: a group of kind batch.'

const of_log = {
  part: 'The split that numbers it, from 1; 0 in a run without splits.',
  number: 'Its number there: the id, in a run without splits.',
}

export const VIEW_DESCRIPTIONS: Described = {
  runs: {
    text: 'Runs, each once.',
    columns: {
      run_id,
      name: 'Name of the pipeline.',
      status:
        'running while somebody holds it, interrupted while nobody does; failed or cancelled if it stopped; completed, completed_with_failures, empty or abandoned if it is sealed.',
      started_at: 'When its first entry was made.',
      ended_at: 'When it was sealed, or stopped and wasn’t resumed since; else null.',
      plan_hash: 'SHA-256 of the plan.',
      rows_read: 'Records that it had read at its latest commit, rejected ones included.',
    },
  },
  nodes: {
    text: 'Nodes of each run’s plan, sources and sinks included.',
    columns: {
      ...{ run_id, node },
      kind: 'source, transform, gate, fork, coalesce, aggregate, join, sort or sink.',
      plugin: 'The plugin that does its work; null if it needs none.',
    },
  },
  edges: {
    text: 'Ways from node to node in each run’s plan.',
    columns: {
      ...{ run_id, node: 'The node that it leaves.' },
      label: 'Its name there: to, on_error, on_invalid, a route or a branch.',
      target,
    },
  },
  rows: {
    text: 'Rows, each once: records that sources yielded, rejected ones included.',
    columns: {
      run_id,
      row_id: 'The row, by its number within the run, from 1 in order of reading.',
      source,
      source_index: 'Number of the record within its source, from 1.',
      hash: 'Commitment, with a salt, to what was read.',
      ingested_at: 'When its first entry was made.',
      ...of_log,
    },
  },
  tokens: {
    text: 'Tokens, each once: instances of a row, or of what a batch gave, on one path.',
    columns: {
      run_id,
      token_id: 'The token, by its number within the run, from 1.',
      row_id,
      branch: 'The branch of a fork that it was born onto; null of others.',
      group_id: 'The group that it was born of; null of the first token of a row.',
      ...of_log,
    },
  },
  token_parents: {
    text: 'From which tokens a token was made, a line for each of them.',
    columns: {
      ...{ run_id, token_id },
      parent_id: 'A token that it was made from.',
      ordinal: 'Place among those, from 0.',
    },
  },
  groups: {
    text: 'Groups: tokens that one fork, expansion, merge, batch or match of a join ties.',
    columns: {
      run_id,
      group_id: 'The group, by its number within the run, from 1.',
      kind: 'fork, expand, merge, batch or join.',
      node: 'The node that made it.',
      row_id: 'The row whose tokens it ties; null of a batch, and where a batch gave them.',
      expected: 'Its branches or children; 0 of a batch.',
      verdict:
        'How it closed: forked, expanded, joined; merged, or why it failed; what triggered the batch; abandoned. Null while it is open.',
      opened_at: 'When the entry was made that opens it.',
      closed_at: 'When the entry was made that closes it; null while it is open.',
      ...of_log,
    },
  },
  token_outcomes: {
    text: 'How each token ended, once; and each time that one was held, a line that stays.',
    columns: {
      ...{ run_id, token_id, row_id },
      outcome: 'How it ended; BUFFERED where it was held.',
      cause: 'Why it ended so; null where it was held.',
      is_terminal: '1: its ending; 0: it was held.',
      node: 'The node where it ended, or was held.',
      sink: 'The sink that its row was written to; null if to none.',
      group_id: 'The group by which it ended, or that it was held for; null if there is none.',
      error_code: 'Code of the error by which it ended; null if it ended by none.',
      error_hash: 'Commitment, with a salt, to details of that error.',
      recorded_at: 'When it ended, or was held.',
    },
  },
  node_states: {
    text: 'Visits: each attempt of a token at a node.',
    columns: {
      ...{ run_id, token_id, node },
      kind: 'Kind of the node.',
      attempt: 'Number of the attempt, from 1.',
      status: 'ok, error, or held while it waits there.',
      input_hash: 'Commitment, with a salt, to the row as it came; null if none came.',
      output_hash: 'Commitment, with a salt, to the row as it left, the same if nothing changed; null if none left.',
      started_at: 'When it began.',
      duration_us: 'How long it took in microseconds, without times at which the run was down.',
    },
  },
  routing_events: {
    text: 'Edges that tokens left by, or were born onto.',
    columns: {
      ...{ run_id, token_id },
      node: 'The node that it left, or was born at.',
      label: 'Name of the edge there.',
      target,
    },
  },
  batches: {
    text: 'Batches of aggregates.',
    columns: {
      ...{ run_id, batch_id, node: 'The aggregate.' },
      trigger: 'What closed it: count, max_age, when or end_of_input; null while it is open, and if it was abandoned.',
      size: 'How many members it has; null while it is open.',
      key: 'What its members have in common where the aggregate has `per`, as JSON; null if it has none, or if that is erased or encrypted.',
      ...of_log,
    },
  },
  batch_members: {
    text: 'Tokens in batches that have closed.',
    columns: {
      ...{ run_id, batch_id, token_id },
      ordinal: 'Place in the batch, from 0.',
    },
  },
  calls: {
    text: 'Requests to services and models, of sources, and by which sinks send rows included.',
    columns: {
      run_id,
      call_id: 'The call, by its number within the run, from 1.',
      token_id: 'The token for which it was made; null if it was for a batch or a source.',
      node,
      attempt: 'The attempt of the visit that made it, from 1.',
      service: 'The service, by the name that limits know it by.',
      status:
        'ok, error, throttled (the service asked to be left alone), refused (the request was taken without this row); recorded, recorded_error or recorded_refused where nothing was asked, because another run had it on record.',
      duration_us: 'How long it took, in microseconds.',
      request_hash: 'Commitment, with a salt, to the request.',
      response_hash: 'Commitment, with a salt, to the answer; null if there was none.',
      ...of_log,
    },
  },
  inputs: {
    text: 'Files that sources with lists of files have read.',
    columns: {
      ...{ run_id, source },
      file: 'Place on the source’s list, from 1.',
      path: 'Where it is; null if that is erased or encrypted.',
      rows: 'Records that were read of it.',
      bytes: 'How many of its bytes were read.',
      sha256: 'SHA-256 of what was read; null if that is erased or encrypted, or if several splits have read of it.',
    },
  },
  artifacts: {
    text: 'Files and objects that sinks have published; none of a run whose values are encrypted, nor what is erased.',
    columns: {
      ...{ run_id, sink },
      path: 'Where it is; null if that is erased.',
      rows: 'Rows in it; null if that is erased.',
      bytes: 'Its size in bytes; null if that is erased.',
      sha256: 'SHA-256 of its content; null if that is erased.',
    },
  },
}
