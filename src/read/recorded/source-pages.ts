/** By which answer of a service the records of a source came: the last one before them that it was given. */
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isObject } from '../../model/row.ts'
import { decodeRunEntry } from '../decode.ts'
import type { SourcePage } from '../explain/story.ts'
import { readable } from '../runs/damaged.ts'
import type { RecordPlace } from '../runs/input-files.ts'
import type { OpeningReader } from '../runs/opening-values.ts'
import { openingOf } from '../runs/run-log.ts'
import { callsOfSource, type LocatedCall } from './calls.ts'

type PagesReader = OpeningReader & Pick<LedgerReader, 'entries' | 'entriesOfRow' | 'entriesOfRun' | 'logOf' | 'payload'>

interface Answered {
  /** The first record that may be of it. */
  readonly from: number
  readonly call: LocatedCall
}

export class SourcePages {
  /** By name of the source, in order. */
  readonly #answers: ReadonlyMap<string, readonly Answered[]>

  private constructor(answers: ReadonlyMap<string, readonly Answered[]>) {
    this.#answers = answers
  }

  /**
   * Those of a run; of one that repeats another's rows those of the other. null if no source asks anybody. `until`: no later ones than
   * that record's.
   */
  static async of(reader: PagesReader, log: number, until: RecordPlace | null = null): Promise<SourcePages | null> {
    const { reruns, topology } = await openingOf(reader, log)
    const other = reruns === undefined ? null : await reader.logOf(reruns.run)
    if (other !== null) return await SourcePages.of(reader, other, until)
    const asking = topology.nodes.filter(({ kind, services = [] }) => kind === 'source' && services.length > 0)
    if (asking.length === 0 || (until !== null && !asking.some(({ name }) => name === until.source))) return null
    const answers = new Map<string, Answered[]>(asking.map(({ name }) => [name, []]))
    for await (const stored of reader.entriesOfRun(log)) {
      if (!stored.body.includes('"k":"calls"')) continue
      const { facts } = readable(log, () => decodeRunEntry(stored.seq, stored.body))
      if (facts.k !== 'calls') continue
      for (const call of callsOfSource(reader, log, topology, stored)) {
        const { source } = call.place
        if (until?.source === source && facts.from > until.index) return new SourcePages(answers)
        if (call.kind === 'answer') answers.get(source ?? '')?.push({ from: facts.from, call })
      }
    }
    return new SourcePages(answers)
  }

  async pageAt({ source, index }: RecordPlace): Promise<SourcePage | null> {
    const answers = this.#answers.get(source) ?? []
    const page = answers.findLastIndex(({ from }) => from <= index)
    const found = answers[page]
    if (found === undefined) return null
    const request = await found.call.request()
    const url = isObject(request) && typeof request.url === 'string' ? request.url : null
    return { page: page + 1, call: found.call.call, service: found.call.service, url }
  }
}
