/** Begins a run: finds out what it will touch, makes its first entry durable, and drives it. */
import { type FileNames, LEDGER_FORMAT, type PlanValue, type RunEntry, type SinkIntents } from '../../format/entry.ts'
import type { Ledger } from '../../ledger/write-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import type { Placed } from '../../sdk/spec.ts'
import { Created } from '../nodes/created.ts'
import { Pools } from '../nodes/pool.ts'
import { addFilesRead, FilesInUse } from '../nodes/sink/files-in-use.ts'
import { prepareSinks, type SinkSet } from '../nodes/sink/sink-set.ts'
import {
  createSources,
  type ListedSource,
  listedFiles,
  originalNames,
  prepareSource,
} from '../nodes/source/open-sources.ts'
import { type SourcePorts, SourceReader } from '../nodes/source/source-reader.ts'
import { codeIn } from './plugin-code.ts'
import { driveSession, holdingsOf, type RunResult, type SessionRequest } from './session.ts'

export type { Progress, RunResult } from './session.ts'

export interface RunRequest extends SessionRequest {
  /** Records to read at most, as if input ended there; Infinity for all. */
  readonly limit: number
  readonly ledger: Ledger
  /** Version of this program, for the record. */
  readonly custody: string
  /** Writes no sink. The ledger should be a temporary one. */
  readonly dry_run: boolean
  /** Files that no sink may write to, beside those that the plan reads. */
  readonly in_use?: FilesInUse | undefined
  /** Files that sources read, by name of the source, instead of those that are there now: of the run that this one replays. */
  readonly files?: FileNames | undefined
  /** The run that `recordings` are of. */
  readonly replays?: string | undefined
  /** Where the files of a run that repeats rows of another go. */
  readonly placed?: Placed | undefined
  /** Absolute folder that relative paths of sinks start from, if it isn't the pipeline file's. */
  readonly outputs_folder?: string | undefined
}

/** @throws CustodyError if the run couldn't even begin: nothing was recorded or written then. */
export async function runPlan(request: RunRequest): Promise<RunResult> {
  const created = new Created()
  return created.closedOnFailure(() => begin(request, created))
}

async function begin(request: RunRequest, created: Created): Promise<RunResult> {
  const { plan, run, clock, dry_run } = request
  const repeats = request.repeats ?? null
  const sources = await createSources(plan, repeats, created, request.files ?? null)
  for (const source of sources) await prepareSource(source)
  const sinks = await prepareSinks(plan, {
    run,
    dry_run,
    folder: request.outputs_folder ?? plan.folder,
    originalNames: () => originalNames(sources),
    placed: request.placed ?? null,
    in_use: addListed(sources, addFilesRead(plan, request.in_use ?? new FilesInUse())),
  })
  created.add(sinks)
  // The ledger has the last word on when the run began, since its times never go back; no row is processed before it is open.
  let began_us: number | null = null
  const started_us = () => request.started_us ?? began_us ?? notBegun()
  const pools = created.add(await Pools.open(plan, started_us, request.strays))
  request.atPoint?.('before_open')
  const t = clock.wall_us()
  const files = listedFiles(sources)
  // cast: a plan's value is made of JSON, though its interfaces don't say so.
  const values = [planValue(request) as unknown as Json, intents(sinks), ...(files === null ? [] : [files.names])]
  const ledger = await request.ledger.openRun(run, {
    entry: { ...opening(request, t), ...(files === null ? {} : { files: files.counts }) },
    first_value: 1,
    values: values.map(value => ({ kind: 'full', text: canonicalize(value) })),
  })
  began_us = Math.max(t, ledger.began_us)
  request.atPoint?.('after_open')
  const readers = (ports: SourcePorts) => sources.map(source => new SourceReader(source, null, ports, repeats !== null))
  const opening_values = values.length
  const held = holdingsOf(request)
  const { limit } = request
  return driveSession({ request, limit, ledger, sinks, pools, held, readers, opening_values, from: null })
}

/** Files that sources read, and those that they would read the next time. */
function addListed(sources: readonly ListedSource[], in_use: FilesInUse): FilesInUse {
  for (const { node, listed } of sources) {
    for (const path of listed?.paths() ?? []) in_use.add(path, `which \`${node.name}\` reads`)
    in_use.addRule(path => listed?.matches?.(path) ?? null)
  }
  return in_use
}

function notBegun(): never {
  throw new TypeError('a row is processed, and the run hasn’t begun')
}

function opening(
  { plan, run, custody, replays, repeats, codeOf }: RunRequest,
  t: number,
): Extract<RunEntry, { readonly k: 'open' }> {
  const { name, hash, topology } = plan
  const replay = replays === undefined ? {} : { replays }
  const rerun = repeats === undefined ? {} : { reruns: { run: repeats.run, root: repeats.root } }
  const more = { plugins: codeIn(plan, codeOf), ...replay, ...rerun }
  return { k: 'open', format: LEDGER_FORMAT, run, name, plan_hash: hash, topology, custody, ...more, t }
}

function planValue({ plan, limit, repeats }: RunRequest): PlanValue {
  return {
    ...plan.value,
    ...(Number.isFinite(limit) ? { limit } : {}),
    ...(repeats === undefined ? {} : { rerun: repeats.chosen }),
  }
}

function intents({ all }: SinkSet): SinkIntents {
  return Object.fromEntries(
    all.map(({ node, intent }) => [node.name, { ...intent, replaced: intent.replaced ?? null }]),
  )
}
