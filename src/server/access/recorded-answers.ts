/** Answers for one reader: without values, or with values and a line in the log for what they see, written before they see it. */
import type { Asked, Kind, Streamed } from '../../host/answers/asked.ts'
import type { AskOptions } from '../../host/answers/ledger-answers.ts'
import { isUnsound } from '../../host/answers/unsound.ts'
import type { Answering } from '../answering.ts'
import { seesValues, type Who } from '../who.ts'
import type { AccessLog, Look } from './access-log.ts'

export interface RecordedPorts {
  readonly answers: Answering
  readonly log: AccessLog
}

export class RecordedAnswers {
  private readonly answers: Answering
  private readonly log: AccessLog
  private readonly who: Who

  constructor({ answers, log }: RecordedPorts, who: Who) {
    this.answers = answers
    this.log = log
    this.who = who
  }

  /** Whether its reader sees values. */
  get values(): boolean {
    return seesValues(this.who)
  }

  /** `values: false` leaves them out for a reader who may see them, too. @throws CustodyError CUSTODY_ACCESS_LOG, and as the question does */
  async ask<K extends Kind>(
    kind: K,
    params: Asked[K]['params'],
    options: AskOptions = {},
  ): Promise<Asked[K]['answer']> {
    const values = this.values && options.values !== false
    const answer = await this.answers.ask(kind, params, { ...options, values })
    if (values) await this.log.record(this.who, looksIn({ kind, answer, params }))
    return answer
  }

  /** An export, in pieces: which rows one has is recorded before it is given on. */
  async *exported(params: Streamed['export'], signal: AbortSignal): AsyncGenerator<string> {
    for await (const { run, rows, text } of this.answers.stream('export', params, { signal, values: true })) {
      await this.log.record(this.who, [{ what: 'export', run, rows }])
      yield text
    }
  }
}

/** A question's kind with its answer. */
type Answered = {
  readonly [K in Kind]: { readonly kind: K; readonly answer: Asked[K]['answer']; readonly params: Asked[K]['params'] }
}[Kind]

/** Which rows' values an answer has. */
function looksIn(answered: {
  readonly kind: Kind
  readonly answer: unknown
  readonly params: unknown
}): readonly Look[] {
  // cast: `kind` is that of the question that was answered so.
  const { kind, answer, params } = answered as Answered
  if (isUnsound(answer)) return []
  switch (kind) {
    case 'row':
      return [answer, ...(answer.onward ?? []), ...(answer.repeats ?? []), ...(answer.reruns ?? [])].map(
        ({ run, row }) => ({ what: 'row', run, rows: row === null ? [] : [row] }),
      )
    case 'rows': {
      const rows = answer.rows.filter(({ data }) => data !== null).map(({ row }) => row)
      // How many rows have a value tells it, too, where none of them is shown.
      const by_value = [params.value, params.text, params.where].some(each => each !== undefined)
      return rows.length === 0 && !by_value ? [] : [{ what: 'rows', run: answer.run, rows }]
    }
    case 'errors': {
      const shown = answer.errors.flatMap(({ example }) => (example?.message == null ? [] : [example.row]))
      const rows = shown.filter(row => row !== null)
      return shown.length === 0 ? [] : [{ what: 'errors', run: answer.run, rows }]
    }
    case 'plan':
      return answer.text === null ? [] : [{ what: 'plan', run: answer.run, rows: [] }]
    case 'proof':
    case 'letter':
      return [{ what: kind, run: answer.run, rows: [answer.row] }]
    case 'diff':
      return (['old', 'new'] as const).flatMap((side): readonly Look[] => {
        // Of a key that several rows have the value is there, also where no difference is listed.
        const keyed = answer.key?.[side].repeated.examples.flatMap(({ rows }) => rows) ?? []
        const rows = [...answer.differences.map(({ row }) => row[side]), ...keyed]
        // Values of a batch are none of one row; and which keys are the same tells of all of them.
        const has_values = rows.length > 0 || answer.batches.differences.length > 0 || answer.key !== undefined
        return has_values ? [{ what: 'diff', run: answer[side], rows }] : []
      })
    case 'sql':
      return answer.rows.length === 0 ? [] : [{ what: 'sql', run: null, rows: [] }]
    default:
      return []
  }
}
