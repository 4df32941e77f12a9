/** Runs rows of a finished run again, on its pipeline or a changed one. */
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { signingKey } from '../ledger/keys.ts'
import { openLedgerReader } from '../ledger/open.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import type { Plan } from '../plan/plan.ts'
import type { ChosenRows } from '../read/recorded/repeats.ts'
import { rerunsOf } from '../read/runs/reruns.ts'
import { type Opening, openingOf, planOf } from '../read/runs/run-log.ts'
import type { Placed } from '../sdk/spec.ts'
import { checkedRun } from './checked.ts'
import type { Context } from './context.ts'
import { ledgerUrl } from './ledger-access.ts'
import { preparePlan } from './pipeline-access.ts'
import { counted, shortRun } from './render/text.ts'
import { type Repeating, repeating } from './repeating.ts'
import { type RunOptions, runInto } from './run-pipeline.ts'
import { optionOf } from './tell-run.ts'

export interface RerunOptions extends Pick<RunOptions, 'ledger' | 'set' | 'strict' | 'json'> {
  readonly where?: string
  readonly pipeline?: string
  readonly fresh?: boolean
  readonly includeWritten?: boolean
  readonly outputs: 'numbered' | 'append'
}

/** Of the rows that are left out, so many are named. */
const NAMED = 20

/** Returns the exit code. @throws CustodyError if the run couldn't begin. */
export async function rerunPipeline(context: Context, name: string, options: RerunOptions): Promise<number> {
  const url = ledgerUrl(context, options)
  const inner = await openLedgerReader(url)
  try {
    const { reader, ...found } = await checkedRun(context, inner, name)
    const opening = await openingOf(reader, found.log)
    const { where = null, includeWritten = false, fresh = false } = options
    const chosen = { where, include_written: includeWritten, fresh }
    const repeated = await repeating(reader, found, chosen)
    const plan = await planFor(context, reader, found.log, opening, options)
    refuseLostSources(plan, repeated)
    tellLeftOut(context, repeated, options)
    if (repeated.repeats.rows.size === 0) return tellNothing(context, repeated.repeats, options)
    const placed: Placed = options.outputs === 'append' ? { kind: 'append' } : await numbered(inner, found.run, plan)
    const { strict, json } = options
    const told = { ...(strict === undefined ? {} : { strict }), ...(json === undefined ? {} : { json }) }
    return await runInto({
      url,
      before_url: url,
      context,
      plan,
      options: told,
      replay: null,
      rerun: { ...repeated, placed },
    })
  } finally {
    await inner.close()
  }
}

/** Of `--pipeline`, or the run's own, which must be as it was. */
async function planFor(
  context: Context,
  reader: LedgerReader,
  log: number,
  opening: Opening,
  { pipeline, set = [] }: RerunOptions,
): Promise<Plan> {
  const signer = () => signingKey(context.env)
  if (pipeline !== undefined) return preparePlan(context, pipeline, set, signer)
  const value = await planOf(reader, log)
  if (value === null || value.folder === '')
    throw new CustodyError('CUSTODY_VERIFY_FAILED', 'the ledger no longer has the plan that the run began with')
  const file = join(value.folder, basename(value.file))
  const plan = await preparePlan(context, file, [...(value.set ?? []), ...set], signer)
  if (plan.hash === opening.plan_hash || set.length > 0) return plan
  throw new CustodyError('CUSTODY_PLAN_CHANGED', 'the pipeline isn’t the one that the run began with', {
    where: { file: value.file },
    hint: `To run the rows on the pipeline as it is now: --pipeline ${file}`,
  })
}

function refuseLostSources({ nodes }: Plan, { repeats }: Repeating): void {
  const there = new Set(nodes.flatMap(node => (node.kind === 'source' ? [node.name] : [])))
  for (const [source, rows] of repeats.rows)
    if (!there.has(source))
      throw new CustodyError(
        'CUSTODY_RERUN_SOURCE',
        `${counted(rows.length, 'row')} came from source \`${source}\`, and the pipeline has no source of that name`,
      )
}

function tellLeftOut({ terminal }: Context, { repeats: { left_out } }: Repeating, { json }: RerunOptions): void {
  if (left_out.length === 0 || json === true) return
  const named = left_out.slice(0, NAMED).join(', ')
  const more = left_out.length > NAMED ? ` and ${counted(left_out.length - NAMED, 'more')}` : ''
  terminal.tell(
    `left out: ${counted(left_out.length, 'row')} with a token in a sink already, or perhaps: ${named}${more}\n  with --include-written they are run again, too\n`,
  )
}

function tellNothing({ terminal }: Context, { run, left_out }: ChosenRows, { json, where }: RerunOptions): number {
  if (json === true) terminal.answerJson({ run: null, reruns: { run, rows: 0, left_out } })
  else terminal.tell(`nothing to run again: no row of run ${shortRun(run)}… ${where === undefined ? 'failed' : 'fits'}`)
  return 0
}

/** The first number for which none of the files is there. */
async function numbered(reader: LedgerReader, run: string, plan: Plan): Promise<Placed> {
  const paths = plan.nodes.flatMap(node => {
    const path = node.kind === 'sink' ? optionOf(plan, node.name, 'path') : undefined
    return typeof path === 'string' && path !== '-' ? [resolve(plan.folder, path)] : []
  })
  for (let number = (await rerunsOf(reader, run)).length + 1; ; number++)
    if (!paths.some(path => existsSync(`${path}.rerun-${number}`))) return { kind: 'numbered', number }
}
