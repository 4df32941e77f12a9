/** The format of pipeline files (docs: “The pipeline file”), as shapes. */
import type { KeyShape, ObjectShape, Shape, VariantsShape } from './shape.ts'

const target: Shape = { kind: 'text', form: 'target' }
const expression: Shape = { kind: 'text', form: 'expression' }
const plugin: Shape = { kind: 'text', form: 'plugin' }
const count: Shape = { kind: 'integer', min: 1 }
const interval: Shape = { kind: 'duration', above_zero: true }

const retry: ObjectShape = {
  kind: 'object',
  what: 'retry',
  keys: {
    attempts: { shape: count, doc: 'How often a row is tried at a node, the first attempt included.', default: 3 },
    backoff: { shape: { kind: 'duration', above_zero: false }, doc: 'Wait before the second attempt.', default: '1s' },
    max_backoff: { shape: { kind: 'duration', above_zero: false }, doc: 'Longest wait.', default: '60s' },
    factor: { shape: { kind: 'number', min: 1 }, doc: 'By what each wait is longer than the one before.', default: 2 },
  },
}

const to: KeyShape = { shape: target, required: true, doc: 'Where rows go next: a node, a sink, or discard.' }
const options: KeyShape = { shape: { kind: 'options' }, doc: 'Options of the plugin.' }
const on_error: KeyShape = {
  shape: target,
  doc: 'Where a row goes after an error: a sink, a node, or discard. Required here or in defaults.',
}
const on_error_of_gate: KeyShape = {
  shape: target,
  doc: 'Where a row goes after an error: a sink, a node, or discard. Required here or in defaults, unless nothing can fail.',
}
const node_retry: KeyShape = { shape: retry, doc: 'What differs from the pipeline’s retry.' }

const guards: ObjectShape = {
  kind: 'object',
  what: 'guards',
  keys: {
    rejected: {
      shape: { kind: 'threshold', share: true },
      doc: 'How many records of a source may be rejected at most.',
    },
    failed: {
      shape: { kind: 'threshold', share: true },
      doc: 'How many rows may have an ending in failure at most, rejected ones included.',
    },
    min_rows: { shape: { kind: 'threshold', share: false }, doc: 'How many rows must be ingested at least.' },
  },
}

const source: ObjectShape = {
  kind: 'object',
  what: 'a source',
  keys: {
    plugin: { shape: plugin, required: true, doc: 'The source plugin.' },
    options,
    schema: {
      shape: {
        kind: 'object',
        what: 'a schema',
        keys: {
          mode: {
            shape: { kind: 'choice', of: ['fixed', 'flexible', 'observed'] },
            doc: 'fixed: exactly these fields. flexible: at least these. observed: whatever comes.',
            default: 'observed',
          },
          fields: {
            shape: { kind: 'map', of: { kind: 'field' }, keys: 'field', min: 1, item: 'field' },
            doc: 'Fields and their types: string, integer, number, boolean, with ? if they may be missing; or a JSON Schema.',
          },
        },
      },
      doc: 'What is known of the rows.',
    },
    extra_columns: {
      shape: { kind: 'choice', of: ['error', 'drop'] },
      doc: 'Under mode fixed: what becomes of columns and fields that the schema doesn’t know. error: a header that has one stops the run before anything is written, a record is rejected. drop: they are left out.',
      default: 'error',
    },
    guards: { shape: guards, doc: 'What must hold of this source’s rows before anything is published.' },
    on_invalid: {
      shape: { kind: 'text', form: 'sink target' },
      doc: 'Where records go that can’t be read or don’t fit the schema: a sink, or discard. Required here or in defaults.',
    },
    to,
  },
  refused: { on_error: 'a source has on_invalid: where records go that can’t be read' },
}

const plugin_gate: ObjectShape = {
  kind: 'object',
  what: 'a plugin gate',
  keys: { plugin: { shape: plugin, required: true, doc: 'The gate plugin.' }, options },
}

const one_case: VariantsShape = {
  kind: 'variants',
  what: 'a case',
  by: {
    when: {
      kind: 'object',
      what: 'a case',
      keys: {
        when: { shape: expression, required: true, doc: 'The case holds if this is true.' },
        to,
        label: { shape: { kind: 'text', form: 'label' }, doc: 'Its label; its number from 1 if not given.' },
      },
    },
    else: {
      kind: 'object',
      what: 'the last case',
      keys: {
        else: { shape: target, required: true, doc: 'Where rows go for which no case holds.' },
        label: { shape: { kind: 'text', form: 'label' }, doc: 'Its label; else if not given.' },
      },
    },
  },
}

const cannot_fail = 'rows can’t fail here with an error of their own'

const node: VariantsShape = {
  kind: 'variants',
  what: 'a node',
  by: {
    transform: {
      kind: 'object',
      what: 'a transform',
      keys: {
        transform: { shape: plugin, required: true, doc: 'The transform plugin.' },
        options,
        to,
        on_error,
        retry: node_retry,
      },
      refused: {
        plugin: 'the plugin of a transform is the value of transform',
        routes: 'only gates have routes; a transform has to',
      },
    },
    gate: {
      kind: 'object',
      what: 'a gate',
      keys: {
        gate: {
          shape: {
            kind: 'either',
            text: expression,
            map: plugin_gate,
            expects: 'an expression, or a map with plugin and options',
          },
          required: true,
          doc: 'A CEL expression that gives true or false, or a text; or a gate plugin.',
        },
        routes: {
          shape: { kind: 'map', of: target, keys: 'label', min: 1, item: 'route' },
          required: true,
          doc: 'Where rows go for each label; else for all others.',
        },
        on_error: on_error_of_gate,
        retry: node_retry,
      },
      refused: { to: 'a gate has routes, one for each of its labels' },
    },
    cases: {
      kind: 'object',
      what: 'a gate with cases',
      keys: {
        cases: {
          shape: { kind: 'list', of: one_case, min: 1, unique: false, item: 'case' },
          required: true,
          doc: 'The first case that holds decides; the last is else.',
        },
        on_error: on_error_of_gate,
        retry: node_retry,
      },
      refused: {
        to: 'each case has its own to',
        routes: 'each case has its own to',
        else: 'write { else: … } as the last case',
      },
    },
    fork: {
      kind: 'object',
      what: 'a fork',
      keys: {
        fork: {
          shape: {
            kind: 'either',
            list: { kind: 'list', of: { kind: 'text', form: 'branch' }, min: 1, unique: true, item: 'branch' },
            map: { kind: 'map', of: target, keys: 'branch', min: 1, item: 'branch' },
            expects: 'a map of branches and where they go, or a list of nodes',
          },
          required: true,
          doc: 'Branches and where they go; [a, b] is {a: a, b: b}.',
        },
      },
      refused: {
        on_error: cannot_fail,
        retry: cannot_fail,
        to: 'each branch of a fork has its own target',
        routes: 'a fork sends rows to all of its branches; only gates have routes',
      },
    },
    coalesce: {
      kind: 'object',
      what: 'a coalesce',
      keys: {
        coalesce: {
          shape: { kind: 'list', of: { kind: 'text', form: 'branch' }, min: 1, unique: true, item: 'branch' },
          required: true,
          doc: 'Branches of one fork that are joined here.',
        },
        policy: {
          shape: { kind: 'choice', of: ['require_all', 'quorum', 'best_effort', 'first'] },
          doc: 'Which branches must have arrived.',
          default: 'require_all',
        },
        quorum: { shape: count, doc: 'How many branches policy quorum needs.' },
        timeout: { shape: interval, doc: 'How long to wait after the first arrival; best_effort needs it.' },
        decide: {
          shape: { kind: 'choice', of: ['early', 'complete'] },
          doc: 'complete: quorum and best_effort decide when every branch has arrived or is lost, or time is up.',
          default: 'early',
        },
        merge: {
          shape: { kind: 'choice', of: ['union', 'nested', 'select'] },
          doc: 'union: fields of all branches. nested: {branch: row}. select: the row of one branch.',
          default: 'union',
        },
        select: { shape: { kind: 'text', form: 'branch' }, doc: 'The branch that merge select takes.' },
        on_conflict: {
          shape: { kind: 'choice', of: ['last_wins', 'first_wins', 'fail'] },
          doc: 'What union does if branches wrote different values to a field.',
          default: 'last_wins',
        },
        on_error: {
          shape: { kind: 'text', form: 'sink target' },
          doc: 'A sink or discard: where members of groups that failed are written.',
        },
        to,
      },
      refused: { retry: cannot_fail },
    },
    aggregate: {
      kind: 'object',
      what: 'an aggregate',
      keys: {
        aggregate: { shape: plugin, required: true, doc: 'The aggregate plugin.' },
        trigger: {
          shape: {
            kind: 'object',
            what: 'a trigger',
            keys: {
              count: { shape: count, doc: 'Close the batch at this many rows.' },
              max_age: { shape: interval, doc: 'Close the batch this long after its first row.' },
              when: {
                shape: expression,
                doc: 'Close the batch when this is true; sees batch.count and batch.age_seconds.',
              },
            },
          },
          doc: 'When a batch closes, besides the end of input; any of these.',
        },
        output: {
          shape: { kind: 'choice', of: ['transform', 'passthrough'] },
          doc: 'transform: new rows. passthrough: the same rows go on, enriched or dropped.',
          default: 'transform',
        },
        output_rows: { shape: { kind: 'integer', min: 0 }, doc: 'Rows that each batch must give.' },
        options,
        to,
        on_error,
        retry: node_retry,
      },
      refused: { plugin: 'the plugin of an aggregate is the value of aggregate' },
    },
  },
}

const sink: ObjectShape = {
  kind: 'object',
  what: 'a sink',
  keys: { plugin: { shape: plugin, required: true, doc: 'The sink plugin.' }, options, on_error },
  refused: {
    to: 'a row’s way ends at a sink',
    retry: 'sinks that send follow the pipeline’s retry; others take a row or refuse it',
  },
}

const breaker: Shape = {
  kind: 'either',
  text: { kind: 'choice', of: ['off'] },
  map: {
    kind: 'object',
    what: 'breaker',
    keys: {
      failures: {
        shape: count,
        doc: 'So many calls in a row that meet an outage pause the service; the larger of 25 and 3 × concurrency if not given.',
      },
      give_up_after: {
        shape: interval,
        doc: 'How long it stays paused, and is tried now and then, before the run stops, and can be resumed.',
        default: '10m',
      },
    },
  },
  expects: 'off, or a map with failures and give_up_after',
}

const limits: ObjectShape = {
  kind: 'object',
  what: 'limits',
  keys: {
    services: {
      shape: {
        kind: 'map',
        keys: 'any',
        min: 0,
        item: 'service',
        of: {
          kind: 'object',
          what: 'a service',
          keys: {
            per_minute: { shape: count, doc: 'Requests in any 60 seconds.' },
            concurrency: { shape: count, doc: 'Requests at a time.', default: 16 },
            breaker: { shape: breaker, doc: 'When the service is taken for down; `off`: never.' },
            max_wait: {
              shape: interval,
              doc: 'How long the service may ask to be left alone; the run stops, and can be resumed, if it wants more.',
              default: '15m',
            },
          },
        },
      },
      doc: 'Limits of outside services, by name.',
    },
    file: {
      shape: { kind: 'text', form: 'any' },
      doc: 'A file in which all runs of this machine that name it keep the limits of services together.',
    },
    visit: {
      shape: interval,
      doc: 'Longest that a plugin may take to answer for a row or a batch while none of its calls is under way; then the run stops by it.',
      default: '1h',
    },
    spend: {
      shape: {
        kind: 'object',
        what: 'spend',
        keys: { usd: { shape: { kind: 'number', min: 0 }, required: true, doc: 'US dollars.' } },
      },
      doc: 'The run stops, and can be resumed, once this is spent.',
    },
  },
}

export const PIPELINE: ObjectShape = {
  kind: 'object',
  what: 'a pipeline',
  keys: {
    name: { shape: { kind: 'text', form: 'pipeline name' }, required: true, doc: 'Lower case, digits and dashes.' },
    description: { shape: { kind: 'text', form: 'any' }, doc: 'For people.' },
    defaults: {
      shape: {
        kind: 'object',
        what: 'defaults',
        keys: {
          on_error: { shape: target, doc: 'on_error of each node and sink that says nothing else.' },
          on_invalid: {
            shape: { kind: 'text', form: 'sink target' },
            doc: 'on_invalid of each source that says nothing else.',
          },
        },
      },
      doc: 'What holds where nothing else is said.',
    },
    sources: {
      shape: { kind: 'map', of: source, keys: 'name', min: 1, item: 'source' },
      required: true,
      doc: 'Where rows come from; read one after another in this order.',
    },
    nodes: { shape: { kind: 'map', of: node, keys: 'name', min: 0, item: 'node' }, doc: 'What happens to rows.' },
    sinks: {
      shape: { kind: 'map', of: sink, keys: 'name', min: 1, item: 'sink' },
      required: true,
      doc: 'Where rows end.',
    },
    retry: { shape: retry, doc: 'How often, and when, a row is tried again after an error that could pass.' },
    ledger: {
      shape: {
        kind: 'object',
        what: 'ledger',
        keys: {
          url: {
            shape: { kind: 'text', form: 'ledger url', secret: true },
            required: true,
            doc: 'sqlite:PATH or postgres://…',
          },
        },
      },
      doc: 'Where the evidence is kept.',
    },
    limits: { shape: limits, doc: 'Limits of outside services and of money.' },
    guards: {
      shape: guards,
      doc: 'What must hold before anything is published; else the run stops, and can be resumed.',
    },
    plugins: {
      shape: { kind: 'list', of: { kind: 'text', form: 'any' }, min: 0, unique: true, item: 'plugin file or package' },
      doc: 'Files and packages that bring further plugins.',
    },
  },
}
