/** Sources whose records stand in several files, some of them empty; and whether the record says so, whatever came in between. */
import type { Json } from '../../src/model/row.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { FileRead, ResumePoint, Source, SourceItem, SourceRecord } from '../../src/sdk/spec.ts'
import type { MemoryLedger } from '../support/memory-ledger.ts'
import type { SourceModel } from './model.ts'
import type { Random } from './random.ts'

/** Of each record. */
const BYTES = 10

export class ManyFiles {
  readonly problems: string[] = []
  readonly #random: Random
  /** By source: how many records each of its files has. */
  readonly #counts = new Map<string, readonly number[]>()

  constructor(random: Random) {
    this.#random = random
  }

  /** `records`: of all files together. `pause` comes before some of the chunks. */
  source(model: SourceModel, records: () => readonly SourceRecord[], pause: () => Promise<void>): Source {
    const { problems } = this
    const counts = this.#countsOf(model)
    const names = counts.map((_, i) => `${model.name}-${i}`)
    const random = this.#random
    return {
      async list(recorded) {
        if (recorded !== null && recorded.join() !== names.join()) problems.push(`it is to read ${recorded.join()}`)
        // Files that have come since are not on the list of a run that began before.
        return { names: recorded ?? names, paths: () => [] }
      },
      async *read(from) {
        for (const [i, each] of (from?.files ?? []).entries())
          if (tell(each) !== tell(readOf(counts, i)))
            problems.push(`file ${i} of ${model.name} is on record as ${JSON.stringify(each)}`)
        const items = itemsBehind(from, counts, records())
        for (let at = 0; at < items.length; ) {
          await pause()
          const chunk = items.slice(at, at + random.between(1, 5))
          yield chunk
          at += chunk.length
        }
      },
      hashUpTo: hashOf,
      bytesBefore: position => Number(String(position).split(' ')[0]) * BYTES,
      close: async () => undefined,
    }
  }

  /** What isn't on record of the files as it should be. `whole`: all was read. */
  unrecorded(plan: Plan, ledger: MemoryLedger, whole: boolean): readonly string[] {
    const entries = ledger.entries_kept.flatMap(each => (each.kind === 'run' ? [each.draft.entry] : []))
    const last = entries.findLast(each => each.k === 'commit')
    return plan.nodes.flatMap(({ kind, name, number }) => {
      if (kind !== 'source') return []
      const counts = this.#counts.get(name) ?? []
      const files = entries.flatMap(each => (each.k === 'file' && each.source === number ? [each] : []))
      const records = last?.cursors.find(({ source }) => source === number)?.records ?? 0
      const said = files.map(each => [each.file, each.from, each.done, each.records, each.bytes].join())
      const should = files.map(({ done, records: of }, i) => {
        const before = sum(counts.slice(0, i))
        const read = done ? counts[i] : of
        return [i + 1, before + 1, done, read, (read ?? 0) * BYTES].join()
      })
      const problems: string[] = []
      if (said.join(' ') !== should.join(' '))
        problems.push(`files of ${name}: ${said.join(' ')}, not ${should.join(' ')}`)
      if (sum(files.map(each => each.records)) !== records)
        problems.push(`I4: files of ${name} don’t add up to ${records}`)
      if (whole && files.filter(({ done }) => done).length !== counts.length)
        problems.push(`of ${counts.length} files of ${name} ${files.length} are on record`)
      return problems
    })
  }

  #countsOf({ name, values }: SourceModel): readonly number[] {
    const known = this.#counts.get(name)
    if (known !== undefined) return known
    const counts: number[] = []
    for (let left = values.length; left > 0 || this.#random.chance(0.3); ) {
      const count = this.#random.chance(0.25) ? 0 : Math.min(left, this.#random.between(1, 6))
      counts.push(count)
      left -= count
    }
    this.#counts.set(name, counts)
    return counts
  }
}

const sum = (counts: readonly number[]) => counts.reduce((all, each) => all + each, 0)
const endOf = (counts: readonly number[], file: number) => `${sum(counts.slice(0, file + 1))} end ${file}`
const hashOf = (position: Json) => Buffer.from(String(position)).toString('hex').padStart(64, '0')

const tell = ({ records, bytes, sha256 }: FileRead) => [records, bytes, sha256].join()

function readOf(counts: readonly number[], file: number): FileRead {
  const records = counts[file] ?? 0
  return { records, bytes: records * BYTES, sha256: hashOf(endOf(counts, file)) }
}

function itemsBehind(
  from: ResumePoint | null,
  counts: readonly number[],
  records: readonly SourceRecord[],
): readonly SourceItem[] {
  const items: SourceItem[] = []
  let next = from?.records ?? 0
  for (let file = from?.files?.length ?? 0; file < counts.length; file++) {
    const end = sum(counts.slice(0, file + 1))
    items.push(...records.slice(next, end))
    next = end
    items.push({ kind: 'end_of_file', bytes: (counts[file] ?? 0) * BYTES, position: endOf(counts, file) })
  }
  return items
}
