/** Changes are made where their types say, and are refused where there is no such thing. */
import { describe, expect, test } from 'vitest'
import { type Applying, but, type Change, inAccessor, inConstructor, inFunction, inMethod } from './defect.ts'

class Counter {
  #count: number
  constructor(first: number) {
    this.#count = first
  }
  get count(): number {
    return this.#count
  }
  add(by: number): number {
    this.#count += by
    return this.#count
  }
}

const load = async () => ({ Counter, half: (n: number) => n / 2 })

/** A fresh class each time: what belongs to one is changed in place. */
function applied(change: Change, original: unknown, only_watch = false) {
  let runs = 0
  const how: Applying = { onRun: () => void runs++, only_watch }
  return { changed: change.apply(original, how), runs: () => runs }
}

describe('what is changed runs as the change says', () => {
  const later = inFunction(load, 'half', half => n => half(n) + 1)

  test('a function', () => {
    const { changed, runs } = applied(later, (n: number) => n / 2)
    expect(changed).toBeTypeOf('function')
    expect([runs(), (changed as (n: number) => number)(4), runs()]).toEqual([0, 3, 1])
  })

  test('but runs as it is where it is only watched', () => {
    const { changed, runs } = applied(later, (n: number) => n / 2, true)
    expect([(changed as (n: number) => number)(4), runs()]).toEqual([2, 1])
  })

  test('a method, bound to whose it is', () => {
    class Own extends Counter {
      override add(by: number): number {
        return super.add(by)
      }
    }
    const { runs } = applied(
      inMethod(load, 'Counter', 'add', (add, self) => by => add(by * self.count)),
      Own,
    )
    expect([new Own(3).add(2), runs()]).toEqual([9, 1])
  })

  test('an accessor', () => {
    class Own {
      get count(): number {
        return 1
      }
    }
    const { runs } = applied(
      inAccessor(load, 'Counter', 'count', count => () => count() + 1),
      Own,
    )
    expect([new Own().count, runs()]).toEqual([2, 1])
  })

  test('how instances are made', () => {
    const { changed, runs } = applied(
      inConstructor(load, 'Counter', make => first => make(first + 1)),
      Counter,
    )
    const made = new (changed as typeof Counter)(1)
    expect(made).toBeInstanceOf(Counter)
    expect([made.count, runs()]).toEqual([2, 1])
  })

  test('what one object seems to be', () => {
    const seeming = but(new Counter(1), { count: 7 })
    expect([seeming.count, seeming.add(1)]).toEqual([7, 2])
  })
})

describe('what isn’t there', () => {
  test('is refused', () => {
    const refused = [
      inFunction(load, 'half', half => half),
      inMethod(load, 'Counter', 'add', add => add),
      inAccessor(load, 'Counter', 'count', count => count),
      inConstructor(load, 'Counter', make => make),
    ]
    for (const each of refused) expect(() => applied(each, undefined)).toThrow(TypeError)
  })

  test('doesn’t compile', () => {
    const unfit = [
      // @ts-expect-error: the module exports no such function
      inFunction(load, 'third', third => third),
      // @ts-expect-error: the class has no such method
      inMethod(load, 'Counter', 'subtract', () => () => 0),
      // @ts-expect-error: the method gives a number
      inMethod(load, 'Counter', 'add', () => () => 'many'),
      // @ts-expect-error: the function takes a number
      inFunction(load, 'half', () => (text: string) => text.length),
    ]
    expect(unfit).toHaveLength(4)
  })
})
