/** Runs rows of a finished run again, on its pipeline or a changed one. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { RerunValue } from '../format/run-values.ts'
import { openLedgerReader } from '../ledger/open-reader.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { CustodyError } from '../model/error.ts'
import { counted } from '../model/number-text.ts'
import type { Plan } from '../plan/plan.ts'
import type { ChosenRows } from '../read/recorded/repeats.ts'
import { planOf } from '../read/runs/opening-values.ts'
import { rerunsOf } from '../read/runs/reruns.ts'
import { openingOf } from '../read/runs/run-log.ts'
import type { Placed } from '../sdk/spec.ts'
import { type CheckedRun, checkedRun } from './checked-run.ts'
import { type Repeating, repeating } from './chosen-rows.ts'
import { compilePipeline } from './compile.ts'
import { mustHaveKeyOf } from './key-place.ts'
import { optionOf } from './option-of.ts'
import { pipelineOnRecord } from './pipeline-on-record.ts'
import type { HostPorts } from './ports.ts'
import { type Started, type StartObserver, startRun } from './start.ts'
import { uncut } from './unsplit.ts'

export interface RerunRequest {
  /** URL of the ledger that has the run, and gets the new one. */
  readonly url: string
  /** Whose rows: its id, a unique beginning of one, or `latest`. */
  readonly name: string
  readonly chosen: RerunValue
  /** The changed pipeline's file; null: the run's own, which must be as it was. */
  readonly pipeline: string | null
  /** As `--set` takes them. */
  readonly sets: readonly string[]
  /** Files beside the old ones, or the old ones. */
  readonly outputs: Placed['kind']
  readonly strict: boolean
}

export interface RerunObserver extends StartObserver {
  /** Which rows are run again, and which are left out. */
  onChosen(rows: ChosenRows): void
}

export type RerunResult =
  /** No row fits. */
  | { readonly kind: 'nothing'; readonly rows: ChosenRows }
  | (Started & { readonly kind: 'run'; readonly rows: ChosenRows; readonly plan: Plan })

/** @throws CustodyError if the run couldn't begin; UnsoundRecord; DiagnosticsError. */
export async function rerunRows(
  request: RerunRequest,
  ports: HostPorts,
  observer: RerunObserver,
): Promise<RerunResult> {
  const { url, name, chosen, strict } = request
  const inner = await openLedgerReader(url)
  try {
    const found = await checkedRun(ports.env, inner, name, observer)
    await mustHaveKeyOf(inner, found.log, found.run)
    const repeated = await repeating(found.reader, found, chosen)
    const { repeats: rows } = repeated
    const plan = uncut(await planFor(found, request, ports, observer))
    refuseLostSources(plan, repeated)
    observer.onChosen(rows)
    if (rows.rows.size === 0) return { kind: 'nothing', rows }
    const placed: Placed = request.outputs === 'append' ? { kind: 'append' } : await numbered(inner, found.run, plan)
    const start = { plan, url, before_url: url, limit: Number.POSITIVE_INFINITY, dry_run: false, kept: true, strict }
    const again = { kind: 'rerun', ...repeated, placed } as const
    const started = await startRun(
      { ...start, outputs_folder: null, encrypted_like: await inner.encryptedWith(found.log) },
      again,
      ports,
      observer,
    )
    return { kind: 'run', ...started, rows, plan }
  } finally {
    await inner.close()
  }
}

/** The plan of `pipeline`, or of the run's own file, which must be as it was. */
async function planFor(
  { reader, log }: CheckedRun,
  { pipeline, sets }: RerunRequest,
  { env }: HostPorts,
  observer: RerunObserver,
): Promise<Plan> {
  const onWarnings: RerunObserver['onWarnings'] = checked => observer.onWarnings(checked)
  if (pipeline !== null) return compilePipeline(env, pipeline, sets, onWarnings)
  const opening = await openingOf(reader, log)
  const { file, name, sets: before } = pipelineOnRecord(await planOf(reader, log))
  const plan = await compilePipeline(env, file, [...before, ...sets], onWarnings)
  if (plan.hash === opening.plan_hash || sets.length > 0) return plan
  throw new CustodyError('CUSTODY_PLAN_CHANGED', 'the pipeline isn’t the one that the run began with', {
    where: { file: name },
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

/** The first number for which none of the files is there. */
async function numbered(reader: LedgerReader, run: string, plan: Plan): Promise<Placed> {
  const paths = plan.nodes.flatMap(node => {
    const path = node.kind === 'sink' ? optionOf(plan, node.name, 'path') : undefined
    return typeof path === 'string' && path !== '-' ? [resolve(plan.folder, path)] : []
  })
  for (let number = (await rerunsOf(reader, run)).length + 1; ; number++)
    if (!paths.some(path => existsSync(`${path}.rerun-${number}`))) return { kind: 'numbered', number }
}
