import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkpointText } from './checkpoint.ts'
import { makeCosigner } from './cosigning-key.ts'
import { noteOf } from './note.ts'
import { isAbout, isReached, type Policy, PolicyError, parsePolicy, type Quorum, witnessedBy } from './policy.ts'
import { makeSigner } from './signing-key.ts'
import { parseVerifierKey } from './verifier-key.ts'

const seed = (n: number) => new Uint8Array(32).fill(n)
const witnesses = [1, 2, 3, 4].map(n => makeCosigner(`w${n}.example`, { ed25519: seed(n) }))
const [w1, w2, w3, w4] = witnesses.map(each => each.keys[0]?.text ?? '')
const log = makeSigner('custody/00000000', seed(9), seed(9))
/** The same key, named as other programs name keys of logs: by the origin. */
const renamed = makeSigner('custody/x/0', seed(9)).verifier_key
const parse = (text: string) => parsePolicy(new Uint8Array(Buffer.from(text, 'latin1')))
const head = { origin: 'custody/x/0', size: 5, root: 'ab'.repeat(32) }
const TEXT = checkpointText(head)
const note = (by: readonly number[]) =>
  noteOf(TEXT, [...log.signHead(head), ...by.flatMap(n => witnesses[n - 1]?.cosign(TEXT, head, 100 + n) ?? [])])

const TWO_LEVELS = `# A comment
log ${renamed} https://log.example/

witness X1 ${w1}  https://w1.example/
witness X2\t${w2}
 witness X3 ${w3}
group X 2 X1 X2 X3
witness Y1 ${w4}
group Y any Y1
group both all X Y
quorum both
`

describe('the example of two levels', () => {
  const policy = parse(TWO_LEVELS)
  test('is read', () => {
    expect(policy.logs.map(each => each.url)).toEqual(['https://log.example/'])
    expect(policy.witnesses.map(({ name, url }) => [name, url])).toEqual([
      ['X1', 'https://w1.example/'],
      ['X2', null],
      ['X3', null],
      ['Y1', null],
    ])
  })
  test.each([
    [[1, 2, 4], true],
    [[1, 2, 3, 4], true],
    [[1, 2, 3], false],
    [[1, 4], false],
    [[], false],
  ])('cosigned by %j: %j', (by, quorum) => {
    const witnessed = witnessedBy(policy, note(by))
    expect(witnessed).toMatchObject({ quorum, problem: null })
    expect(witnessed.by.map(({ witness, timestamp }) => [witness.key.name, timestamp])).toEqual(
      by.map(n => [`w${n}.example`, 100 + n]),
    )
  })
  test('a cosignature that doesn’t hold spoils the others', () => {
    const spoilt = note([1, 2, 4]).replace('\n5\n', '\n6\n')
    expect(witnessedBy(policy, spoilt)).toMatchObject({ quorum: false, by: [] })
    expect(witnessedBy(policy, spoilt).problem).toContain('w1.example')
  })
  test('a log line pins our key by its public key, whatever its name', () => {
    const keys = log.verifier_keys.map(parseVerifierKey)
    const other = parseVerifierKey(makeSigner('custody/x/0', seed(8)).verifier_key)
    expect([keys, [other], keys.slice(1), []].map(each => isAbout(policy, each))).toEqual([true, false, false, false])
    const both = parse(`${log.verifier_keys.map(each => `log ${each}\n`).join('')}quorum none\n`)
    expect([keys, keys.slice(1), [other]].map(each => isAbout(both, each))).toEqual([true, false, false])
    expect(isAbout(parse('quorum none\n'), [other])).toBe(true)
  })
})

test('quorum none demands nobody; a witness alone demands that one', () => {
  expect(witnessedBy(parse('quorum none\n'), note([])).quorum).toBe(true)
  const one = parse(`witness A ${w1}\nwitness none2 ${w2}\nquorum A\n`)
  expect([note([1]), note([2])].map(each => witnessedBy(one, each).quorum)).toEqual([true, false])
})

test('names are bytes', () => {
  const kelvin = parse(`witness K ${w1}\nwitness \xe2\x84\xaa ${w2}\ngroup g all K \xe2\x84\xaa\nquorum g\n`)
  expect(kelvin.witnesses.map(each => each.name)).toEqual(['K', '\u212a'])
  expect(() => parse(`witness \xff ${w1}\nwitness \xfe ${w2}\nquorum \xff\n`)).not.toThrow()
})

test('of a file that is no policy the beginning is shown', () => {
  const message = (text: string) => {
    try {
      parse(text)
    } catch (error) {
      return (error as PolicyError).message
    }
    return null
  }
  expect(message('wittness A B\n')).toBe('"wittness" is none of log, witness, group, quorum')
  expect(message(`${'x'.repeat(30_000)}\n`)).toMatch(/^"x{60}…" is none of/)
})

test.each<readonly [what: string, text: string, line: number]>([
  ['nothing', '', 1],
  ['no quorum', `witness A ${w1}\n`, 2],
  ['two quorums', 'quorum none\nquorum none\n', 2],
  ['an unknown word', 'witnesses A\nquorum none\n', 1],
  ['an unknown name', 'quorum A\n', 1],
  ['a name that comes later', `quorum A\nwitness A ${w1}\n`, 1],
  ['a quorum of two', `witness A ${w1}\nquorum A A\n`, 2],
  ['no newline at the end', 'quorum none', 1],
  ['a carriage return', 'quorum none\r\n', 1],
  ['a form feed', '# a\f\nquorum none\n', 1],
  ['a witness without a key', 'witness A\nquorum none\n', 1],
  ['a witness with a log’s key', `witness A ${renamed}\nquorum none\n`, 1],
  ['a log with a witness’s key', `log ${w1}\nquorum none\n`, 1],
  ['more behind the url', `witness A ${w1} https://a b\nquorum none\n`, 1],
  ['a key that isn’t UTF-8', `witness A \xff${w1}\nquorum none\n`, 1],
  ['a name twice', `witness A ${w1}\nwitness A ${w2}\nquorum none\n`, 2],
  ['a key twice', `witness A ${w1}\nwitness B ${w1}\nquorum none\n`, 2],
  ['a log twice', `log ${renamed}\nlog ${log.verifier_key}\nquorum none\n`, 2],
  ['the name none', `witness none ${w1}\nquorum none\n`, 1],
  ['none as a member', 'group g any none\nquorum g\n', 1],
  ['no member', 'group g any\nquorum none\n', 1],
  ['a threshold of none', `witness A ${w1}\ngroup g 0 A\nquorum g\n`, 2],
  ['a threshold above all', `witness A ${w1}\ngroup g 2 A\nquorum g\n`, 2],
  ['a threshold with a zero before it', `witness A ${w1}\ngroup g 01 A\nquorum g\n`, 2],
  ['a member of itself', `group g any g\nquorum g\n`, 1],
  ['a member twice', `witness A ${w1}\ngroup g 2 A A\nquorum g\n`, 2],
  ['a member of two groups', `witness A ${w1}\ngroup g any A\ngroup h any A\nquorum g\n`, 3],
])('%s is refused, with its line', (_what, text, line) => {
  try {
    parse(text)
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError)
    expect((error as PolicyError).line).toBe(line)
  }
})

test('a rule holds exactly if enough of its members do, and more witnesses never break it', () => {
  const policy: Policy = parse(`${[w1, w2, w3, w4].map((key, i) => `witness ${i} ${key}\n`).join('')}quorum none\n`)
  const leaf = (at: number): Quorum => {
    const witness = policy.witnesses[at]
    return witness === undefined ? { kind: 'none' } : { kind: 'witness', witness }
  }
  const subsets = fc.subarray([0, 1, 2, 3])
  fc.assert(
    fc.property(subsets, subsets, fc.integer({ min: 1, max: 4 }), (members, cosigned, threshold) => {
      const rule: Quorum = { kind: 'group', name: 'g', threshold, members: members.map(leaf) }
      const set = new Set(cosigned.flatMap(at => policy.witnesses[at] ?? []))
      expect(isReached(rule, set)).toBe(members.filter(at => cosigned.includes(at)).length >= threshold)
      if (isReached(rule, set)) expect(isReached(rule, new Set(policy.witnesses))).toBe(true)
    }),
  )
})
