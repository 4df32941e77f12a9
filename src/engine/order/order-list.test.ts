import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LineMember, RecordedLine } from '../../format/commit-line.ts'
import type { CoalesceNode } from '../../plan/plan.ts'
import type { CoalesceGroup } from '../token/fork-frames.ts'
import type { Place } from '../token/place.ts'
import { Subject, Token } from '../token/token.ts'
import { numberOf, placeOf as placeInLine, type Trace } from '../token/traces.ts'
import { OrderChanges } from './order-changes.ts'
import { OrderList } from './order-list.ts'

/** Nodes 1 → 3, 2 → 4; 3 and 4 are where order matters. */
const ORDERED = [3, 4]
const reaches = ({ node }: Token, target: number) => node === target || node + 2 === target

let born = 0
const subject = new Subject('row', 1, { source: 1, index: 1, line: 1, repeats: null })
const tokenAt = (node: number) => new Token(++born, subject, node, {}, 1, { kind: 'flow', node: 1 }, null)
const joinWithoutTraces = (node = 1) =>
  ({
    traces: null,
    node: { number: node, branches: ['a', 'b'] as readonly string[] } as CoalesceNode,
    fork: { node: 10 * node, group: node },
  }) as unknown as CoalesceGroup

describe('order', () => {
  const line = () => new OrderList(ORDERED, reaches)
  const members = (each: OrderList) => [...each.order()]

  test('what is born of a token stands where it stood (ORDER-LIST-2)', () => {
    const own = line()
    const [a, b, c, x, y] = [tokenAt(1), tokenAt(1), tokenAt(1), tokenAt(1), tokenAt(1)]
    for (const each of [a, b, c]) own.join(each)
    own.replace(b, [x, b, y])
    expect(members(own)).toEqual([a, x, b, y, c])
    own.replace(a, [])
    expect(members(own)).toEqual([x, b, y, c])
    expect(own.size).toBe(4)
  })

  test('what is born of a token that is in no line is in none either (ORDER-LIST-1)', () => {
    const own = line()
    const [a, free, x] = [tokenAt(1), tokenAt(1), tokenAt(1)]
    own.join(a)
    own.replace(free, [x])
    own.insertAtLast([a, free], [], x)
    expect(members(own)).toEqual([a])
  })

  test('what leads stands before all others, unless it has a place (ORDER-LIST-2)', () => {
    const own = line()
    const [a, b, c] = [tokenAt(1), tokenAt(1), tokenAt(1)]
    own.join(a)
    own.lead(b)
    own.lead(a)
    expect(members(own)).toEqual([b, a])
    expect(own.firstFor(3)).toBe(b)
    own.replace(b, [c, b])
    expect(members(own)).toEqual([c, b, a])
  })

  test('a token that is held keeps its place and blocks nobody (ORDER-LIST-3)', () => {
    const own = line()
    const [a, b] = [tokenAt(1), tokenAt(1)]
    own.join(a)
    own.join(b)
    own.hold(a)
    expect(own.firstFor(3)).toBe(b)
    expect(own.isTurn(b, 3)).toBe(true)
    expect([own.size, own.active]).toEqual([2, 1])
    expect(own.anyFor(3)).toBe(true)
    own.leave(b)
    expect(own.firstFor(3)).toBeNull()
    expect(own.anyFor(3)).toBe(true)
    own.leave(a)
    expect([own.size, own.active, own.anyFor(3)]).toEqual([0, 0, false])
  })

  test('of several, the last is found; one that is in no line comes after all that are (ORDER-LIST-1)', () => {
    const own = line()
    const [a, b, free] = [tokenAt(1), tokenAt(1), tokenAt(1)]
    own.join(a)
    own.join(b)
    expect(own.lastOf([a])).toBe(a)
    expect(own.lastOf([b, a])).toBe(b)
    expect(own.lastOf([a, b])).toBe(b)
    expect(own.lastOf([a, free, b])).toBe(free)
    expect(own.lastOf([free])).toBe(free)
  })

  test('a token that is held and goes on blocks others again, where it stood', () => {
    const own = line()
    const [a, b] = [tokenAt(1), tokenAt(1)]
    own.join(a)
    own.join(b)
    own.hold(a)
    expect(own.firstFor(3)).toBe(b)
    own.release(a)
    expect(members(own)).toEqual([a, b])
    expect([own.firstFor(3), own.active]).toEqual([a, 2])
  })

  test('only who can still reach a node stands in the way there', () => {
    const own = line()
    const [a, b] = [tokenAt(2), tokenAt(1)]
    own.join(a)
    own.join(b)
    expect([own.firstFor(3), own.firstFor(4)]).toEqual([b, a])
    expect(own.isTurn(b, 3)).toBe(true)
    expect(own.isTurn(tokenAt(3), 3)).toBe(false)
    expect(own.isTurn(tokenAt(4), 4)).toBe(false)
  })

  test('who is moved stands behind a trace, or before anything else, in the order that is asked for', () => {
    const own = line()
    const [a, b, c, after] = [tokenAt(1), tokenAt(1), tokenAt(1), tokenAt(1)]
    const group = joinWithoutTraces()
    const [end, lost] = (['after', 'end'] as const).map(kind => ({ group, branch: 0, kind }))
    if (end === undefined || lost === undefined) throw new TypeError('no traces')
    const placeOf = (trace: Trace) => placeInLine(trace) as Place
    for (const each of [a, b, c]) own.join(each)
    own.trace(end, null)
    own.trace(lost, null)
    own.join(after)
    own.move([b], placeOf(end))
    own.move([a], placeOf(end))
    expect(members(own)).toEqual([c, end, a, b, lost, after])
    // Those that move may stand next to where they go, or there.
    own.move([b, c], b.place as Place)
    expect(members(own)).toEqual([end, a, b, c, lost, after])
    own.move([after, c], placeOf(lost))
    expect(members(own)).toEqual([end, a, b, lost, after, c])
    own.move([after, b, a], after.place as Place)
    expect(members(own)).toEqual([end, lost, after, b, a, c])
    const mark = own.mark({ place: placeOf(end) })
    own.move([c, a], mark.place as Place)
    own.unmark(mark)
    expect(members(own)).toEqual([end, c, a, lost, after, b])
  })

  test('labels are given anew when there is no room between two', () => {
    const own = line()
    const [first, last] = [tokenAt(1), tokenAt(1)]
    own.join(first)
    own.join(last)
    const between: Token[] = []
    // Halving the room between 1 and 2 is over after 52 times, and between the same two after as many more.
    for (let i = 0; i < 500; i++) {
      const token = tokenAt(1)
      own.insertAtLast([last], [], token)
      between.push(token)
    }
    expect(members(own)).toEqual([first, ...between, last])
    const labels = between.map(each => each.place?.label ?? 0)
    expect(labels.every((label, i) => i === 0 || label > (labels[i - 1] as number))).toBe(true)
  })

  test('labels are given anew at the front, too', () => {
    const own = line()
    const last = tokenAt(1)
    own.join(last)
    for (let i = 0; i < 2_000; i++) own.insertAtLast([own.firstFor(3) as Token], [], tokenAt(1))
    const labels = (members(own) as Token[]).map(each => each.place?.label ?? 0)
    expect(labels.length).toBe(2_001)
    expect(labels.every((label, i) => i === 0 || label > (labels[i - 1] as number))).toBe(true)
  })
})

// ── against an array ────────────────────────────────────────────────────────────────────────────────────────────────

/** The same, the naive way. A string is a trace. */
class Model {
  places: (Token | string)[] = []
  readonly passive = new Set<Token>()

  at(token: Token): number {
    return this.places.indexOf(token)
  }

  /** Puts `born` before the last of `others` or after the last of `traces`, whichever is later, as insertAtLast says. */
  insertAtLast(others: readonly Token[], traces: readonly string[], token: Token): void {
    if (others.some(each => this.at(each) === -1)) return
    const last = Math.max(-1, ...others.map(each => this.at(each)))
    const traced = Math.max(-1, ...traces.map(each => this.places.indexOf(each)))
    if (last === -1 && traced === -1) return
    this.places.splice(traced > last ? traced + 1 : last, 0, token)
  }

  trace(name: string, event: Token | null): void {
    this.places = this.places.filter(each => each !== name)
    const at = event === null ? -1 : this.at(event)
    this.places.splice(at === -1 ? this.places.length : at, 0, name)
  }

  firstFor(node: number): Token | null {
    const first = this.places.find(each => typeof each !== 'string' && !this.passive.has(each) && reaches(each, node))
    return (first as Token | undefined) ?? null
  }
}

/** Numbers pick tokens of those that are there, modulo how many there are. */
type Command =
  | { readonly do: 'group' | 'new'; readonly node: number }
  /** `move`: on, to the node that it can reach. */
  | { readonly do: 'hold' | 'release' | 'leave' | 'stay' | 'move'; readonly who: number }
  | {
      readonly do: 'replace'
      readonly who: number
      readonly nodes: readonly number[]
      readonly self: number | null
    }
  | { readonly do: 'merge'; readonly who: readonly number[]; readonly traced: boolean; readonly node: number }
  | { readonly do: 'trace'; readonly who: number | null; readonly group: number; readonly branch: number }
  | { readonly do: 'erase'; readonly group: number; readonly branch: number }

const who = fc.nat({ max: 40 })
const node = fc.integer({ min: 1, max: 4 })
const branch = { group: fc.nat({ max: 1 }), branch: fc.nat({ max: 1 }) }
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('group' as const, 'new' as const), node }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('hold' as const, 'release' as const, 'leave' as const, 'stay' as const, 'move' as const),
      who,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('replace' as const),
      who,
      nodes: fc.array(node, { maxLength: 3 }),
      self: fc.option(fc.nat({ max: 3 }), { nil: null }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('merge' as const),
      who: fc.array(who, { minLength: 1, maxLength: 3 }),
      traced: fc.boolean(),
      node,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('trace' as const),
      who: fc.option(who, { nil: null }),
      ...branch,
    }),
  },
  fc.record({ do: fc.constant('erase' as const), ...branch }),
)

/** Does the same to both. */
class Pair {
  readonly line = new OrderList(ORDERED, reaches)
  readonly model = new Model()
  /** All that were ever made and are neither in the order list nor held, and those that are. */
  readonly tokens: Token[] = []
  readonly groups = [joinWithoutTraces(1), joinWithoutTraces(2)] as const

  #trace({ group, branch }: { readonly group: number; readonly branch: number }): Trace {
    return { group: this.groups[group] as CoalesceGroup, branch, kind: 'end' }
  }

  apply(each: Command): void {
    const { line, model } = this
    switch (each.do) {
      case 'new':
        this.#make(each.node)
        return
      case 'group': {
        const token = this.#make(each.node)
        line.join(token)
        model.places.push(token)
        return
      }
      case 'stay': {
        const token = this.#pick(each.who)
        if (token === null) return
        line.stay(token)
        if (model.at(token) === -1) model.places.push(token)
        return
      }
      case 'move': {
        const token = this.#pick(each.who)
        if (token !== null && token.node <= 2) token.node += 2
        return
      }
      case 'hold': {
        const token = this.#pick(each.who)
        if (token === null || model.passive.has(token)) return
        line.hold(token)
        if (model.at(token) === -1) model.places.push(token)
        model.passive.add(token)
        return
      }
      case 'release': {
        const token = this.#pick(each.who)
        if (token === null) return
        line.release(token)
        model.passive.delete(token)
        return
      }
      case 'leave': {
        const token = this.#pick(each.who)
        if (token === null) return
        line.leave(token)
        model.places = model.places.filter(other => other !== token)
        model.passive.delete(token)
        return
      }
      case 'replace':
        return this.#replace(each)
      case 'merge': {
        const others = each.who.map(n => this.#pick(n)).filter(token => token !== null)
        const token = this.#make(each.node)
        line.insertAtLast(others, each.traced ? (this.groups[0].traces?.values() ?? []) : [], token)
        model.insertAtLast(others, each.traced ? ['trace 0.0', 'trace 0.1'] : [], token)
        return
      }
      case 'trace': {
        const event = each.who === null ? null : this.#pick(each.who)
        line.trace(this.#trace(each), event)
        model.trace(`trace ${each.group}.${each.branch}`, event)
        return
      }
      case 'erase': {
        line.erase(this.#trace(each))
        model.places = model.places.filter(other => other !== `trace ${each.group}.${each.branch}`)
        return
      }
    }
  }

  #replace({ who: n, nodes, self }: Extract<Command, { do: 'replace' }>): void {
    const former = this.#pick(n)
    if (former === null) return
    const next = nodes.map(each => this.#make(each))
    if (self !== null) next.splice(Math.min(self, next.length), 0, former)
    this.line.replace(former, next)
    const at = this.model.at(former)
    if (at !== -1) this.model.places.splice(at, 1, ...next)
    if (at !== -1) this.model.passive.delete(former)
  }

  #make(at: number): Token {
    const token = tokenAt(at)
    this.tokens.push(token)
    return token
  }

  #pick(n: number): Token | null {
    return this.tokens[n % Math.max(1, this.tokens.length)] ?? null
  }

  check(): void {
    const { line, model } = this
    const places = [...line.order()].map(each =>
      each instanceof Token ? each.id : `trace ${this.groups.indexOf(each.group)}.${each.branch}`,
    )
    expect(places).toEqual(model.places.map(each => (typeof each === 'string' ? each : each.id)))
    const inside = model.places.filter(each => typeof each !== 'string') as Token[]
    expect([line.size, line.active]).toEqual([inside.length, inside.length - model.passive.size])
    for (const ordered of ORDERED) {
      expect(line.firstFor(ordered)?.id).toBe(model.firstFor(ordered)?.id)
      expect(line.anyFor(ordered)).toBe(inside.some(each => reaches(each, ordered)))
      for (const token of this.tokens) {
        const first = model.firstFor(ordered)
        expect(line.isTurn(token, ordered)).toBe(first === null || first === token)
      }
    }
  }
}

test('it does what an array does, whatever is done to it', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), commands => {
      const pair = new Pair()
      for (const each of commands) {
        pair.apply(each)
        pair.check()
      }
    }),
    { numRuns: 300 },
  )
})

test('marks stay right when they are rarely asked for (ORDER-LIST-4)', () => {
  fc.assert(
    fc.property(
      fc.array(command, { minLength: 20, maxLength: 80 }),
      fc.integer({ min: 3, max: 15 }),
      (commands, every) => {
        const pair = new Pair()
        for (const [i, each] of commands.entries()) {
          pair.apply(each)
          if (i % every === 0) pair.check()
        }
        pair.check()
      },
    ),
    { numRuns: 300 },
  )
})

/** What a reader of commits knows of a line. */
class CommitReader {
  readonly #record: OrderChanges
  readonly #read = new RecordedLine()
  readonly commits: ('none' | 'whole' | 'moved')[] = []
  /** Members recorded, in all commits. */
  size = 0

  constructor(line: OrderList) {
    this.#record = new OrderChanges(line)
  }

  next(): LineMember[] {
    const changes = this.#record.next()
    this.commits.push(changes.line === undefined ? (changes.moved === undefined ? 'none' : 'moved') : 'whole')
    this.size += [changes.line ?? [], changes.moved?.out ?? [], ...(changes.moved?.in ?? [])].flat().length
    this.#read.take(changes, (member, fault) => {
      throw new Error(`${member} is ${fault}`)
    })
    return [...this.#read]
  }
}

describe('what commits tell of it', () => {
  const membersOf = (line: OrderList): LineMember[] =>
    Array.from(line.order(), each =>
      each instanceof Token ? each.id : ([each.group.fork.group, each.group.node.number, numberOf(each)] as const),
    )

  test('a reader has the same line, whatever is done to it between commits', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(
        fc.array(command, { minLength: 10, maxLength: 80 }),
        fc.integer({ min: 1, max: 6 }),
        (commands, every) => {
          const pair = new Pair()
          const reader = new CommitReader(pair.line)
          for (const [i, each] of commands.entries()) {
            pair.apply(each)
            if (i % every === 0) expect(reader.next()).toEqual(membersOf(pair.line))
          }
          for (const each of reader.commits) seen.add(each)
        },
      ),
      { numRuns: 300 },
    )
    expect([...seen].sort()).toEqual(['moved', 'none', 'whole'])
  })

  test('of a long line in which little moves, little is recorded', () => {
    const line = new OrderList(ORDERED, reaches)
    const reader = new CommitReader(line)
    for (let i = 0; i < 1_000; i++) line.join(tokenAt(1))
    for (let i = 0; i < 1_000; i++) {
      const token = tokenAt(1)
      line.join(token)
      reader.next()
      line.leave(token)
    }
    expect(reader.commits.filter(each => each === 'whole').length).toBeLessThan(5)
    expect(reader.size).toBeLessThan(10_000)
  })
})
