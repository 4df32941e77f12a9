/** Bad files whose shape is right: wiring, schemas and expressions are not. */
import { type BadFile, error, warning } from './case.ts'

export const PLAN_CASES: readonly BadFile[] = [
  // ── wiring ──
  {
    name: 'a misspelt target',
    change: [['- { when: row.amount < 1000.0, to: micro', '- { when: row.amount < 1000.0, to: «micor»']],
    expect: [error('UNKNOWN_TARGET', '`micor` is neither a node nor a sink', 'did you mean micro?')],
  },
  {
    name: 'a misspelt target that leaves nothing else',
    change: [['to: summary', 'to: «sumary»']],
    expect: [error('UNKNOWN_TARGET', '', 'did you mean summary?')],
  },
  {
    name: 'a target like no other',
    change: [['sydney: micro', 'sydney: «xylophone»']],
    expect: [error('UNKNOWN_TARGET', '', 'there are: screen')],
  },
  {
    name: 'a target in the wrong case',
    change: [['sydney: micro', 'sydney: «Micro»']],
    expect: [error('UNKNOWN_TARGET', '', 'did you mean micro?')],
  },
  {
    name: 'a source as a target',
    change: [['sydney: micro', 'sydney: «applications»']],
    expect: [error('BAD_TARGET', 'is a source')],
  },
  {
    name: 'a node for invalid rows',
    change: [['on_invalid: problems', 'on_invalid: «risk»']],
    expect: [error('BAD_TARGET', 'a sink or discard')],
  },
  {
    name: 'a default that names nothing',
    change: [['defaults: { on_error: problems,', 'defaults: { on_error: «problem»,']],
    expect: [error('UNKNOWN_TARGET', '', 'did you mean problems?')],
  },
  {
    name: 'no error route',
    change: [
      ['on_error: problems, ', ''],
      ['risk:\n    transform', '«risk»:\n    transform'],
      ['  screen:', '  «screen»:'],
      ['  desk:', '  «desk»:'],
      ['  stats:', '  «stats»:'],
      ['  micro:', '  «micro»:'],
      ['  summary:', '  «summary»:'],
    ],
    // The other gates can't fail.
    expect: Array.from({ length: 6 }, () => error('ERROR_ROUTE_MISSING', '', 'here or in defaults')),
  },
  {
    name: 'no error route for gates that can fail',
    change: [
      ['on_error: problems, ', ''],
      ['risk:\n', 'risk:\n    on_error: discard\n'],
      ['  screen:\n', '  screen:\n    on_error: discard\n'],
      ['  desk:\n', '  desk:\n    on_error: discard\n'],
      ['  stats:\n', '  stats:\n    on_error: discard\n'],
      ['micro.csv }', 'micro.csv }, on_error: discard'],
      ['summary.jsonl }', 'summary.jsonl }, on_error: discard'],
      ['row.amount >= 5000.0', '«row.id / int(row.amount)» > 3'],
      ['gate: row.region', 'gate: «row.note»'],
      [
        'when: row.amount < 1000.0',
        'when: row.note == null || row.note.contains("x"), to: micro }\n      - { when: «row.id % (row.id - 7)» > 0',
      ],
      ['north: micro, south: size }', 'north: micro, south: size, else: size }'],
    ],
    expect: [
      error(
        'ERROR_ROUTE_MISSING',
        '`tier`',
        '`row.id / int(row.amount)` fails where `int(row.amount)` is 0; `int(row.amount)` fails where',
      ),
      error('ERROR_ROUTE_MISSING', '`area`', '`row.note` fails where it is missing or null; add on_error'),
      error('ERROR_ROUTE_MISSING', '`size`', '`row.id % (row.id - 7)` fails where `row.id - 7` is 0; add on_error'),
    ],
  },
  {
    name: 'no route for invalid rows',
    change: [
      [', on_invalid: problems', ''],
      ['  applications:', '  «applications»:'],
    ],
    expect: [error('ERROR_ROUTE_MISSING', 'can’t be read')],
  },
  {
    name: 'a cycle',
    change: [['sydney: micro', 'sydney: «screen»']],
    expect: [error('CYCLE', 'screen → tier (false) → area (south) → size (else) → desk (sydney) → screen')],
  },
  {
    name: 'a cycle of one',
    change: [['    to: merged\n  merged', '    to: «risk»\n  merged']],
    expect: [error('CYCLE', 'risk → risk')],
  },
  {
    name: 'a cycle by an error edge',
    change: [['options: { value: risk }', 'options: { value: risk }\n    on_error: «tier»']],
    expect: [error('CYCLE', 'stats (on_error) → tier')],
  },
  {
    name: 'a default that leads to itself',
    change: [
      [', on_error: discard }', ' }'],
      ['  problems: {', '  «problems»: {'],
    ],
    expect: [error('CYCLE', 'problems (on_error) → problems', 'discard')],
  },
  {
    name: 'a dead node',
    change: [['  merged:\n', '  «lost»: { transform: passthrough, to: micro }\n  merged:\n']],
    expect: [error('DEAD_NODE', '`lost`')],
  },
  {
    name: 'an unreachable sink',
    change: [['  micro: {', '  «spare»: { plugin: csv, options: { path: b } }\n  micro: {']],
    expect: [error('UNREACHABLE_SINK', '`spare`')],
  },
  {
    name: 'nodes behind a dead one',
    change: [
      [
        '  merged:\n',
        '  «lost»: { transform: passthrough, to: lost2 }\n  «lost2»: { transform: passthrough, to: micro }\n  merged:\n',
      ],
    ],
    expect: [error('DEAD_NODE', 'lost'), error('DEAD_NODE', 'lost2', 'only lost leads to it')],
  },
  {
    name: 'an endless source before another one',
    change: [
      ['  applications:\n', '  «clock»: { plugin: ticker, options: { every_ms: 5 }, to: ticks }\n  applications:\n'],
      [
        '  merged:\n',
        '  «ticks»: { aggregate: dedupe, options: { key: [tick] }, output: passthrough, to: micro }\n  merged:\n',
      ],
    ],
    expect: [error('ENDLESS_NOT_LAST', 'clock'), error('NO_TRIGGER', 'ticks', 'max_age')],
  },
  {
    name: 'a batch for each value of a field that no row has',
    change: [['    trigger: { count: 100,', '    per: [amount, «regoin»]\n    trigger: { count: 100,']],
    expect: [error('FIELD_NOT_GUARANTEED', '`per` needs the field `regoin`', 'region')],
  },
  {
    name: 'a sort by a field that no row has',
    change: [['    to: summary\nsinks:', '    to: order\n  order: { sort: [«coutn desc»], to: summary }\nsinks:']],
    expect: [error('FIELD_NOT_GUARANTEED', '`sort` needs the field `coutn`', 'did you mean count?')],
  },
  {
    name: 'a sort behind a source that never ends',
    change: [
      ['  applications:\n', '  «clock»: { plugin: ticker, options: { every_ms: 5 }, to: order }\n  applications:\n'],
      ['  merged:\n', '  «order»: { sort: [tick], to: micro }\n  merged:\n'],
    ],
    expect: [error('ENDLESS_NOT_LAST', 'clock'), error('NO_TRIGGER', '`order` passes nothing on', 'aggregate')],
  },
  {
    name: 'a limit of open batches where there is one',
    change: [['    trigger: { count: 100,', '    «max_open»: 5\n    trigger: { count: 100,']],
    expect: [error('BAD_VALUE', '`max_open` means nothing here', 'remove it')],
  },

  // ── gates ──
  {
    name: 'a gate that gives a number',
    change: [['row.amount >= 5000.0', '«row.amount + 1.0»']],
    expect: [error('GATE_TYPE', 'gives a number')],
  },
  {
    name: 'a boolean gate without false',
    change: [
      ['routes: { true: both, false: area }', '«routes»: { true: both }'],
      ['  area:', '  «area»:'],
      ['  size:', '  «size»:'],
      ['  desk:', '  «desk»:'],
      ['  micro:', '  «micro»:'],
    ],
    expect: [
      error('ROUTE_MISSING', 'no route for `false`'),
      error('DEAD_NODE'),
      error('DEAD_NODE'),
      error('DEAD_NODE'),
      error('UNREACHABLE_SINK'),
    ],
  },
  {
    name: 'a boolean gate with else',
    change: [['false: area', 'false: area, «else»: micro']],
    expect: [error('ROUTE_SURPLUS', 'never `else`')],
  },
  {
    name: 'a boolean gate with yes',
    change: [['false: area', 'false: area, «yes»: micro']],
    expect: [error('ROUTE_SURPLUS', 'never `yes`')],
  },
  {
    name: 'a label that the enum doesn’t have',
    change: [['south: size', 'south: size, «nort»: micro']],
    expect: [error('ROUTE_SURPLUS', '', 'did you mean north?')],
  },
  {
    name: 'a gate whose expression can’t be read, and whose routes lack one all the same',
    change: [
      ['gate: row.amount >= 5000.0', 'gate: row.amount >=«»'],
      ['routes: { true: both, false: area }', '«routes»: { true: area }'],
      ['    fork: { left: risk, right: merged }', '    fork: { left: risk, right: merged }'],
      ['routes: { north: micro, south: size }', 'routes: { north: both, south: size }'],
    ],
    expect: [error('CEL_SYNTAX'), error('ROUTE_MISSING', 'no route for `false`')],
  },
  {
    name: 'a label of the enum without a route',
    change: [['routes: { north: micro, south: size }', '«routes»: { south: size }']],
    expect: [error('ROUTE_MISSING', '`north`', 'else')],
  },
  {
    name: 'an else that is never taken',
    change: [['south: size', 'south: size, «else»: micro']],
    expect: [warning('ROUTE_SURPLUS', 'never taken')],
  },
  {
    name: 'a text gate without else',
    change: [['    gate: row.region\n    routes: {', '    gate: row.note\n    «routes»: {']],
    expect: [error('ROUTE_MISSING', 'no route `else`')],
  },
  {
    name: 'a plugin gate without else',
    change: [['routes: { sydney: micro, else: discard }', '«routes»: { sydney: micro }']],
    expect: [error('ROUTE_MISSING', 'no route `else`')],
  },
  {
    name: 'a plugin gate whose labels are known',
    change: [
      [
        'gate: { plugin: nearest_desk, options: { max_km: 50 } }\n    routes: { sydney: micro, else: discard }',
        'gate: { plugin: weekday, options: { field: note } }\n    «routes»: { work: micro, «sunday»: discard }',
      ],
    ],
    expect: [error('ROUTE_MISSING', '`weekend`'), error('ROUTE_SURPLUS', '`sunday`')],
  },
  {
    name: 'cases without else',
    change: [
      ['    cases:', '    «cases»:'],
      ['      - { else: desk }\n', ''],
      ['  desk:', '  «desk»:'],
    ],
    expect: [error('ROUTE_MISSING', 'no case holds', 'else'), error('DEAD_NODE')],
  },
  {
    name: 'a case that gives a text',
    change: [['when: row.amount < 1000.0', 'when: «row.region»']],
    expect: [error('CEL_TYPE', 'true or false is wanted')],
  },

  // ── expressions ──
  {
    name: 'CEL that ends too early',
    change: [['row.amount >= 5000.0', 'row.amount >=«»']],
    expect: [error('CEL_SYNTAX')],
  },
  {
    name: 'CEL with a stray character',
    change: [['row.amount >= 5000.0', 'row.amount «=»> 5000.0']],
    expect: [error('CEL_SYNTAX')],
  },
  {
    name: 'CEL in double quotes',
    change: [['row.amount >= 5000.0', '"\\u0072ow.region == \\"north\\" && «row.amuont» > 1.0"']],
    expect: [error('UNKNOWN_FIELD', 'row.amuont', 'amount')],
  },
  {
    name: 'CEL over several lines',
    change: [['row.amount >= 5000.0', '>-\n      row.region == "north"\n      && «row.amuont» > 1.0']],
    expect: [error('UNKNOWN_FIELD', 'row.amuont')],
  },
  {
    name: 'CEL behind a variable',
    change: [['row.amount >= 5000.0', '${N}.0 > 1.0 && «row.amuont» > 1.0']],
    expect: [error('UNKNOWN_FIELD', 'row.amuont')],
  },
  {
    name: 'a type error inside of CEL',
    change: [['row.amount >= 5000.0', 'row.amount > 1.0 && «row.region > 5»']],
    expect: [error('CEL_TYPE')],
  },
  {
    name: 'an unknown function',
    change: [
      ['row.amount * 2.0', '«sqrt(row.amount)»'],
      ['value: risk', 'value: risk'],
    ],
    expect: [error('CEL_TYPE', 'sqrt')],
  },
  {
    name: 'a field that isn’t declared',
    change: [['row.amount >= 5000.0', '«row.amout» >= 5000.0']],
    expect: [error('UNKNOWN_FIELD', 'row.amout', 'amount')],
  },
  {
    name: 'a field of the row in a trigger',
    change: [['batch.count >= 50', '«row».amount > 1.0']],
    expect: [error('UNKNOWN_FIELD', '', 'batch')],
  },
  {
    name: 'a trigger that gives a number',
    change: [['batch.count >= 50', '«batch.count»']],
    expect: [error('CEL_TYPE', 'true or false is wanted')],
  },
  {
    name: 'a set expression',
    set: ['nodes.tier.gate=«row.amuont» > 1.0'],
    expect: [error('UNKNOWN_FIELD', 'row.amuont')],
  },
  {
    name: 'numbers from a CSV without a schema',
    change: [
      [
        /* the whole schema */ '    schema:\n      mode: fixed\n      fields:\n        id: integer\n        amount: number\n        region: { type: string, enum: [north, south] }\n        note: string?\n',
        '',
      ],
      ['row.amount >= 5000.0', '«row.amount >= 5000.0»'],
      [
        'row.region\n    routes: { north: micro, south: size }',
        'row.region\n    routes: { north: micro, south: size, else: discard }',
      ],
      ['row.amount < 1000.0', '«row.amount < 1000.0»'],
      ['row.amount * 2.0', '«row.amount * 2.0»'],
    ],
    expect: [error('CEL_TYPE', '', 'amount: number'), error('CEL_TYPE'), error('CEL_TYPE')],
  },

  // ── branches ──
  {
    name: 'a branch that no fork makes',
    change: [['coalesce: [left, right]', 'coalesce: [«letf», right]']],
    expect: [error('BRANCH_UNKNOWN', '`letf`', 'did you mean left?')],
  },
  {
    name: 'branches of different forks',
    change: [
      ['  risk:\n', '  other: { fork: { up: merged, down: micro } }\n  risk:\n'],
      ['sydney: micro', 'sydney: other'],
      ['coalesce: [left, right]', 'coalesce: [left, right, «up»]'],
    ],
    expect: [error('BRANCH_FORKS', '`up` is a branch of `other`')],
  },
  {
    name: 'a branch that goes elsewhere',
    change: [
      ['right: merged', 'right: micro'],
      ['coalesce: [left, right]', 'coalesce: [left, «right»]'],
    ],
    expect: [error('BRANCH_UNREACHABLE', 'never come to `merged`')],
  },
  {
    name: 'rows of no branch',
    change: [['sydney: micro', 'sydney: «merged»']],
    expect: [error('BRANCH_STRAY', 'from `desk`')],
  },
  {
    name: 'rows of an expansion',
    change: [
      [
        'transform: compute\n    options:\n      set:\n        risk: row.amount * 2.0\n    to: merged',
        'transform: explode\n    options: { field: id }\n    to: «merged»'.replace('field: id', 'field: items'),
      ],
      ['note: string?', 'note: string?\n        items: array\n        risk: number'],
      ['coalesce: [left, right]', 'coalesce: [«left», right]'],
    ],
    expect: [error('BRANCH_STRAY', 'from `risk`'), warning('BRANCH_MAY_BE_LOST')],
  },
  {
    name: 'two rows of one branch',
    change: [
      [
        '    fork: { left: risk, right: merged }',
        '    fork: { left: inner, right: merged }\n  inner: { fork: { up: merged, down: risk } }',
      ],
      ['coalesce: [left, right]', 'coalesce: «[left, right]»'],
    ],
    expect: [error('BRANCH_TWICE', '`up` and `down`', 'inner')],
  },
  {
    name: 'a branch that a filter may lose',
    change: [
      [
        'right: merged }',
        'right: thin }\n  thin: { transform: filter, options: { keep: row.amount > 1.0 }, to: merged }',
      ],
      ['coalesce: [left, right]', 'coalesce: [left, «right»]'],
    ],
    expect: [warning('BRANCH_MAY_BE_LOST', '`thin` may filter')],
  },
  {
    name: 'a branch that a gate may lose',
    change: [
      [
        'right: merged }',
        'right: choose }\n  choose: { gate: row.amount > 1.0, routes: { true: merged, false: discard } }',
      ],
      ['coalesce: [left, right]', 'coalesce: [left, «right»]'],
    ],
    expect: [warning('BRANCH_MAY_BE_LOST', 'route `false` of `choose` leads to discard')],
  },
]
