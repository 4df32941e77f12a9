/** Pages of a run's entries from the lines of a record: what each entry shows by itself, without values or tables. */
import { leafHash } from '../../format/hash.ts'
import type { Topology } from '../../format/topology.ts'
import { DecodeError, decodeRunEntry } from '../decode.ts'
import { canonicalFacts, type Looked } from '../verify/look.ts'
import { type Found, OpenPage, PAGE_ENTRIES, type Page } from '../verify/page.ts'
import type { Facts } from '../verify/stored-endings.ts'
import { Ways } from '../verify/ways.ts'
import { RowStories } from '../verify/whole-rows.ts'

/** From where lines come, one after another. */
export interface Lines {
  /** The next `count`, as many as are at hand together. */
  some(count: number): Promise<readonly string[]>
}

export interface RecordPage {
  readonly page: Page
  /** Looks at some of its entries one by one. */
  again(first_seq: number, count: number): AsyncIterable<Looked>
}

/**
 * `whole_rows`: whether rows whose story stands in one entry are added up; `topology`: of the plan, where entry 0 doesn't say it.
 * @throws CustodyError CUSTODY_PROOF_UNREADABLE
 */
export async function* recordPages(
  lines: Lines,
  entries: number,
  whole_rows: boolean,
  topology: Topology,
): AsyncIterable<RecordPage> {
  let stories: RowStories | null = null
  for (let seq = 0; seq < entries; ) {
    const first = seq
    const bodies: string[] = []
    while (bodies.length < PAGE_ENTRIES && seq < entries) {
      const some = await lines.some(Math.min(PAGE_ENTRIES - bodies.length, entries - seq))
      bodies.push(...some)
      seq += some.length
    }
    if (first === 0 && whole_rows) stories = storiesOf(bodies[0] ?? '', topology)
    const open = new OpenPage()
    for (const [i, body] of bodies.entries()) open.add(found(first + i, body, stories))
    yield {
      page: open.page(),
      async *again(from, count) {
        for (let at = from; at < from + count; at++) {
          const body = bodies[at - first] ?? ''
          yield looked(at, body, canonicalFacts(body))
        }
      },
    }
  }
}

/** null if the opening can't be read, which is found by who folds. */
function storiesOf(opening: string, topology: Topology): RowStories | null {
  try {
    const { facts } = decodeRunEntry(0, opening)
    return new RowStories(new Ways(facts.k === 'open' ? facts.topology : topology))
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

function found(seq: number, body: string, stories: RowStories | null): Found {
  const known = stories?.known(body) ?? null
  if (known !== null && haveForm(known.story.form.commitments(body)))
    return { whole: { ...known, seq, leaf: leafHash(body) } }
  const facts = canonicalFacts(body)
  const each = looked(seq, body, facts)
  if (facts === null || known !== null || stories === null || !haveForm(facts.c)) return { looked: each }
  const learned = stories.learnText(each.entry, each.leaf, facts)
  return learned === null ? { looked: each } : { whole: learned }
}

/** Numbers of its row and its batch are those that it has itself: there is no table with others. */
function looked(seq: number, body: string, facts: Facts | null): Looked {
  const entry = { seq, row: numberOf(facts?.r), batch: numberOf(facts?.b), body }
  const is_canonical = facts !== null
  return { entry, leaf: leafHash(body), is_canonical, has_values: false, has_endings: false, payload: null }
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

const COMMITMENT = /^[0-9a-f]{64}$/

/** Where a text is known by its form, nobody else looks at its commitments. */
function haveForm(commitments: unknown): boolean {
  return Array.isArray(commitments) && commitments.every(each => typeof each === 'string' && COMMITMENT.test(each))
}
