/** The finished run whose rows a re-run repeats: whether it is there as it was, and each repeated row is one of its. */
import type { OriginFact, RunEntry } from '../../format/entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { idText, numberOf, partOf } from '../../model/part-ids.ts'
import { decodeRunEntry, decodeSubjectEntry } from '../decode.ts'
import { headOf } from '../runs/run-log.ts'
import type { Check, Place } from './check.ts'
import type { Ways } from './ways.ts'

export type Reruns = NonNullable<Extract<RunEntry, { k: 'open' }>['reruns']>

export class RepeatedRun {
  readonly #reader: LedgerReader
  readonly #check: Check
  readonly #log: number
  readonly #sources: readonly string[]

  private constructor(reader: LedgerReader, check: Check, log: number, sources: readonly string[]) {
    this.#reader = reader
    this.#check = check
    this.#log = log
    this.#sources = sources
  }

  /** null, and a problem, if it isn't there. @throws DecodeError if its opening can't be read. */
  static async find(reader: LedgerReader, { run, root }: Reruns, check: Check): Promise<RepeatedRun | null> {
    const [listed] = await reader.logsBeginning(run, 1)
    const opened = listed?.run === run ? await reader.entry(listed.log, 0) : null
    if (listed === undefined || opened === null) {
      check.add(`it repeats rows of run ${run}, which isn't in this ledger`)
      return null
    }
    const head = await headOf(reader, listed.log)
    if (head?.root !== root)
      check.add(
        `it repeats rows of run ${run} as it was with the root ${root}; its root is ${head?.root ?? 'not there'}`,
      )
    const { facts } = decodeRunEntry(0, opened.body)
    const nodes = facts.k === 'open' ? facts.topology.nodes : []
    return new RepeatedRun(
      reader,
      check,
      listed.log,
      nodes.map(({ name }) => name),
    )
  }

  /** The row that is repeated has the same source, record and line. @throws DecodeError if its entry can't be read. */
  async take({ source, index, line, repeats }: OriginFact, where: Place, ways: Ways): Promise<void> {
    if (repeats === null) return
    const [first] = await this.#reader.entriesOfRow(this.#log + partOf(repeats), numberOf(repeats))
    const of = first === undefined ? null : decodeSubjectEntry(first.seq, first.body).origin
    if (of === null) this.#check.add(`${where}: it repeats row ${idText(repeats)}, which the other run hasn't got`)
    else if (this.#sources[of.source - 1] !== ways.name(source) || of.index !== index || of.line !== line)
      this.#check.add(
        `${where}: it isn't of the same record as row ${idText(repeats)} of the other run, which it repeats`,
      )
  }
}
