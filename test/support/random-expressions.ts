/** Random expressions over rows of random schemas; the ways in which they can fail are among them. */
import fc from 'fast-check'

// ── expressions ─────────────────────────────────────────────────────────────────────────────────────────────────────

const either = fc.constantFrom
const written = (...parts: ReadonlyArray<fc.Arbitrary<string> | string>) =>
  fc.tuple(...parts.map(part => (typeof part === 'string' ? fc.constant(part) : part))).map(all => all.join(''))

const number_place = either(
  ...['row.i', 'row.j', 'row.p', 'row.q', 'row.c', 'row.d', 'row.o.u', 'row.o.w', 'row.o.d'],
  ...['x', 'x.u', 'row.m'],
)
const text_place = either('row.s', 'row.t', 'row.o.v', 'x', 'x.v', 'row.m', 'row["s"]')
const place = fc.oneof(number_place, text_place, either('row.o', 'row.l', 'row.z', 'row.b', 'row.r', 'row.z.u', 'row'))
const order = either(' < ', ' <= ', ' > ', ' >= ')
const equality = either(' == ', ' != ')
const number_literal = either(
  '0',
  '1',
  '-1',
  '3',
  '2.5',
  '0.0',
  '1e300',
  '9223372036854775807',
  '-9223372036854775808',
  '5e-324',
  'decimal("2.50")',
  'decimal(0)',
)
const text_literal = either('""', '"a"', '"(a"', '"UTC"', '"2026-01-01T00:00:00Z"', '"90s"')
const lenient = either(
  'row.?s',
  'row.?i',
  'row.?c',
  'row.?o.?v',
  'row.?l',
  'row.?l[?0]',
  'row.o.?u',
  'row.?z',
  'row.?z.?u',
  'x.?v',
)

interface Parts {
  readonly bool: fc.Arbitrary<string>
  readonly num: fc.Arbitrary<string>
  readonly text: fc.Arbitrary<string>
  readonly list: fc.Arbitrary<string>
  readonly guard: fc.Arbitrary<string>
  readonly any: fc.Arbitrary<string>
}
/** Something about a place, and then something that may fail if that isn’t so. */
const about = fc
  .tuple(
    fc.oneof(number_place, place),
    either(
      ...[
        'P != null && ',
        'P != 0 && ',
        '!(P == 0) && ',
        'P > 0 && ',
        'P < 0 || ',
        'P >= 1 && ',
        '0 <= P && ',
        '-1 > P && ',
      ],
      ...[
        'P <= 0 || ',
        '!(P > 0) && ',
        '!(P < 1) && ',
        'P == 4 && ',
        'P == row.j && ',
        'P < row.j && ',
        'P > row.q && ',
      ],
      ...[
        'type(P) == int && ',
        'type(P) == double && ',
        'type(P) == decimal && ',
        'type(P) != string && ',
        'has(P) && ',
        'P in [1, 2] && ',
        '',
        'P == "a" && ',
      ],
      ...[
        'size(P) > 0 && ',
        '1 < size(P) && ',
        'P.size() >= 1 && ',
        'P != row.i || ',
        '(P != 0 || row.b) && ',
        'P == null ? true : ',
      ],
    ),
    either(
      ...[
        '10 / P > 2',
        '10 % P == 1',
        'row.i / P > 2',
        '1.0 / P > 2.0',
        'P / row.j > 1',
        'P + 1 > 2',
        'P * P > 4',
        '-P < 3',
      ],
      ...[
        '9223372036854775807 - P > 1',
        'P + 9223372036854775807 > 1',
        'P * 3 > 2',
        'P > 1',
        'P.contains("a")',
        'P + P == "aa"',
      ],
      ...[
        'P.u > 1',
        'P[0] == 1',
        'P[1] == "a"',
        'size(P) > 1',
        'math.abs(P) > 1',
        'int(P) > 1',
        'double(P) > 1.0',
        'decimal(P) > 1',
        '1 in P',
        'P',
      ],
    ),
  )
  .map(([at, guard, then]) => `(${guard}${then})`.replaceAll('P', at))

const chosen = ({ guard }: Parts, of: fc.Arbitrary<string>) => written('(', guard, ' ? ', of, ' : ', of, ')')

function guards(parts: Parts) {
  const { guard } = parts
  return fc.oneof(
    written(
      'has(',
      either('row.i', 'row.s', 'row.m', 'row.o.u', 'row.o.v', 'row.z', 'row.z.u', 'row.l', 'x.v', 'x.u'),
      ')',
    ),
    written(place, ' != null'),
    written('null == ', place),
    written(number_place, fc.oneof(order, equality), fc.oneof(number_literal, number_place)),
    written(number_literal, fc.oneof(order, equality), number_place),
    written(text_place, equality, fc.oneof(text_literal, text_place)),
    written(
      'type(',
      place,
      ')',
      equality,
      either('int', 'double', 'decimal', 'string', 'list', 'map', 'bool', 'null_type'),
    ),
    written('size(', either('row.l', 'row.r', 'row.s', 'row.o'), ')', order, either('0', '1', '2')),
    written('!', guard),
    written('(', guard, either(' && ', ' || '), guard, ')'),
  )
}

function booleans(parts: Parts) {
  const { bool, num, text, list, guard, any } = parts
  return fc.oneof(
    { depthSize: 'small' },
    { weight: 3, arbitrary: about },
    written(num, order, num),
    written(text, order, text),
    written(any, equality, any),
    guard,
    { weight: 3, arbitrary: written('(', guard, either(' && ', ' || '), bool, ')') },
    chosen(parts, bool),
    written('!(', bool, ')'),
    written(any, ' in ', list),
    written('"u" in ', either('row.o', 'row.z', 'x')),
    written(text, either('.contains(', '.startsWith('), text, ')'),
    written(text, '.matches(', fc.oneof(either('"^a"', '"(a|b)+"'), text), ')'),
    { weight: 2, arbitrary: written(list, either('.all(x, ', '.exists(x, ', '.exists_one(x, '), bool, ')') },
    written('cel.bind(x, ', any, ', ', bool, ')'),
    written(lenient, '.hasValue()'),
    written(lenient, '.optMap(x, ', any, ').hasValue()'),
    written(either('sets.contains(', 'sets.intersects('), list, ', ', list, ')'),
  )
}

function numbers(parts: Parts) {
  const { num, text, list, any } = parts
  return fc.oneof(
    { depthSize: 'small' },
    { weight: 3, arbitrary: number_place },
    number_literal,
    { weight: 3, arbitrary: written('(', num, either(' + ', ' - ', ' * ', ' / ', ' % '), num, ')') },
    written('(', num, either(' / ', ' % '), number_literal, ')'),
    chosen(parts, num),
    written(either('int(', 'double(', 'decimal(', 'math.abs(', 'math.round(', '-('), num, ')'),
    written(either('int(', 'double(', 'decimal('), text, ')'),
    written('size(', fc.oneof(text, list), ')'),
    written(either('math.least(', 'math.greatest('), num, ', ', num, ')'),
    written('math.greatest(', list, ')'),
    written('math.least(', num, ', ', num, ', ', num, ')'),
    written(list, either('.sum()', '.min()', '.mean()', '.first().orValue(1)', '.last().value()')),
    written(either('math.sign(', 'math.bitNot(', 'math.sqrt('), num, ')'),
    written('number.round(', num, ', 2)'),
    written(lenient, '.orValue(', num, ')'),
    written(lenient, '.value()'),
    written(list, either('[0]', '[1]', '[-1]')),
    written(text, either('.indexOf("a")', '.indexOf("a", 0)', '.size()')),
    written('timestamp(', fc.oneof(text, num), ')', either('.getFullYear()', '.getHours("UTC")', '.getDayOfYear()')),
    written('cel.bind(x, ', any, ', ', num, ')'),
  )
}

function texts(parts: Parts) {
  const { text, list, any } = parts
  return fc.oneof(
    { depthSize: 'small' },
    { weight: 3, arbitrary: text_place },
    text_literal,
    written('(', text, ' + ', text, ')'),
    chosen(parts, text),
    written('string(', any, ')'),
    written(
      text,
      either('.trim()', '.upperAscii()', '.charAt(0)', '.substring(1)', '.substring(0)', '.replace("a", "bb")'),
    ),
    written(list, either('.join()', '.join(",")', '[0]')),
    written(text, either('.upper()', '.padStart(3)', '.reverse()', '.normalize()', '.transliterate()', '.collapse()')),
    written('regex.extract(', text, ', "a(b)?").orValue("")'),
    written('regex.replace(', text, ', "a", "\\\\0b")'),
    written(lenient, '.orValue(', text, ')'),
  )
}

function lists(parts: Parts) {
  const { bool, num, text, list, any } = parts
  return fc.oneof(
    { depthSize: 'small' },
    { weight: 4, arbitrary: either('row.l', 'row.r', 'row.l', 'row.o', 'row.z') },
    written('[', any, ', ', any, ']'),
    written('[', text, ', ', text, ']'),
    written('[', num, ', ', num, ']'),
    written(text, '.split("a")'),
    written(list, '.filter(x, ', bool, ')'),
    written(list, either('.sortBy(x, ', '.groupBy(x, '), any, ')'),
    written(list, either('.distinct()', '.sort()', '.reverse()', '.flatten()', '.slice(0, 1)')),
    written(either('row.o', 'row'), either('.keys()', '.values()', '.pick(["u"])', '.omit(["u"])')),
    written('lists.range(', num, ')'),
    written(list, '.map(x, ', any, ')'),
    written(list, '.map(x, ', bool, ', ', any, ')'),
    written('(', list, ' + ', list, ')'),
    written('{"u": ', any, ', "v": ', any, '}'),
    written('{', text, ': ', any, ', "u": 1}'),
    written('[', number_literal, '].map(x, ', any, ')'),
  )
}

function anything(parts: Parts) {
  const { bool, num, text, list } = parts
  return fc.oneof(
    { depthSize: 'small' },
    num,
    text,
    list,
    place,
    written('dyn(', num, ')'),
    bool,
    written('type(', num, ')'),
  )
}

const { bool, any } = fc.letrec<{ [part in keyof Parts]: string }>(tie => {
  const parts: Parts = {
    bool: tie('bool'),
    num: tie('num'),
    text: tie('text'),
    list: tie('list'),
    guard: tie('guard'),
    any: tie('any'),
  }
  return {
    bool: booleans(parts),
    num: numbers(parts),
    text: texts(parts),
    list: lists(parts),
    guard: guards(parts),
    any: anything(parts),
  }
})

/** Those that give true or false, and those that give anything. */
export const conditions = bool
export const anything_at_all = any
