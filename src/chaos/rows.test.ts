import { describe, expect, test } from 'vitest'
import { rowsReply } from './rows.ts'

interface Page {
  readonly data: readonly { readonly id: number }[]
  readonly next: string | null
}

function ask(path: string, seed = 1) {
  const { status, headers, body } = rowsReply(new URL(path, 'http://chaos'), seed)
  return { status, link: headers.link, page: JSON.parse(body.toString()) as Page }
}

/** The ids of all pages, as one reads them who goes from one to the next. */
function follow(path: string, next: (page: Page, link: string | undefined, nth: number) => string | null): number[] {
  const ids: number[] = []
  for (let at: string | null = path, nth = 1; at !== null; nth++) {
    const { page, link } = ask(at)
    ids.push(...page.data.map(({ id }) => id))
    at = next(page, link, nth)
  }
  return ids
}

const ALL = Array.from({ length: 25 }, (_, i) => i + 1)
const BASE = '/rows?rows=25&size=10'

describe('all rows come once, in order', () => {
  test('by number', () => {
    const next = ({ data }: Page, _: unknown, nth: number) => (data.length < 10 ? null : `${BASE}&page=${nth + 1}`)
    expect(follow(BASE, next)).toEqual(ALL)
  })
  test('by offset', () => {
    const next = ({ data }: Page, _: unknown, nth: number) => (data.length < 10 ? null : `${BASE}&offset=${nth * 10}`)
    expect(follow(BASE, next)).toEqual(ALL)
  })
  test('by cursor', () => {
    expect(follow(BASE, ({ next }) => (next === null ? null : `${BASE}&after=${next}`))).toEqual(ALL)
  })
  test('by link', () => {
    const next = (_: unknown, link = '') => /^<(.*)>; rel="next"$/.exec(link)?.[1] ?? null
    expect(follow(`${BASE}&page=1`, next)).toEqual(ALL)
  })
})

test('the same seed makes the same rows, another seed others; behind the last there is nothing', () => {
  expect(ask(BASE).page).toEqual(ask(BASE).page)
  expect(ask(BASE, 2).page.data).not.toEqual(ask(BASE).page.data)
  expect(ask(`${BASE}&page=9`).page).toEqual({ data: [], next: null })
})

test.each(['rows=-1', 'rows=x', 'size=0', 'size=1001', 'page=0', 'after=x', 'after=', 'rows=100001'])(
  '%s is refused',
  query => {
    expect(ask(`/rows?${query}`).status).toBe(400)
  },
)
