/** An entry of a split, as one of its run: with the numbers that things have to the outside. Values are numbered within their subject, and stay. */
import type { SubjectEntry } from '../format/entry.ts'
import { idOf } from '../model/part-ids.ts'

export function entryOfPart(part: number, entry: SubjectEntry): SubjectEntry {
  const id = (number: number) => idOf(part, number)
  /** 0 is none. */
  const known = (number: number) => (number === 0 ? 0 : id(number))
  const { subject, previous } = entry
  return {
    ...entry,
    subject:
      subject.kind === 'row' ? { kind: 'row', row: id(subject.row) } : { kind: 'batch', batch: id(subject.batch) },
    previous: previous === null ? null : id(previous),
    births: entry.births.map(each => ({
      ...each,
      token: id(each.token),
      group: known(each.group),
      parents: each.parents.map(id),
    })),
    visits: entry.visits.map(each => ({ ...each, token: id(each.token) })),
    holds: entry.holds.map(each => ({
      ...each,
      token: id(each.token),
      group: known(each.group),
      batch: each.batch === null ? null : id(each.batch),
    })),
    releases: entry.releases.map(each => ({ ...each, token: id(each.token) })),
    groups_opened: entry.groups_opened.map(each => ({ ...each, group: id(each.group) })),
    groups_closed: entry.groups_closed.map(each => ({ ...each, group: id(each.group), members: each.members.map(id) })),
    timed_out: entry.timed_out.map(id),
    endings: entry.endings.map(each => ({ ...each, token: id(each.token), group: known(each.group) })),
    calls: entry.calls.map(each => ({ ...each, call: id(each.call), token: known(each.token) })),
    intents: entry.intents.map(each => ({
      ...each,
      token: id(each.token),
      together: each.together === null ? null : { ...each.together, first: id(each.together.first) },
    })),
  }
}
