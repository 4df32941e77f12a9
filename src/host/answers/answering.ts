/** The answers by kind of question, made in the thread that answers. */
import { trustedKeys } from '../../ledger/keys/known-ledgers.ts'
import { ownVersion } from '../../model/own-file.ts'
import { indexReport } from '../../search/index/index-report.ts'
import { UNOBSERVED, unsoundness } from '../checked-run.ts'
import { usersPolicy } from '../witnessing/settings.ts'
import type { AnyQuestion } from './answer-messages.ts'
import type { Asked, Piece, Progress } from './asked.ts'
import { askedRow, askedSubject } from './asked-row.ts'
import { callsAnswer } from './calls.ts'
import { compareRuns, diffJson } from './compared-runs.ts'
import { runCounts } from './counts.ts'
import { docsAnswer } from './docs.ts'
import { errorsAnswer } from './errors.ts'
import { evidenceAnswer } from './evidence.ts'
import { explainedJson, findStory } from './explained-row.ts'
import { exportRows } from './exported-rows.ts'
import { limitsAnswer } from './limits.ts'
import { listedRuns } from './listed-runs.ts'
import type { Moment } from './moment.ts'
import { mustHaveValues } from './no-values.ts'
import { otherRowsIn } from './other-rows.ts'
import { planAnswer } from './plan.ts'
import { letterAround } from './row-letter.ts'
import { findProof } from './row-proof.ts'
import { rowsPage } from './rows.ts'
import { findShownRun, shownRunJson } from './shown-run.ts'
import { splitsPage } from './splits.ts'
import { verifyNamed } from './verified-ledger.ts'
import {
  diffWithoutValues,
  problemsWithoutValues,
  runWithoutValues,
  storyWithoutValues,
  verifiedWithoutValues,
} from './without-values.ts'

/** Takes what there is before the answer. */
export interface Teller {
  onProgress(progress: Progress): void
  /** The next piece is made when it is taken. */
  onPiece(piece: Piece): Promise<void>
}

/** These look at a ledger that is forked, too: they say so. */
const SEES_BY_ITSELF: ReadonlySet<AnyQuestion['kind']> = new Set<AnyQuestion['kind']>([
  'verify',
  'evidence',
  'index',
  'docs',
])

/** In the place of what can't be shown stands why. @throws CustodyError as the commands. */
export async function answer(moment: Moment, question: AnyQuestion, values: boolean, teller: Teller): Promise<unknown> {
  try {
    if (!SEES_BY_ITSELF.has(question.kind)) await moment.see()
    return await made(moment, question, values, teller)
  } catch (error) {
    const problems = unsoundness(error)
    if (problems === null) throw error
    return { holds: false, problems: values ? problems : problemsWithoutValues(problems) }
  }
}

async function made(moment: Moment, question: AnyQuestion, values: boolean, teller: Teller): Promise<unknown> {
  switch (question.kind) {
    case 'runs':
      return listedRuns(moment, question.params, values)
    case 'run':
      return shownRun(moment, question.params, values)
    case 'counts':
      return runCounts(moment, question.params.run)
    case 'plan':
      return planAnswer(moment, question.params.run, values)
    case 'errors':
      return errorsAnswer(moment, question.params.run, values)
    case 'calls':
      return callsAnswer(moment, question.params.run, values, teller)
    case 'limits':
      return limitsAnswer(moment, question.params.run, values)
    case 'splits':
      return splitsPage(moment, question.params)
    case 'evidence':
      return evidenceAnswer(moment, values)
    case 'rows':
      return rowsPage(moment, question.params, values)
    case 'row':
      return explainedRow(moment, question.params, values)
    case 'story':
      return storyOfRow(moment, question.params, values)
    case 'proof':
    case 'letter':
      return rowDocument(moment, question.params, question.kind, values)
    case 'diff':
      return comparedRuns(moment, question.params, values, teller)
    case 'verify':
      return verified(moment, question.params, values, teller)
    case 'export':
      return exportRows(moment, question.params, values, teller)
    case 'index': {
      const { reader, search } = moment
      return search.index === null ? null : indexReport(reader, search.index, question.params.runs)
    }
    case 'docs':
      return docsAnswer(question.params)
  }
}

async function shownRun({ reader, env, see }: Moment, { run }: Asked['run']['params'], values: boolean) {
  const sight = await see()
  const shown = shownRunJson(await findShownRun(env, reader, run, UNOBSERVED), sight)
  return values ? shown : runWithoutValues(shown)
}

async function explainedRow(
  { reader, env, see }: Moment,
  { run, ...subject }: Asked['row']['params'],
  values: boolean,
) {
  const sight = await see()
  const found = await findStory(env, reader, run, askedSubject(subject), UNOBSERVED)
  const story = explainedJson(found, sight)
  if (!values) return storyWithoutValues(story)
  const others = await otherRowsIn(found.reader, found)
  return others.length === 0 ? story : { ...story, values_of: others }
}

async function storyOfRow({ reader, env }: Moment, { run, ...subject }: Asked['story']['params'], values: boolean) {
  mustHaveValues('a story', values)
  const { reader: _, ...found } = await findStory(env, reader, run, askedSubject(subject), UNOBSERVED)
  return { ...found, holds: true as const }
}

async function rowDocument(
  { reader, env }: Moment,
  { run: name, row: asked }: Asked['proof']['params'],
  kind: 'proof' | 'letter',
  values: boolean,
) {
  mustHaveValues(`a ${kind}`, values)
  const options = { withhold: [], only_exact: false, include_shared: false }
  const found = await findProof(
    env,
    reader,
    { run: name, row: askedRow(asked), options, head: 'first_witnessed' },
    UNOBSERVED,
  )
  const { run, row, text } = found
  const file = `row-${row}-of-${run.slice(0, 8)}`
  return kind === 'proof'
    ? { run, row, file_name: `${file}.json`, media_type: 'application/json', text }
    : {
        run,
        row,
        file_name: `${file}.html`,
        media_type: 'text/html',
        text: await letterAround(env, ownVersion(), text),
      }
}

async function comparedRuns(
  { reader, env, see }: Moment,
  { key, list, list_by, ...names }: Asked['diff']['params'],
  values: boolean,
  { onProgress }: Teller,
) {
  // Which rows have the same key says something of their values, and so does how often one is there.
  if (key !== undefined) mustHaveValues('what rows are matched by', values)
  const report = ({ rows, of }: { readonly rows: number; readonly of: number }) =>
    onProgress({ run: names.new, entries: rows, of })
  const sight = await see()
  const fields = key === undefined ? null : typeof key === 'string' ? key.split(',') : key
  const request = { list, list_by, key: fields, onProgress: report, onKeys: report }
  const diff = diffJson(await compareRuns(env, reader, names, request, UNOBSERVED), sight)
  return values ? diff : diffWithoutValues(diff)
}

async function verified(
  { reader, env, remembered, see }: Moment,
  { run }: Asked['verify']['params'],
  values: boolean,
  { onProgress }: Teller,
) {
  const result = await verifyNamed(reader, run, {
    keys: trustedKeys(null, env),
    policy: usersPolicy(env),
    remembered,
    onProgress,
  })
  // What doesn't hold is remembered by nobody.
  if (result.ledger.ok) await see()
  return values ? result : verifiedWithoutValues(result)
}
