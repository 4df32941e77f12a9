/** The order of another run that this one follows, if it replays one, and time decides somewhere. */
import type { Courses } from '../../format/recording.ts'
import type { SourceReader } from '../nodes/source/source-reader.ts'
import { ReplayOrder, type ReplayOrderParts } from '../replay/replay-order.ts'

export function followed(
  courses: Courses | null,
  readers: readonly SourceReader[],
  parts: Omit<ReplayOrderParts, 'courses' | 'indexOf'>,
): ReplayOrder | null {
  if (courses === null || parts.races.size === 0) return null
  const by_node = new Map(readers.map(reader => [Number(reader.node.number), reader]))
  // Where records say their numbers themselves, those on record are taken for what comes next.
  const indexOf = (source: number, nth: number) => {
    const reader = by_node.get(source)
    return reader === undefined ? null : (reader.indexOf(nth) ?? courses.indexAt(reader.node.name, nth))
  }
  return new ReplayOrder({ ...parts, courses, indexOf })
}
