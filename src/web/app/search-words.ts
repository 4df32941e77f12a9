/** What stands behind the `?` of a screen's URL: plain words, as the server's own URLs have them, so that a link can be read and written by hand. */

/** A key that stands there more than once has several values. */
export type SearchWords = { readonly [key: string]: string | readonly string[] }

export function parseSearch(text: string): SearchWords {
  const words: { [key: string]: string | string[] } = {}
  const search = new URLSearchParams(text)
  for (const key of new Set(search.keys())) {
    const values = search.getAll(key)
    words[key] = values.length === 1 ? (values[0] ?? '') : values
  }
  return words
}

/** Empty texts and lists are left out. */
export function searchText(words: { readonly [key: string]: unknown }): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(words))
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined && each !== null && each !== '') search.append(key, String(each))
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

/** For routes: what stands there is all texts already. */
export function searchWords(search: { readonly [key: string]: unknown }): SearchWords {
  return parseSearch(searchText(search))
}

/** The only value of a key, or its first; null if it isn't there. */
export function oneOf(words: SearchWords, key: string): string | null {
  return manyOf(words, key)[0] ?? null
}

export function manyOf(words: SearchWords, key: string): readonly string[] {
  const value = words[key]
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}
