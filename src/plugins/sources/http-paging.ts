/**
 * Which page comes next: pure.
 *
 * HTTP-PAGING-1. What is asked of a page follows from a place, and a place from the page before it: nothing is kept beside it.
 * HTTP-PAGING-2. A cursor or URL that comes again is found, however long the way round, after three times that way at most (R. P. Brent,
 *     1980): one earlier page is remembered, and another when twice as many have come.
 */
import { CustodyError } from '../../model/error.ts'
import { isObject, type Json } from '../../model/row.ts'
import type { HttpSourceOptions, Pages } from './http-options.ts'
import type { Page } from './http-page.ts'

/** Where a page is. A cursor, a URL, or a number; null where the options alone say it. */
export type Place = string | number | null

/** A page under way, as positions have it. */
export type PageAt = {
  /** From 1. */
  readonly page: number
  readonly place: Place
  /** How many of its records were taken. */
  readonly taken: number
  /** An earlier page that is remembered. */
  readonly seen: { readonly page: number; readonly place: Place }
}

export function firstPage(pages: Pages | undefined): PageAt {
  const place = pages?.by === 'page' ? pages.from : pages?.by === 'offset' ? 0 : null
  return { page: 1, place, taken: 0, seen: { page: 1, place } }
}

/** @throws CustodyError CUSTODY_SOURCE_CHANGED if it is the position of another source. */
export function pageAt(position: Json, node: string): PageAt {
  const { page, place = null, taken, seen } = isObject(position) ? position : {}
  const before = isObject(seen) ? seen : {}
  if (typeof page !== 'number' || typeof taken !== 'number' || typeof before.page !== 'number')
    throw new CustodyError('CUSTODY_SOURCE_CHANGED', `what source \`${node}\` was read up to is no page`, {
      where: { node },
    })
  return { page, place: placeOf(place), taken, seen: { page: before.page, place: placeOf(before.place ?? null) } }
}

const placeOf = (value: Json): Place => (typeof value === 'string' || typeof value === 'number' ? value : null)

/**
 * The page behind this one; null if it was the last. `again`: it is the same as the one before.
 * @throws CustodyError CUSTODY_PAGE_LOOP.
 */
export function nextPage(
  at: PageAt,
  { records, next }: Pick<Page, 'records' | 'next'>,
  { pages, most_pages }: Pick<HttpSourceOptions, 'pages' | 'most_pages'>,
  again: boolean,
  node: string,
): PageAt | null {
  if (pages === undefined || at.page === most_pages) return null
  const place = placeBehind(at.place, records.length, next, pages)
  if (place === null) return null
  const loop = (what: string) =>
    new CustodyError('CUSTODY_PAGE_LOOP', `\`${node}\` reads in circles: ${what}`, { where: { node } })
  const page = at.page + 1
  if (pages.by === 'page' || pages.by === 'offset') {
    if (again && records.length > 1) throw loop(`page ${at.page} has the very records of the one before it`)
    return { page, place, taken: 0, seen: at.seen }
  }
  if (place === at.place) throw loop(`page ${at.page} names itself as the next one`)
  if (place === at.seen.place) throw loop(`page ${at.page} names page ${at.seen.page} as the next one`)
  return { page, place, taken: 0, seen: page >= 2 * at.seen.page ? { page, place } : at.seen }
}

function placeBehind(place: Place, records: number, next: Page['next'], pages: Pages): Place {
  switch (pages.by) {
    case 'page':
      return records === 0 || records < (pages.size ?? 0) ? null : Number(place) + 1
    case 'offset':
      return records < pages.limit ? null : Number(place) + records
    case 'cursor':
    case 'link':
      return next
  }
}
