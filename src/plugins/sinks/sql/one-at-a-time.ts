/** Transactions of this process in one file of SQLite: a second one would wait for the first, and keep it from going on meanwhile. */

const lasts = new Map<string, Promise<unknown>>()

/** `path`: of the file; null where others needn't wait. */
export async function oneAtATime<T>(path: string | null, work: () => Promise<T>): Promise<T> {
  if (path === null) return await work()
  const before = lasts.get(path) ?? Promise.resolve()
  const own = before.then(work, work)
  lasts.set(path, own)
  try {
    return await own
  } finally {
    if (lasts.get(path) === own) lasts.delete(path)
  }
}
