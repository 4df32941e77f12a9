/**
 * The order of what is under way, as commit entries have it: the whole order, or what changed in it since the commit before
 * that mentions it. A long order that moves little needn't be repeated in each commit.
 */

/**
 * A token; or a trace of a branch: the fork's group, the coalesce, and the branch's place in the coalesce's list, from 0 (where it
 * is lost), or that and the number of branches (where it continues if the group fails), or that and twice the number (where it is lost
 * once all is done that comes before).
 */
export type LineMember = number | readonly [fork: number, coalesce: number, branch: number]

/** Members in a row, and the one that they come right behind: it was in the order before; 0 at the beginning of the order. */
export type LineRun = readonly [behind: LineMember | 0, ...members: LineMember[]]

export interface LineChange {
  readonly out: readonly LineMember[]
  readonly in: readonly LineRun[]
}

/** At most one of both; neither if the order is empty. */
export interface CommitLine {
  readonly line?: readonly LineMember[]
  readonly moved?: LineChange
}

export type LineFault = 'missing' | 'twice'

interface Place {
  readonly member: LineMember | 0
  before: Place
  after: Place
}

/** The order as it is after the commits that were taken in, from one that had the whole order on. */
export class RecordedLine {
  readonly #places = new Map<number | string, Place>()
  /** Before the first and behind the last. */
  readonly #end: Place

  constructor() {
    const end = { member: 0 } as Place
    end.before = end
    end.after = end
    this.#end = end
  }

  has(member: LineMember): boolean {
    return this.#places.has(keyOf(member))
  }

  /** Takes in the next commit. `onFault` is called with members that it names wrongly; they are skipped. */
  take({ line = [], moved }: CommitLine, onFault: (member: LineMember, fault: LineFault) => void): void {
    if (moved === undefined) {
      this.#clear()
      this.#insert(this.#end, line, onFault)
      return
    }
    for (const member of moved.out) {
      if (this.#remove(member)) continue
      onFault(member, 'missing')
    }
    for (const [behind, ...members] of moved.in) {
      const place = behind === 0 ? this.#end : this.#places.get(keyOf(behind))
      if (place === undefined) onFault(behind, 'missing')
      this.#insert(place ?? this.#end.before, members, onFault)
    }
  }

  /** In order. */
  *[Symbol.iterator](): Iterator<LineMember> {
    for (let at = this.#end.after; at !== this.#end; at = at.after) yield at.member
  }

  #clear(): void {
    this.#places.clear()
    this.#end.before = this.#end
    this.#end.after = this.#end
  }

  #insert(
    behind: Place,
    members: readonly LineMember[],
    onFault: (member: LineMember, fault: LineFault) => void,
  ): void {
    let before = behind
    for (const member of members) {
      const key = keyOf(member)
      if (this.#places.has(key)) {
        onFault(member, 'twice')
        continue
      }
      const place: Place = { member, before, after: before.after }
      before.after.before = place
      before.after = place
      this.#places.set(key, place)
      before = place
    }
  }

  #remove(member: LineMember): boolean {
    const key = keyOf(member)
    const place = this.#places.get(key)
    if (place === undefined) return false
    place.before.after = place.after
    place.after.before = place.before
    return this.#places.delete(key)
  }
}

function keyOf(member: LineMember): number | string {
  return typeof member === 'number' ? member : member.join()
}
