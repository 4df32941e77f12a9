/** Bad files whose YAML or shape is wrong. */
import { type BadFile, error, warning } from './case.ts'

/** A sort before everything else. */
const sorting = (keys: string): NonNullable<BadFile['change']> => [
  ['    to: screen\nnodes:\n', `    to: order\nnodes:\n  order: { sort: ${keys}, to: screen }\n`],
]

export const SHAPE_CASES: readonly BadFile[] = [
  // ── YAML ──
  { name: 'an empty file', text: '«»', expect: [error('EMPTY_PIPELINE', 'empty', 'custody init')] },
  { name: 'only comments', text: '«#» nothing here\n', expect: [error('EMPTY_PIPELINE')] },
  { name: 'a list', text: '«- a»\n', expect: [error('WRONG_TYPE', 'not a list')] },
  {
    name: 'a route among the defaults that is misspelt, and all that would follow from it',
    change: [['defaults: { on_error: problems,', 'defaults: { «on_eror»: problems,']],
    expect: [error('UNKNOWN_KEY', 'on_eror', 'did you mean on_error?')],
  },
  {
    name: 'defaults that are misspelt, and all that would follow from it',
    change: [['defaults: { on_error: problems,', '«default»: { on_error: problems,']],
    expect: [error('UNKNOWN_KEY', 'default', 'did you mean defaults?')],
  },
  {
    name: 'a tab as indentation',
    text: 'name: x\nsources:\n«\t»a: {}\n',
    expect: [error('YAML', 'a tab can’t indent', 'spaces')],
  },
  {
    name: 'a bracket that isn’t closed',
    text: 'name: x\nplugins: [a, b\n«s»inks: {}\n',
    expect: [error('YAML')],
  },
  {
    name: 'a colon in an unquoted value',
    change: [['row.amount >= 5000.0', '«r»ow.amount >= 5000.0 ? "a: «b»" : "c"']],
    expect: [error('YAML', '', 'quotes'), error('YAML', '', 'quotes')],
  },
  {
    name: 'a pattern in double quotes',
    change: [["'(?i)password'", '"«\\»d+"']],
    expect: [error('YAML', 'escape', 'single quotes')],
  },
  {
    name: 'a second document',
    text: 'name: x\n«---»\nname: y\n',
    expect: [error('YAML', 'second document')],
  },
  { name: 'a tag', change: [['max_km: 50', 'max_km: «!!binary» aGk=']], expect: [error('YAML', 'tag')] },
  { name: 'YAML 1.1', text: '«%»YAML 1.1\n---\nname: x\n', expect: [error('YAML', '1.2')] },
  {
    name: 'an alias without an anchor',
    change: [['note: string?', 'note: &text string?\n        more: «*txet»']],
    expect: [error('YAML', 'no anchor &txet', 'did you mean *text?')],
  },
  {
    name: 'an alias inside of itself',
    change: [['options: { max_km: 50 }', 'options: &o { max_km: «*o» }']],
    expect: [error('YAML_ALIASES', 'inside')],
  },
  {
    name: 'a billion laughs',
    change: [
      [
        'options: { value: risk }',
        `options:\n      value: &a [x, x, x, x, x, x, x, x, x]\n      b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n      c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n      d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n      e: [*d, «*d», *d, *d, *d, *d, *d, *d, *d]`,
      ],
    ],
    expect: [error('YAML_ALIASES', 'more than')],
  },
  {
    name: 'a duplicate YAML key',
    change: [['    to: tier', '    to: tier\n    «to»: tier']],
    expect: [error('YAML_DUPLICATE_KEY', 'first in line 19')],
  },
  {
    name: 'the same key, quoted and not',
    change: [['false: area', 'false: area, «"true"»: area']],
    expect: [error('YAML_DUPLICATE_KEY', '`true` stands twice')],
  },
  {
    name: 'a list as a key',
    change: [['desk:\n', 'desk:\n    ? «[x]»\n    : y\n']],
    expect: [error('YAML', 'a key must be a text')],
  },
  {
    name: 'half a surrogate pair',
    change: [['data/applications.csv', '«"\\uD800"»']],
    expect: [error('BAD_VALUE', 'surrogate')],
  },

  // ── keys and types ──
  {
    name: 'an unknown key',
    change: [['    to: tier', '    «onerror»: micro\n    to: tier']],
    expect: [error('UNKNOWN_KEY', 'a transform has no key `onerror`', 'did you mean on_error?')],
  },
  {
    name: 'misspelt routes: not what would follow from there being none',
    change: [
      ['  area:', '  «area»:'],
      ['routes: { north: micro, south: size }', '«rutes»: { north: micro, south: size }'],
    ],
    expect: [
      error('MISSING_KEY', '`node area` has no `routes`'),
      error('UNKNOWN_KEY', 'a gate has no key `rutes`', 'did you mean routes?'),
    ],
  },
  {
    name: 'an unknown key at the top',
    change: [['sinks:', '«limit»: {}\nsinks:']],
    expect: [error('UNKNOWN_KEY', '', 'did you mean limits?')],
  },
  {
    name: 'a key of another kind of node',
    change: [['    to: tier', '    «policy»: first\n    to: tier']],
    expect: [error('UNKNOWN_KEY', '', 'only a coalesce has it')],
  },
  {
    name: 'on_error on a fork',
    change: [['right: merged }', 'right: merged }\n    «on_error»: problems']],
    expect: [error('UNKNOWN_KEY', 'a fork', 'can’t fail')],
  },
  {
    name: 'no name',
    change: [
      ['name: loan-triage\n', ''],
      ['defaults:', '«d»efaults:'],
    ],
    expect: [error('MISSING_KEY', 'has no `name`')],
  },
  { name: 'a bad name', change: [['loan-triage', '«Loan triage»']], expect: [error('BAD_NAME', '', 'lower case')] },
  {
    name: 'no target',
    change: [
      ['  risk:\n', '  «risk»:\n'],
      ['row.amount * 2.0\n    to: merged', 'row.amount * 2.0'],
    ],
    expect: [error('MISSING_KEY', '`node risk` has no `to`')],
  },
  {
    name: 'no sinks',
    text: 'name: x\nsources: { a: { plugin: csv, options: { path: x }, on_invalid: discard, to: discard } }\n«sinks»: {}\n',
    expect: [error('MISSING_KEY', 'at least one sink')],
  },
  {
    name: 'sources as a list',
    text: 'name: x\nsources: «[a]»\nsinks: { «a»: { plugin: csv, options: { path: x }, on_error: discard } }\n'.replace(
      '«a»',
      'a',
    ),
    expect: [error('WRONG_TYPE', '`sources` must be a map')],
  },
  {
    name: 'an expression that isn’t a text',
    change: [['row.amount >= 5000.0', '«true»']],
    expect: [error('WRONG_TYPE', 'must be an expression', 'quotes')],
  },
  {
    name: 'a node that is two things',
    change: [['    to: tier', '    «gate»: row.x\n    to: tier']],
    expect: [error('BAD_VALUE', 'both `transform` and `gate`')],
  },
  {
    name: 'a node that is nothing',
    change: [['  screen:\n    transform: keyword_filter', '  «screen»:\n    plugin: keyword_filter']],
    expect: [error('MISSING_KEY', 'doesn’t say what it is', 'transform:')],
  },
  {
    name: 'a misspelt kind of node',
    change: [['  screen:\n    transform:', '  «screen»:\n    «tranform»:']],
    expect: [error('MISSING_KEY'), error('UNKNOWN_KEY', '`tranform`', 'did you mean transform?')],
  },
  {
    name: 'a reserved name',
    change: [['micro: {', 'micro: { plugin: csv, options: { path: b } }\n  «else»: {']],
    expect: [error('BAD_NAME'), error('UNREACHABLE_SINK')],
  },
  {
    name: 'a duplicate name',
    change: [['  micro: {', '  «risk»: { plugin: csv, options: { path: b } }\n  micro: {']],
    expect: [error('DUPLICATE_NAME', 'sink `risk` has the name of a node, in line 35'), error('UNREACHABLE_SINK')],
  },
  {
    name: 'a duplicate branch',
    change: [
      ['  risk:\n', '  again:\n    fork: { «left»: risk }\n  risk:\n'],
      ['sydney: micro', 'sydney: again'],
    ],
    expect: [error('DUPLICATE_BRANCH', 'fork `both` has a branch `left` too')],
  },

  // ── values ──
  {
    name: 'a negative count',
    change: [['count: 100', 'count: «-5»']],
    expect: [error('BAD_VALUE', 'at least 1, not -5')],
  },
  {
    name: 'a fraction',
    change: [['count: 100', 'count: «1.5»']],
    expect: [error('BAD_VALUE', 'whole number, not 1.5')],
  },
  {
    name: 'a count as a text',
    change: [['count: 100', 'count: «"100"»']],
    expect: [error('WRONG_TYPE', 'a whole number', 'without quotes')],
  },
  { name: 'NaN', change: [['count: 100', 'count: «.nan»']], expect: [error('BAD_VALUE', '.nan')] },
  { name: 'infinity', change: [['max_km: 50', 'max_km: «-.inf»']], expect: [error('BAD_VALUE', '-.inf')] },
  {
    name: 'a number that is too large',
    change: [['max_km: 50', 'max_km: «12345678901234567890»']],
    expect: [error('BAD_VALUE', 'exactly')],
  },
  {
    name: 'a number as large as infinity',
    change: [['max_km: 50', 'max_km: «1e999»']],
    expect: [error('BAD_VALUE', '1e999')],
  },
  {
    name: 'no attempts',
    change: [['sinks:', 'retry: { attempts: «0» }\nsinks:']],
    expect: [error('BAD_VALUE', 'at least 1')],
  },
  {
    name: 'a duration without a unit',
    change: [['count: 100', 'max_age: «30»']],
    expect: [error('WRONG_TYPE', 'with its unit', '30s')],
  },
  {
    name: 'a duration in other words',
    change: [['count: 100', 'max_age: «30 seconds»']],
    expect: [error('BAD_VALUE', 'isn’t a duration', '30s')],
  },
  {
    name: 'a wait that shrinks',
    change: [['sinks:', 'retry: { backoff: 2m, max_backoff: «1m» }\nsinks:']],
    expect: [error('BAD_VALUE', 'shorter')],
  },
  {
    name: 'a policy that isn’t one',
    change: [['coalesce: [left, right]', 'coalesce: [left, right]\n    policy: «required_all»']],
    expect: [error('BAD_VALUE', '', 'did you mean require_all?')],
  },
  {
    name: 'a quorum without its number',
    change: [
      ['  merged:\n    coalesce: [left, right]', '  «merged»:\n    coalesce: [left, right]\n    policy: quorum'],
    ],
    expect: [error('MISSING_KEY', '`quorum`')],
  },
  {
    name: 'a quorum of more than all',
    change: [['coalesce: [left, right]', 'coalesce: [left, right]\n    policy: quorum\n    quorum: «3»']],
    expect: [error('BAD_VALUE', 'only 2 branches')],
  },
  {
    name: 'best effort without a timeout',
    change: [
      ['  merged:\n    coalesce: [left, right]', '  «merged»:\n    coalesce: [left, right]\n    policy: best_effort'],
    ],
    expect: [error('MISSING_KEY', '`timeout`')],
  },
  {
    name: 'a key that its policy doesn’t read',
    change: [['coalesce: [left, right]', 'coalesce: [left, right]\n    «quorum»: 2']],
    expect: [error('BAD_VALUE', 'means nothing here')],
  },
  {
    name: 'a conflict rule without a union',
    change: [
      ['coalesce: [left, right]', 'coalesce: [left, right]\n    merge: nested\n    «on_conflict»: fail'],
      ['value: risk', 'value: «risk»'],
    ],
    expect: [error('BAD_VALUE'), error('FIELD_NOT_GUARANTEED', 'risk', 'fields here: left, right')],
  },
  {
    name: 'a selected branch that isn’t joined',
    change: [['coalesce: [left, right]', 'coalesce: [left, right]\n    merge: select\n    select: «centre»']],
    expect: [error('BRANCH_UNKNOWN', '', 'left, right')],
  },
  {
    name: 'an else that isn’t the last',
    change: [['- { else: desk }', '- { «else»: desk }\n      - { when: row.amount > 5.0, to: micro }']],
    expect: [error('BAD_VALUE', 'after `else`')],
  },
  {
    name: 'the same label twice',
    change: [['- { else: desk }', '- { when: row.amount > 5.0, to: micro, label: «"1"» }\n      - { else: desk }']],
    expect: [error('DUPLICATE_NAME', 'both have the label `1`')],
  },
  {
    name: 'fields that mean nothing',
    change: [['mode: fixed', 'mode: «observed»']],
    expect: [error('BAD_VALUE', '', 'fixed')],
  },
  {
    name: 'a type that isn’t one',
    change: [['amount: number', 'amount: «numbr»']],
    expect: [error('SCHEMA', 'isn’t a type', 'Did you mean number?')],
  },
  {
    name: 'a schema that isn’t one',
    change: [['region: {', '«region»: { minimum: abc,']],
    expect: [error('SCHEMA', 'JSON Schema')],
  },
  {
    name: 'another ledger',
    change: [['sinks:', 'ledger: { url: «mysql://x» }\nsinks:']],
    expect: [error('LEDGER_URL', '', 'sqlite:PATH')],
  },
  {
    name: 'a limit of nothing',
    change: [['sinks:', 'limits: { services: { «openai»: {} } }\nsinks:']],
    expect: [error('MISSING_KEY', 'no limit'), warning('UNUSED_LIMIT', 'no node calls')],
  },

  {
    name: 'guards that say nothing that can be judged',
    change: [['sinks:', 'guards: { rejected: «-1», failed: «120%», min_rows: «5%» }\nsinks:']],
    expect: [
      error('BAD_VALUE', '`rejected` can’t be `-1`', 'a share such as 5%'),
      error('BAD_VALUE', '`failed` can’t be `120%`', 'a share such as 5%'),
      error('BAD_VALUE', '`min_rows` can’t be `5%`', 'a number of rows, or off'),
    ],
  },
  {
    name: 'a guard of a source that is no guard',
    change: [['    to: screen\n', '    guards: { «rejcted»: off }\n    to: screen\n']],
    expect: [error('UNKNOWN_KEY', 'guards has no key `rejcted`', 'did you mean rejected?')],
  },
  {
    name: 'a guard, and a sink whose rows others see before it is judged',
    change: [
      ['sinks:', 'guards: { failed: 10% }\nsinks:'],
      [
        'summary: { plugin: jsonl, options: { path: out/summary.jsonl } }',
        'summary: { plugin: «jsonl», options: { path: out/summary.jsonl, if_exists: append } }',
      ],
    ],
    expect: [warning('GUARD_LATE', 'what it has appended stays there', '`abandon` cuts the file back')],
  },

  // ── variables, secrets, --set ──
  {
    name: 'a variable that isn’t set',
    change: [['{ path: data/applications.csv }', '{ path: «"${DATA}/applications.csv"» }']],
    expect: [error('VARIABLE_UNSET', 'DATA', '${DATA:-')],
  },
  {
    name: 'an unquoted variable in braces',
    change: [['data/applications.csv', '$«{»DATA}/applications.csv']],
    expect: [error('YAML', 'begins a map', 'quotes')],
  },
  {
    name: 'half a variable',
    change: [['data/applications.csv', '«"${DATA"»']],
    expect: [error('BAD_VALUE', '${', '$${')],
  },
  {
    name: 'a secret as a target',
    change: [['    to: tier', '    to: «{ secret: API_KEY }»']],
    expect: [error('WRONG_TYPE', 'not a secret')],
  },
  {
    name: 'a set path that isn’t there',
    set: ['«limit».spend.usd=3'],
    expect: [error('BAD_SET', 'no key `limit`', 'did you mean limits?')],
  },
  {
    name: 'a set name that isn’t there',
    set: ['retry.attempts=2', 'nodes.«screan».to=micro'],
    expect: [error('BAD_SET', '', 'did you mean screen?')],
  },
  {
    name: 'a set value of the wrong type',
    set: ['retry.attempts=«many»'],
    expect: [error('WRONG_TYPE', 'a whole number')],
  },
  { name: 'a set argument without a value', set: ['«retry»'], expect: [error('BAD_SET', 'path.to.key=value')] },
  {
    name: 'the fields of a key, one of them twice',
    change: [['    trigger: { count: 100,', '    per: [region, «region»]\n    trigger: { count: 100,']],
    expect: [error('BAD_VALUE', 'field `region` stands twice')],
  },
  // ── sorts ──
  {
    name: 'a key of a sort with a direction that isn’t one',
    change: sorting('[«amount up»]'),
    expect: [error('BAD_VALUE', '`amount up`', 'field desc')],
  },
  {
    name: 'a sort by one field alone',
    change: sorting('«amount»'),
    expect: [error('WRONG_TYPE', 'a list')],
  },
  {
    name: 'a field that a sort names twice',
    change: sorting('[amount, «amount desc»]'),
    expect: [error('BAD_VALUE', 'stands twice', 'remove')],
  },
  {
    name: 'a key of a sort with another word for its order',
    change: sorting('[{ field: amount, order: «descending» }]'),
    expect: [error('BAD_VALUE', '`descending`', 'desc')],
  },
  {
    name: 'a key of a sort with a key that isn’t there',
    change: sorting('[{ field: amount, «null»: first }]'),
    expect: [error('UNKNOWN_KEY', '`null`', 'nulls')],
  },
  {
    name: 'a key of a sort without a field',
    change: sorting('[«{ order: desc }»]'),
    expect: [error('MISSING_KEY', '`field`')],
  },
  {
    name: 'a sort with on_error',
    change: sorting('[amount], «on_error»: problems'),
    expect: [error('UNKNOWN_KEY', 'on_error', 'can’t fail')],
  },
  // ── joins ──
  {
    name: 'a join whose sides have keys of different lengths',
    change: [
      [
        '  both:\n',
        '  «pair»:\n    join: { left: [id, note], right: «id» }\n    routes: { matched: both, left: discard, right: discard }\n  both:\n',
      ],
    ],
    expect: [error('DEAD_NODE', ''), error('BAD_VALUE', '2 fields on the left, and 1 on the right', 'name as many')],
  },
]
