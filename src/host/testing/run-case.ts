/** Runs one case: the pipeline's plan with the case's rows and answers, through the engine, into a ledger that nobody keeps. */
import { randomBytes } from 'node:crypto'
import { relative, resolve } from 'node:path'
import type { TestCase } from '../../config/tests/format.ts'
import type { TestFile } from '../../config/tests/load.ts'
import { runPlan } from '../../engine/run/start.ts'
import { openLedgerReader } from '../../ledger/open-reader.ts'
import type { CustodyError } from '../../model/error.ts'
import type { Row } from '../../model/row.ts'
import { uuidv7 } from '../../model/uuid.ts'
import type { GuardsConfig, Plan, PlanNode } from '../../plan/plan.ts'
import { explainRow } from '../../read/explain/explain.ts'
import { findRun } from '../../read/runs/list.ts'
import { showRun } from '../../read/show/show.ts'
import type { NodeCounts } from '../../read/show/summary.ts'
import { hosting } from '../hosting.ts'
import { laterLedger } from '../later-ledger.ts'
import { ledgerPorts } from '../ledger-ports.ts'
import type { HostPorts, RunObserver } from '../ports.ts'
import { inTemporaryLedger } from '../temporary-ledger.ts'
import { Answers } from './answers.ts'
import { CaseClock } from './case-clock.ts'
import { givenSource, type KeptRow, keptSink } from './given.ts'
import { type ErrorResult, errorsBehind, type RowResult, resultOf } from './row-result.ts'

/** What a case came to. */
export interface CaseRun {
  readonly status: string
  /** Why the run stopped, if it did. */
  readonly error: CustodyError | null
  /** By sink, in order. */
  readonly sinks: ReadonlyMap<string, readonly Row[]>
  /** By file, in order: rows of sinks whose paths depend on the row. */
  readonly files: ReadonlyMap<string, readonly Row[]>
  /** In order of sources and records. */
  readonly rows: readonly RowResult[]
  /** All that were met, in the order of the rows; behind them those of what aggregates made, in the order of batches. */
  readonly errors: readonly ErrorResult[]
  readonly nodes: readonly NodeCounts[]
  /** Calls that have no answer, each as a sentence. */
  readonly unanswered: readonly string[]
  readonly unused: ReturnType<Answers['unused']>
}

/**
 * `plan`: of the pipeline, with what the case sets.
 * @throws CustodyError if the run couldn't begin.
 */
export function runCase(plan: Plan, test: TestCase, host: HostPorts, observer: RunObserver): Promise<CaseRun> {
  const clock = new CaseClock(Date.now() * 1000)
  const ports = { ...host, clock }
  const answers = new Answers(test.answers)
  const sinks = new Map<string, KeptRow[]>()
  const stood_in = standIn(plan, test, answers, sinks)
  const run = uuidv7(Math.floor(clock.now_us() / 1000), randomBytes(10))
  return inTemporaryLedger(async url => {
    const open = () => laterLedger(url, { ...ledgerPorts(ports.env, null), now_us: () => clock.now_us() }, true)
    const { summary, error } = await hosting(
      stood_in,
      ports,
      observer,
      { url: null, open },
      (ledger, { codeOf: _, ...hosted }) =>
        runPlan({
          ...hosted,
          ...(test.clock === undefined ? {} : { started_us: test.clock }),
          run,
          ledger,
          custody: ports.custody,
          limit: Number.POSITIVE_INFINITY,
          dry_run: false,
          strict: false,
        }),
    )
    const recorded = await read(url, run)
    const { missing: unanswered } = answers
    return { status: summary.status, error, ...keptIn(sinks), ...recorded, unanswered, unused: answers.unused() }
  })
}

function keptIn(all: ReadonlyMap<string, readonly KeptRow[]>): Pick<CaseRun, 'sinks' | 'files'> {
  const sinks = new Map([...all].map(([sink, kept]) => [sink, kept.map(({ row }) => row)] as const))
  const named = [...all.values()].flat().filter(({ file }) => file !== null)
  const files = Map.groupBy(named, ({ file }) => file ?? '')
  return { sinks, files: new Map([...files].map(([file, kept]) => [file, kept.map(({ row }) => row)])) }
}

const OFF: GuardsConfig = { rejected: { kind: 'off' }, failed: { kind: 'off' }, min_rows: { kind: 'off' } }

/** The plan with the outside replaced. Limits are those of the real one, and guards judge real amounts: a few rows of a test say nothing. */
function standIn(plan: Plan, test: TestCase, answers: Answers, sinks: Map<string, KeptRow[]>): Plan {
  const replaced = (node: PlanNode): PlanNode => {
    switch (node.kind) {
      case 'source': {
        if (test.files.has(node.name)) return { ...node, guards: OFF }
        const spec = givenSource(node.plugin.spec, test.rows.get(node.name) ?? [])
        return { ...node, guards: OFF, file: null, plugin: { ...node.plugin, spec } }
      }
      case 'sink': {
        const kept: KeptRow[] = []
        sinks.set(node.name, kept)
        return { ...node, plugin: { ...node.plugin, spec: keptSink(node.plugin.spec, kept) } }
      }
      case 'transform':
      case 'gate':
      case 'aggregate':
        return answers.of({ ...node, retry: { ...node.retry, backoff_ms: 0, max_backoff_ms: 0 } })
      default:
        return node
    }
  }
  const services = new Map(
    [...plan.limits.services].map(([name, each]) => [name, { ...each, per_minute: null }] as const),
  )
  return {
    ...plan,
    nodes: plan.nodes.map(replaced),
    guards: OFF,
    // A few rows aren't cut.
    splits: null,
    limits: { ...plan.limits, services, spend_usd: null, file: null },
  }
}

async function read(url: string, run: string): Promise<Pick<CaseRun, 'rows' | 'errors' | 'nodes'>> {
  const reader = await openLedgerReader(url)
  try {
    const { log } = await findRun(reader, run)
    const { nodes, rows } = await showRun(reader, run, () => false)
    const results: RowResult[] = []
    const behind = new Map<number, readonly ErrorResult[]>()
    for (let row = 1; row <= rows.read; row++) {
      const story = await explainRow(reader, log, row)
      results.push(resultOf(story))
      for (const [batch, errors] of errorsBehind(story)) behind.set(batch, errors)
    }
    const batches = [...behind].sort(([a], [b]) => a - b)
    const errors = [...results.flatMap(each => each.errors), ...batches.flatMap(([, each]) => each)]
    return { rows: results, errors, nodes }
  } finally {
    await reader.close()
  }
}

/** `--set` arguments for what a case changes of the pipeline: files of sources first, from the pipeline's folder. */
export function setsOf({ folder }: TestFile, pipeline_folder: string, { files, set }: TestCase): readonly string[] {
  const paths = [...files].map(([source, file]) => {
    const path = relative(pipeline_folder, resolve(folder, file))
    return `sources.${source}.options.path=${JSON.stringify(path)}`
  })
  return [...paths, ...set]
}
