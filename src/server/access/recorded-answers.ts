/** Answers for one reader: without values, or with values and a line in the log for what they see, written before they see it. */
import { RunId, type Unsound } from '../../api/common.ts'
import type { Asked, Kind, Streamed } from '../../host/answers/asked.ts'
import type { AskOptions } from '../../host/answers/ledger-answers.ts'
import { rowsIn } from '../../host/answers/row-ranges.ts'
import { isUnsound } from '../../host/answers/unsound.ts'
import { unsoundness } from '../../host/checked-run.ts'
import type { Answering } from '../answering.ts'
import type { Verifications } from '../verifications.ts'
import { seesValues, type Who } from '../who.ts'
import type { AccessLog, Look } from './access-log.ts'

export interface RecordedPorts {
  readonly answers: Answering
  readonly log: AccessLog
  readonly verifications: Verifications
}

export class RecordedAnswers {
  private readonly ports: RecordedPorts
  private readonly who: Who

  constructor(ports: RecordedPorts, who: Who) {
    this.ports = ports
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
    const { answers, log, verifications } = this.ports
    const values = this.values && options.values !== false
    const ask = () => answers.ask(kind, params, { ...options, values })
    const answer = await (kind === 'verify' ? verifications.counted(this.who, ask) : ask())
    if (values) await log.record(this.who, looksIn({ kind, answer, params }))
    return answer
  }

  /** Whether its reader may have something verified now. @throws TooManyError */
  refuseOneVerificationTooMany(): void {
    this.ports.verifications.refuseOneTooMany(this.who)
  }

  /** An export, in pieces: which rows one has is recorded before it is given on. */
  async *exported(params: Streamed['export'], signal: AbortSignal): AsyncGenerator<string> {
    const { answers, log } = this.ports
    try {
      for await (const { run, rows, text } of answers.stream('export', params, { signal, values: true })) {
        await log.record(this.who, [{ what: 'export', run, rows }])
        yield text
      }
    } catch (error) {
      // The sentence in which it fails goes out, too.
      if (unsoundness(error) !== null) await log.record(this.who, [problemsOf(params)])
      throw error
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
  if (isUnsound(answer)) return [problemsOf(params)]
  switch (kind) {
    case 'runs':
      return answer.runs.flatMap(each => ('problem' in each ? [problemsOf(each)] : []))
    case 'run':
      return looksAtStops(answer.run, answer.stopped === null ? [] : [answer.stopped])
    case 'limits':
      return looksAtStops(answer.run, answer.interruptions)
    case 'verify':
      return problemsIn(answer).length === 0 ? [] : [problemsOf(params)]
    case 'evidence':
      return answer.problems.length === 0 ? [] : [problemsOf({})]
    case 'row':
      return looksAtStory(answer)
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
    case 'counts':
    case 'splits':
    case 'calls':
    case 'index':
    case 'docs':
    // For who reads a ledger in the same process: it has no shape that is sent.
    case 'story':
      return []
  }
}

/** Why a run stopped, in words that may be made of what a row has. */
function looksAtStops(run: string, stops: ReadonlyArray<{ readonly message: string | null }>): readonly Look[] {
  return stops.some(({ message }) => message !== null) ? [{ what: 'run', run, rows: [] }] : []
}

function looksAtStory(answer: Exclude<Asked['row']['answer'], Unsound>): readonly Look[] {
  const { onward = [], repeats = [], reruns = [], values_of = [] } = answer
  const own = [answer, ...onward, ...repeats, ...reruns].flatMap(({ run, row }) =>
    row === null ? [] : [{ run, rows: [row] }],
  )
  const others = values_of.flatMap(({ run, rows, and_more }) => [
    ...(rows.length === 0 ? [] : [{ run, rows: rowsIn(rows) }]),
    ...(and_more ? [{ run, rows: [] }] : []),
  ])
  const looks = [...own, ...others]
  // Of a batch that has no member yet, or none that is known.
  return (looks.length === 0 ? [{ run: answer.run, rows: [] }] : looks).map(each => ({ what: 'row', ...each }))
}

/** Of a run by its id; by another name it isn't known here which one it was. */
function problemsOf(params: object): Look {
  const run = 'run' in params ? RunId.safeParse(params.run).data : undefined
  return { what: 'problems', run: run ?? null, rows: [] }
}

function problemsIn({ runs, ledger }: Asked['verify']['answer']): readonly string[] {
  return [...runs.flatMap(each => each.checks), ...ledger.checks].flatMap(({ problems }) => problems)
}
