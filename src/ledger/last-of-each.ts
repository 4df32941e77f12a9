/** The last record of each key, of records in order of their key. */
export async function* lastOfEach<T>(records: AsyncIterable<T>, keyOf: (record: T) => unknown): AsyncIterable<T> {
  let last: T | undefined
  for await (const record of records) {
    if (last !== undefined && keyOf(last) !== keyOf(record)) yield last
    last = record
  }
  if (last !== undefined) yield last
}
