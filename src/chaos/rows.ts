/** Rows in pages, for what reads pages: by number, by offset, by a cursor in the page, by a link in its header. */
import { Random } from './random.ts'
import { badRequest, jsonReply, type Reply } from './reply.ts'

const MOST_ROWS = 100_000
const MOST_SIZE = 1000
const CUSTOMERS = ['Aster', 'Birch', 'Cedar', 'Dahlia', 'Elder', 'Fern'] as const

/**
 * `?rows=250&size=100`: so many rows, so many a page. Which page: `page`, from 1; or `offset`; or `after`, what the page before has as its
 * `next`. The same of the same seed.
 */
export function rowsReply(url: URL, seed: number): Reply {
  const number = (name: string, otherwise: number, least: number, most: number): number => {
    const text = url.searchParams.get(name)
    if (text === null) return otherwise
    return /^\d{1,7}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : Number.NaN
  }
  const rows = number('rows', 250, 0, MOST_ROWS)
  const size = number('size', 100, 1, MOST_SIZE)
  const page = number('page', 1, 1, MOST_ROWS)
  const after = url.searchParams.get('after')
  const start = after === null ? number('offset', (page - 1) * size, 0, MOST_ROWS) : startOf(after)
  if ([rows, size, page, start].some(Number.isNaN))
    return badRequest(
      `rows: up to ${MOST_ROWS}; size: up to ${MOST_SIZE}; page from 1, offset from 0, or after, as a page has it`,
    )
  const end = Math.min(rows, start + size)
  const next = end < rows ? cursorOf(end) : null
  const data = Array.from({ length: Math.max(0, end - start) }, (_, i) => rowOf(start + i + 1, seed))
  if (next === null) return jsonReply(200, { data, next })
  const onward = new URL(url)
  for (const name of ['page', 'offset']) onward.searchParams.delete(name)
  onward.searchParams.set('after', next)
  return jsonReply(200, { data, next }, { link: `<${onward.pathname}${onward.search}>; rel="next"` })
}

function rowOf(id: number, seed: number) {
  const random = new Random(`row ${id} of ${seed}`)
  const day = String(1 + ((id - 1) % 28)).padStart(2, '0')
  return {
    id,
    customer: random.pick(CUSTOMERS),
    placed_on: `2026-03-${day}`,
    amount: random.between(500, 200_000) / 100,
    paid: random.chance(0.8),
  }
}

/** Nothing that a client could count on. */
const cursorOf = (start: number): string => Buffer.from(`rows behind ${start}`).toString('base64url')

function startOf(cursor: string): number {
  const [, start] = /^rows behind (\d{1,7})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  return start === undefined ? Number.NaN : Number(start)
}
