/** An entry of a split, as one of its run: with the numbers that things have to the outside. Values are numbered within their subject, and stay. */
import type { SubjectEntry } from '../format/entry.ts'
import { idOf } from '../model/part-ids.ts'

export function entryOfPart(part: number, entry: SubjectEntry): SubjectEntry {
  /** 0 and null are none. */
  const id = <N extends number | null>(number: N) => (number ? idOf(part, number) : number) as N
  const ids = (numbers: readonly number[]) => numbers.map(id)
  const ofToken = <F extends { readonly token: number }>(fact: F): F => ({ ...fact, token: id(fact.token) })
  const ofGroup = <F extends { readonly group: number }>(fact: F): F => ({ ...fact, group: id(fact.group) })
  const { subject, previous } = entry
  return {
    ...entry,
    subject:
      subject.kind === 'row' ? { kind: 'row', row: id(subject.row) } : { kind: 'batch', batch: id(subject.batch) },
    // Entries are numbered from 0.
    previous: previous === null ? null : idOf(part, previous),
    births: entry.births.map(each => ({ ...ofGroup(ofToken(each)), parents: ids(each.parents) })),
    visits: entry.visits.map(ofToken),
    holds: entry.holds.map(each => ({ ...ofGroup(ofToken(each)), batch: id(each.batch) })),
    releases: entry.releases.map(ofToken),
    groups_opened: entry.groups_opened.map(ofGroup),
    groups_closed: entry.groups_closed.map(each => ({ ...ofGroup(each), members: ids(each.members) })),
    timed_out: ids(entry.timed_out),
    endings: entry.endings.map(each => ofGroup(ofToken(each))),
    calls: entry.calls.map(each => ({ ...ofToken(each), call: id(each.call) })),
    intents: entry.intents.map(({ together, ...each }) => ({
      ...ofToken(each),
      together: together && { ...together, first: id(together.first) },
    })),
  }
}
