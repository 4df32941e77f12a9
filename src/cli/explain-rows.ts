/** Prints the whole stories of rows. */
import { setImmediate } from 'node:timers/promises'
import { explainedJson, findStory, type Subject } from '../host/answers/explained-row.ts'
import { checkedRun, unsoundness } from '../host/checked-run.ts'
import type { Sight } from '../host/seen-ledger.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import { idText } from '../model/part-ids.ts'
import type { RunReader } from '../read/evidence/run-reader.ts'
import { explainWhere } from '../read/explain/explain.ts'
import { storyJson } from '../read/explain/json.ts'
import type { Story } from '../read/explain/story.ts'
import type { NamedRow } from '../read/recorded/named-row.ts'
import { rowText } from './arguments.ts'
import { checkLine, runNamed, unsoundText } from './checked.ts'
import type { Context } from './context.ts'
import { type LedgerOptions, reading } from './ledger-access.ts'
import { renderExplained } from './render/explained.ts'
import type { StoryView } from './render/steps.ts'
import { renderStory } from './render/story.ts'
import { counted } from './render/text.ts'

export interface ExplainOptions extends LedgerOptions {
  readonly row?: NamedRow
  readonly token?: number
  readonly where?: string
  readonly values?: boolean
  readonly json?: boolean
}

/** Returns the exit code. */
export function printStories(context: Context, run: string, options: ExplainOptions): Promise<0 | 1> {
  return reading(context, options, (reader, { sight }) => explain(context, { inner: reader, sight }, run, options))
}

async function explain(
  context: Context,
  { inner, sight }: { readonly inner: LedgerReader; readonly sight: Sight },
  name: string,
  options: ExplainOptions,
): Promise<0 | 1> {
  mustChooseOne(context, options)
  const { row, token, where, json = false } = options
  const { terminal } = context
  let shown = 0
  try {
    if (where !== undefined) {
      const { reader, log } = await checkedRun(context.env, inner, name, checkLine(terminal))
      await explainAll(context, reader, log, options, () => shown++)
    } else {
      const subject: Subject = row !== undefined ? { row } : { token: token ?? 0 }
      const found = await findStory(context.env, inner, name, subject, checkLine(terminal))
      if (json) terminal.answerJson(explainedJson(found, sight))
      else terminal.answer(renderExplained(found, viewOf(context, options)))
    }
    return 0
  } catch (error) {
    const problems = unsoundness(error)
    if (problems === null) throw error
    const unsound = {
      run: name,
      row: typeof row === 'number' ? row : null,
      source: null,
      tokens: [],
      holds: false,
      problems,
    }
    const what =
      row !== undefined ? `Row ${rowText(row)} of ` : token !== undefined ? `Token ${idText(token)} of ` : 'Rows of '
    if (json) terminal.answerJson(where === undefined ? unsound : [unsound])
    else {
      const text = unsoundText(context, `${what}${runNamed(name)}`, name, problems, shown)
      terminal.answer(shown === 0 ? text : `\n${text}`)
    }
    return 1
  }
}

function mustChooseOne(context: Context, { row, token, where }: ExplainOptions): void {
  const chosen = [row, token, where].filter(each => each !== undefined).length
  if (chosen === 1) return
  throw new CustodyError(
    'CUSTODY_ARGUMENT',
    chosen === 0 ? 'a row to explain must be given' : 'only one of --row, --token and --where can be given',
    { hint: `As in: ${context.command} explain latest --row 17` },
  )
}

/** One story after the other as they are found; as JSON an array. Stops as soon as nobody reads any more. */
async function explainAll(
  context: Context,
  reader: RunReader,
  log: number,
  options: ExplainOptions,
  onShown: () => void,
): Promise<void> {
  const { terminal } = context
  const { where = '', json = false } = options
  const [{ rowPredicate }, { searchRows }] = await Promise.all([
    import('../host/row-predicate.ts'),
    import('../host/row-search.ts'),
  ])
  const predicate = rowPredicate(where)
  const stories: Story[] = []
  let found = 0
  for await (const story of explainWhere(reader, log, searchRows(reader, log, where, predicate))) {
    // Reading and printing leave the process no time to notice that nobody reads any more.
    await setImmediate()
    if (terminal.isClosed) return
    found++
    if (json) stories.push(story)
    else {
      terminal.answer(`${found > 1 ? '\n' : ''}${renderStory(story, viewOf(context, options))}`)
      onShown()
    }
  }
  if (json) terminal.answerJson(stories.map(each => ({ ...storyJson(each), holds: true })))
  else if (found > 0) terminal.report(`\n${counted(found, 'row fits', 'rows fit')}.`)
  else
    terminal.report(
      predicate.trouble === null
        ? 'No row fits.'
        : `No row fits: the expression is an error for each row, as in: ${predicate.trouble}`,
    )
}

function viewOf({ terminal, cwd }: Context, { values = false }: ExplainOptions): StoryView {
  return { columns: terminal.columns, paint: terminal.paint, cwd, numbers: values }
}
