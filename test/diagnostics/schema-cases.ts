/** Bad files whose nodes name fields that their rows don't have, or that hold something else. */
import { type BadFile, error, warning } from './case.ts'

export const SCHEMA_CASES: readonly BadFile[] = [
  ...[
    ['per', 'per: [«regoin_code»]\n    options: {}'],
    ['group_by', 'options: { group_by: «regoin_code» }'],
    ['rates', 'options: { rates: [«regoin_code»] }'],
  ].map(([option, text]) => ({
    name: `a misspelt field of ${option} where nothing is declared`,
    text: `name: a
defaults: { on_error: discard, on_invalid: discard }
sources:
  rows: { plugin: jsonl, options: { path: a.jsonl }, schema: { mode: observed }, to: region }
nodes:
  region:
    transform: compute
    options: { set: { region_code: 'string(row.region) == "x"' } }
    to: count
  count:
    aggregate: batch_stats
    ${text}
    to: out
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl } }
`,
    expect: [warning('FIELD_NOT_GUARANTEED', '`regoin_code`, which isn’t among those', 'did you mean region_code?')],
  })),
  {
    name: 'a field that upstream doesn’t guarantee',
    change: [['fields: [note]', 'fields: [«notes»]']],
    expect: [error('FIELD_NOT_GUARANTEED', '`notes`', 'did you mean note?')],
  },
  {
    name: 'a field that a plugin dropped',
    change: [
      [
        'transform: compute\n    options:\n      set:\n        risk: row.amount * 2.0',
        'transform: field_mapper\n    options: { drop: [amount] }',
      ],
      ['value: risk', 'value: «risk»'],
    ],
    expect: [error('FIELD_NOT_GUARANTEED', '`risk`', 'id, region, note, amount'.slice(0, 2))],
  },
  {
    name: 'a field that a flexible schema doesn’t declare',
    change: [
      ['mode: fixed', 'mode: flexible'],
      ['fields: [note]', 'fields: [«title»]'],
    ],
    expect: [warning('FIELD_NOT_GUARANTEED', '`title`')],
  },
  {
    name: 'an option that names a field that it could do without, and no row has',
    change: [
      [
        'transform: compute\n    options:\n      set:\n        risk: row.amount * 2.0',
        'transform: field_mapper\n    options: { drop: [«notes»] }',
      ],
      ['value: risk', 'value: amount'],
    ],
    expect: [warning('FIELD_NOT_GUARANTEED', 'names the field `notes`, which no row has', 'did you mean note?')],
  },
  {
    name: 'a field that is the key of an option',
    change: [
      [
        'transform: compute\n    options:\n      set:\n        risk: row.amount * 2.0',
        'transform: field_mapper\n    options: { rename: { «amuont»: risk } }',
      ],
      ['value: risk', 'value: amount'],
    ],
    expect: [error('FIELD_NOT_GUARANTEED', 'needs the field `amuont`', 'did you mean amount?')],
  },
  {
    name: 'such a field where rows may have others',
    change: [
      ['mode: fixed', 'mode: flexible'],
      [
        'transform: compute\n    options:\n      set:\n        risk: row.amount * 2.0',
        'transform: field_mapper\n    options: { drop: [title, «notes»] }',
      ],
      ['value: risk', 'value: amount'],
    ],
    expect: [warning('FIELD_NOT_GUARANTEED', '`notes`, which isn’t among those', 'did you mean note?')],
  },
  {
    name: 'a field of the wrong type',
    change: [['value: risk', 'value: «region»']],
    expect: [error('FIELD_TYPE', 'it is a text', 'coerce')],
  },
  {
    name: 'a field that one of two ways brings',
    change: [
      [
        'nodes:\n',
        '  more:\n    plugin: jsonl\n    options: { path: b.jsonl }\n    schema: { mode: fixed, fields: { id: integer, amount: number, region: { type: string, enum: [north] } } }\n    to: screen\nnodes:\n',
      ],
      ['fields: [note]', 'fields: [«note»]'],
    ],
    expect: [warning('FIELD_NOT_GUARANTEED', 'rows from `more` don’t have')],
  },
  {
    name: 'types that don’t fit',
    change: [
      [
        'nodes:\n',
        '  more:\n    plugin: jsonl\n    options: { path: b.jsonl }\n    schema: { mode: fixed, fields: { id: string, amount: number, note: string, region: { type: string, enum: [north] } } }\n    to: screen\nnodes:\n',
      ],
      ['  screen:\n', '  «screen»:\n'],
    ],
    expect: [warning('SCHEMA_MISMATCH', 'different types of `id`')],
  },
]
