/** Adds a case made of a row on record to a test file. */
import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { loadTests } from '../config/tests/load.ts'
import { checkedRun } from '../host/checked-run.ts'
import { type CheckedPipeline, checkPipeline } from '../host/compile.ts'
import { DiagnosticsError } from '../host/diagnostics-error.ts'
import { ledgerUrl } from '../host/ledger.ts'
import { HostSecrets } from '../host/secrets.ts'
import { recordedCase } from '../host/testing/recorded-case.ts'
import { pipelineOf, testFileOf } from '../host/testing/test-pipeline.ts'
import { withCase } from '../host/testing/update.ts'
import { CustodyError } from '../model/error.ts'
import type { Row } from '../model/row.ts'
import type { Plan } from '../plan/plan.ts'
import { numberOfRow } from '../read/recorded/named-row.ts'
import { rowText } from './arguments.ts'
import { checkLine } from './checked.ts'
import type { Context } from './context.ts'
import { reading } from './ledger-access.ts'
import { printable, shortRun } from './render/text.ts'
import type { TestOptions } from './run-tests.ts'
import { writeText } from './write-text.ts'

/** Returns the exit code. @throws CustodyError if the row can't be given again, or isn't what was recorded. */
export async function addCase(context: Context, named: string, options: TestOptions): Promise<0> {
  const { terminal, cwd, env } = context
  const { from: name, row } = options
  if (name === undefined || row === undefined)
    throw new CustodyError('CUSTODY_ARGUMENT', `--from and --row go together`, {
      hint: `As in: ${context.command} test ${printable(named)} --from latest --row 17`,
    })
  const file = testFileOf(named)
  const path = resolve(cwd, file)
  const there = existsSync(path) ? await loadTests(path) : null
  if (there?.tests === null) throw new DiagnosticsError(there.diagnostics, there.texts, false)
  const checked = await checkPipeline(env, pipelineOf(path, there?.tests.content.pipeline), [])
  const { plan } = checked
  const given = options.ledger !== undefined || Boolean(env.CUSTODY_LEDGER)
  const url = given || plan === null ? null : await ledgerOf(checked, plan, context)
  const ledger = ledgerUrl(context, options, { url, folder: plan?.folder ?? cwd })
  const { test, run } = await reading(context, { ledger }, async inner => {
    const { reader, log, run: id } = await checkedRun(env, inner, name, checkLine(terminal))
    const test = await recordedCase(reader, log, await numberOfRow(reader, log, row))
    if (plan !== null) refuseOthers(plan, test, id)
    return { test, run: id }
  })
  if (there?.tests.content.cases.some(each => each.name === test.name) === true) {
    terminal.report(
      `row ${rowText(row)} of run ${shortRun(run)}… is a case of ${printable(file)} already; nothing was written`,
    )
    return 0
  }
  writeText(path, withCase(there?.tests.text ?? '', test))
  terminal.report(`row ${rowText(row)} of run ${shortRun(run)}… is a case of ${printable(file)} now`)
  return 0
}

/** The one that a pipeline names; null: none. @throws CustodyError with the codes of secrets */
async function ledgerOf({ secrets }: CheckedPipeline, plan: Plan, { env }: Context): Promise<string | null> {
  const named = secrets.find(({ path }) => path.join('.') === 'ledger.url')
  return named === undefined ? plan.ledger_url : new HostSecrets(env).value(named.name, plan.folder)
}

/** A case with rows of a source that the pipeline hasn't would make the whole test file one that can't be run. */
function refuseOthers({ file, nodes }: Plan, { rows }: Row, run: string): void {
  const sources = nodes.filter(each => each.kind === 'source').map(each => each.name)
  const unknown = Object.keys(rows ?? {}).find(each => !sources.includes(each))
  if (unknown === undefined) return
  throw new CustodyError(
    'CUSTODY_ARGUMENT',
    `run ${shortRun(run)}… is of another pipeline: ${printable(basename(file))} has no source \`${printable(unknown)}\``,
    { hint: 'Name a run of this pipeline, or the pipeline file of that run; nothing was written.' },
  )
}
