/** Records of simulated runs as text, and what somebody can do to them: without the key, and with it. */
import { checkpointText } from '../../src/format/checkpoint.ts'
import { leafHash } from '../../src/format/hash.ts'
import { noteOf } from '../../src/format/note.ts'
import { Frontier } from '../../src/format/tree.ts'
import { openLedgerReader } from '../../src/ledger/open.ts'
import { canonicalize } from '../../src/model/canonical.ts'
import type { Json } from '../../src/model/row.ts'
import { CheckedReader } from '../../src/read/evidence/checked-reader.ts'
import type { Disclosure } from '../../src/read/prove/disclosure.ts'
import { recordOf } from '../../src/read/prove/record.ts'
import type { Random } from '../simulation/random.ts'
import { testPorts } from './ledger.ts'
import { simulatedRun } from './simulated-ledger.ts'

/** The record of the n-th simulated run, as lines; null: of the ledger's own log. */
export async function recorded(url: string, n: number | null, disclose: readonly Disclosure[] = []): Promise<string> {
  const inner = await openLedgerReader(url)
  try {
    return await inner.snapshot(async () => {
      const reader = new CheckedReader(inner, { remembered: null })
      const run = simulatedRun(n ?? 0)
      const of = n === null ? null : { run, log: (await inner.logOf(run)) ?? 0 }
      let text = ''
      for await (const piece of (await recordOf(reader, inner, of, disclose)).pieces) text += piece
      return text
    })
  } finally {
    await inner.close()
  }
}

/** One to three edits: of characters, of lines, or with lines of another run. */
export function editedLines(lines: readonly string[], others: readonly string[], random: Random): readonly string[] {
  const edited = [...lines]
  for (let i = random.below(3); i >= 0; i--) {
    const [one, two] = [random.below(edited.length), random.below(edited.length)]
    const line = edited[one] ?? ''
    switch (random.below(6)) {
      case 0:
        edited.splice(one, 1)
        break
      case 1:
        edited.splice(two, 0, line)
        break
      case 2:
        ;[edited[one], edited[two]] = [edited[two] ?? '', line]
        break
      case 3:
        edited[one] = others[random.below(others.length)] ?? ''
        break
      case 4:
        edited[one] = line.replace(/\d+(?=[,\]}])/, digits => String(Number(digits) + 1))
        break
      default: {
        const at = random.below(line.length)
        edited[one] = `${line.slice(0, at)}${line[at] === 'a' ? 'b' : 'a'}${line.slice(at + 1)}`
      }
    }
  }
  return edited
}

/** An entry as JSON. */
export type Body = { readonly [key: string]: Json }

/** A record, taken apart. */
export interface RecordParts {
  readonly header: Body
  /** Bodies of the ledger's own log. */
  readonly ledger: readonly Body[]
  readonly values: readonly string[]
  readonly entries: readonly Body[]
}

export function recordParts(text: string): RecordParts {
  const [first = '', ...lines] = text.slice(0, -1).split('\n')
  const header = JSON.parse(first) as Body
  const [from, values] = [Number(header.ledger_entries), Number(header.values ?? 0)]
  const parsed = (some: readonly string[]) => some.map(each => JSON.parse(each) as Body)
  return {
    header,
    ledger: parsed(lines.slice(0, from)),
    values: lines.slice(from, from + values),
    entries: parsed(lines.slice(from + values)),
  }
}

/**
 * As if the run had gone so: the holder of the key makes anew what follows from its entries, the seal's trees, what the ledger's own log says of it,
 * and the head.
 */
export function signedAnew({ header, ledger, values, entries }: RecordParts): string {
  const { run } = header.run as { readonly run: string }
  const bodies = entries.map(each => (each.k === 'seal' ? { ...each, subjects: subjectsOf(entries) } : each))
  const texts = bodies.map(each => canonicalize(each))
  const zero = new Frontier()
  const log_zero = ledger.map(entry => {
    const text = canonicalize(entry.run === run ? boundAnew(entry, texts) : entry)
    zero.append(leafHash(text))
    return text
  })
  const head = { origin: `custody/${header.ledger}/0`, size: zero.size, root: zero.root() }
  const checkpoint = noteOf(checkpointText(head), testPorts().signer.signHead(head))
  const first = {
    ...header,
    checkpoint,
    ledger_entries: ledger.length,
    run: { ...(header.run as object), entries: texts.length },
  }
  return `${[canonicalize(first), ...log_zero, ...values, ...texts].join('\n')}\n`
}

/** What an entry of log 0 says of the run. */
function boundAnew(entry: Body, texts: readonly string[]): Body {
  if (entry.k === 'opened') return { ...entry, root: treeOf(texts.slice(0, 1)).root }
  if (entry.k === 'progress') return { ...entry, ...treeOf(texts.slice(0, Number(entry.size))) }
  return entry.k === 'sealed' ? { ...entry, ...treeOf(texts) } : entry
}

function subjectsOf(entries: readonly Body[]): Body {
  const last = (key: 'r' | 'b') => {
    const found = new Map<number, string>()
    for (const each of entries) if (each[key] !== undefined) found.set(Number(each[key]), canonicalize(each))
    return treeOf([...found].toSorted(([a], [b]) => a - b).map(([, text]) => text))
  }
  return { rows: last('r'), batches: last('b') }
}

function treeOf(texts: readonly string[]): { size: number; root: string } {
  const tree = new Frontier()
  for (const text of texts) tree.append(leafHash(text))
  return { size: tree.size, root: tree.root() }
}

type Path = readonly (string | number)[]

/** Records in each of which one number of an entry of the run is another: of every so many numbers, from a prime number on so that every kind is met. */
export function forgedNumbers(
  parts: RecordParts,
  stride: number,
): ReadonlyArray<{ readonly what: string; readonly parts: RecordParts }> {
  const all = parts.entries.flatMap((entry, seq) => [...numbersIn(entry)].map(path => ({ seq, entry, path })))
  return all
    .filter((_, i) => i % stride === 0)
    .map(({ seq, entry, path }, i) => {
      const change = i % 2 === 0 ? 1 : -1
      return {
        what: `entry ${seq}, ${path.join('.')} ${change > 0 ? '+' : '−'} 1: ${JSON.stringify(entry)}`,
        parts: { ...parts, entries: parts.entries.with(seq, withNumber(entry, path, change)) },
      }
    })
}

/** Paths of all numbers in a value. */
export function* numbersIn(value: Json, path: Path = []): Iterable<Path> {
  if (typeof value === 'number') yield path
  else if (Array.isArray(value)) for (const [i, each] of value.entries()) yield* numbersIn(each as Json, [...path, i])
  else if (typeof value === 'object' && value !== null)
    for (const [key, each] of Object.entries(value)) yield* numbersIn(each as Json, [...path, key])
}

/** The body with another number at a path. */
export function withNumber(body: Body, path: Path, change: number): Body {
  const copy = structuredClone(body)
  let at = copy as { [key: string | number]: unknown }
  for (const step of path.slice(0, -1)) at = at[step] as typeof at
  const last = path.at(-1)!
  at[last] = (at[last] as number) + change
  return copy
}
