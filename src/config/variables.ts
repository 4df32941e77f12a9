/**
 * `${NAME}` and `${NAME:-default}` in text values. As in a shell the default also stands in for an empty variable.
 * `$${` gives a literal `${`; a `$` before anything else is itself. What a variable brings is not expanded again.
 */

export type Environment = { readonly [name: string]: string | undefined }

export interface Expansion {
  readonly text: string
  /** For each index of `text`, and its end, the offset in the text before. */
  readonly origins: readonly number[]
  readonly problems: ReadonlyArray<{
    readonly kind: 'unset' | 'malformed'
    readonly name: string
    /** In the text before. */
    readonly offset: number
    readonly length: number
  }>
}

const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g

/** What stands in a text itself: each default in the place of its variable, nothing in that of one without. */
export function asWritten(text: string): string {
  return text.replace(REFERENCE, (whole, _name, fallback?: string) => (whole === '$${' ? '${' : (fallback ?? '')))
}

/** What `text` becomes, or null if nothing in it is to be expanded. An unset variable is left as written. */
export function expand(text: string, env: Environment): Expansion | null {
  if (!text.includes('${')) return null
  let result = ''
  const origins: number[] = []
  const problems: Array<Expansion['problems'][number]> = []
  const copy = (from: number, to: number) => {
    result += text.slice(from, to)
    for (let at = from; at < to; at++) origins.push(at)
  }
  const put = (value: string, offset: number) => {
    result += value
    for (let unit = 0; unit < value.length; unit++) origins.push(offset)
  }
  let done = 0
  for (const match of text.matchAll(REFERENCE)) {
    const [whole, name, fallback] = match
    copy(done, match.index)
    done = match.index + whole.length
    if (whole === '$${') put('${', match.index)
    else if (name === undefined) {
      problems.push({ kind: 'malformed', name: '', offset: match.index, length: whole.length })
      put(whole, match.index)
    } else {
      const value = Object.hasOwn(env, name) ? env[name] : undefined
      const chosen = fallback === undefined ? value : value || fallback
      if (chosen === undefined) problems.push({ kind: 'unset', name, offset: match.index, length: whole.length })
      put(chosen ?? whole, match.index)
    }
  }
  copy(done, text.length)
  origins.push(text.length)
  return { text: result, origins, problems }
}
