/** Columns of the views for auditors. */

/** Ids of things that a log numbers for itself. */
export const idsAmong = (columns: readonly string[]) => columns.filter(each => /(?<!^run)_id$/.test(each))

/** What texts of views give (views.ts): of a view with ids `part` is behind the run, and there is no `number`. */
export function selectedOf(columns: readonly string[]): readonly string[] {
  if (idsAmong(columns).length === 0) return columns
  const [run, ...others] = columns.filter(each => each !== 'part' && each !== 'number')
  return [run ?? '', 'part', ...others]
}

/** Some columns are words of SQL. */
export function quoted(name: string): string {
  return `"${name}"`
}
