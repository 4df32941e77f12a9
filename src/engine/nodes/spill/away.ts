/**
 * Tokens that leave memory while a sort or a join holds them, and come back when it lets them go: as a text with all that is known of the
 * token and, where it is the last of its subject, of that. A token that must stay has a text, too: its number.
 *
 * AWAY-1. A token leaves when no fact of its subject waits for a commit: what the text says stays so until it comes back.
 * AWAY-2. Of a subject there is one object: it goes with its only open token; where there are more, it stays until they are back.
 * AWAY-3. Who is inside a fork that a coalesce joins stays in memory, as the branches do that wait for it.
 */
import type { OriginFact } from '../../../format/entry.ts'
import type { TokenId } from '../../../model/ids.ts'
import { parseJson } from '../../../model/json.ts'
import { frozen, isObject, type Row, withoutPrototypes } from '../../../model/row.ts'
import type { Plan } from '../../../plan/plan.ts'
import { carry, drop, type ForkGroup, type Frame } from '../../token/fork-frames.ts'
import type { HeldRow } from '../../token/held-row.ts'
import type { Passage } from '../../token/passage.ts'
import { Subject, Token } from '../../token/token.ts'

type FrameText = readonly [group: number, node: number, branch: number, path: string, value: number]
/** Of a subject that goes with its token. */
type SubjectText = readonly [origin: OriginFact, previous: number | null, values: number, failed: boolean]
type TokenText = readonly [
  kind: Subject['kind'],
  subject: number,
  about: SubjectText | null,
  id: number,
  node: number,
  value: number,
  edge: number,
  path: string,
  passage: Passage,
  frames: readonly FrameText[],
  started_us: number,
  row: Row,
]

const NO_ROW: Row = frozen({})

export class Away {
  /** Forks whose branches a coalesce joins. */
  readonly #joined: ReadonlySet<number>
  /** Whether nothing may leave memory: whoever follows a record knows rows under way by their objects. */
  readonly #stays: boolean
  /** Those that stay in memory. */
  readonly #present = new Map<TokenId, HeldRow>()
  /** Subjects with tokens that are away, and others that are open. */
  readonly #subjects = { row: new Map<number, Subject>(), batch: new Map<number, Subject>() }

  constructor({ nodes }: Pick<Plan, 'nodes'>, stays = false) {
    this.#joined = new Set(nodes.flatMap(node => (node.kind === 'coalesce' ? [node.fork] : [])))
    this.#stays = stays
  }

  /** Whether it can leave, once all facts of its subject are handed over. */
  mayLeave({ frames }: Token): boolean {
    for (let at = frames; at !== null; at = at.outer) if (this.#joined.has(at.fork.node)) return false
    return true
  }

  /** Somebody holds the token. All facts of its subject were handed over: it leaves memory, if it may. */
  putAway(held: HeldRow): string {
    const { token } = held
    if (this.#stays || !this.mayLeave(token)) return this.keep(held)
    drop(token)
    token.subject.open.putAway(token)
    const { kind, number, origin, previous, values, failed } = token.subject
    const goes_along = token.subject.open.size === 1
    if (goes_along) this.#subjects[kind].delete(number)
    else this.#subjects[kind].set(number, token.subject)
    return textOf(held, goes_along ? [origin, previous, values, failed] : null)
  }

  /** Somebody holds the token, and it stays in memory. */
  keep(held: HeldRow): string {
    this.#present.set(held.token.id, held)
    return String(held.token.id)
  }

  /** The token is back, of which `putAway` or `keep` gave this text. To be called once. */
  takeBack(text: string): HeldRow {
    if (!text.startsWith('[')) return this.#takePresent(Number(text))
    // This process wrote it.
    const parts: TokenText = parseJson(text)
    const [kind, number, about, id, node, value, edge, path, passage, frames, started_us, row] = parts
    const subject = about === null ? this.#subjectOf(kind, number) : subjectFrom(kind, number, about)
    const data = rowFrom(id, row)
    const token = new Token(id, subject, node, data, value, passage, framesFrom(frames, subject), path, edge)
    if (about === null) this.#takeBackOne(token)
    else subject.open.add(token)
    carry(token)
    return { token, started_us }
  }

  #takePresent(id: TokenId): HeldRow {
    const held = this.#present.get(id)
    if (held === undefined) throw new TypeError(`token ${id} is nowhere`)
    this.#present.delete(id)
    return held
  }

  #subjectOf(kind: Subject['kind'], number: number): Subject {
    const subject = this.#subjects[kind].get(number)
    if (subject === undefined) throw new TypeError(`${kind} ${number} isn't there for a token of it that comes back`)
    return subject
  }

  #takeBackOne(token: Token): void {
    const { subject } = token
    subject.open.takeBack(token)
    if (subject.open.size === subject.open.present) this.#subjects[subject.kind].delete(subject.number)
  }
}

function subjectFrom(kind: Subject['kind'], number: number, [origin, previous, values, failed]: SubjectText): Subject {
  const subject = new Subject(kind, number, origin)
  subject.previous = previous
  subject.values = values
  subject.failed = failed
  return subject
}

/** `about`: of its subject, if that goes along. */
export function textOf({ token, started_us }: HeldRow, about: SubjectText | null = null): string {
  const { subject, id, node, value, edge, path, passage, frames, row } = token
  const { kind, number } = subject
  const of_frames = framesOf(frames)
  const text: TokenText = [kind, number, about, id, node, value, edge, path, passage, of_frames, started_us, row]
  return JSON.stringify(text)
}

/** What a text says of the token that is gone from memory, whether it comes back or not. */
export function look(text: string): { readonly id: TokenId; readonly row: Row } {
  // This process wrote it.
  const parts: TokenText = parseJson(text)
  const id = parts[3]
  return { id, row: rowFrom(id, parts[11]) }
}

function rowFrom(id: TokenId, row: Row): Row {
  const data = withoutPrototypes(row)
  if (!isObject(data)) throw new TypeError(`token ${id} comes back without a row`)
  return frozen(data)
}

/** The innermost first. */
function framesOf(frames: Frame | null): FrameText[] {
  const texts: FrameText[] = []
  for (let at = frames; at !== null; at = at.outer) {
    const { group, node, path, value } = at.fork
    texts.push([group, node, at.branch, path, value])
  }
  return texts
}

/** No coalesce asks what their forks had. */
function framesFrom(texts: readonly FrameText[], subject: Subject): Frame | null {
  let outer: Frame | null = null
  for (const [group, node, branch, path, value] of texts.toReversed()) {
    const fork: ForkGroup = { subject, group, node, row: NO_ROW, path, value, groups: [], carriers: [] }
    outer = { fork, branch, outer }
  }
  return outer
}
