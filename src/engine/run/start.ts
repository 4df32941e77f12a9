/** Begins a run: finds out what it will touch, makes its first entry durable, and drives it. */
import { LEDGER_FORMAT, type RunEntry } from '../../format/entry.ts'
import type { FilesRead } from '../../format/files-read.ts'
import type { FileNames, NodeValues, OpeningValues } from '../../format/run-values.ts'
import { FIRST_EPOCH, type Ledger } from '../../ledger/write-port.ts'
import type { Json } from '../../model/row.ts'
import type { Placed, SinkIntent } from '../../sdk/spec.ts'
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
import { EntryValues } from '../record/run-values.ts'
import { filesRead } from './files-read.ts'
import { codeIn } from './plugin-code.ts'
import { driveSession, holdingsOf, type RunResult, type SessionRequest } from './session.ts'

export type { Progress, RunResult } from './session.ts'

export interface RunRequest extends SessionRequest {
  /** Records to read at most, as if input ended there; Infinity for all. */
  readonly limit: number
  readonly ledger: Ledger
  /** Version of this program, for the record. */
  readonly custody: string
  /** Writes no sink, and neither does the run when it is resumed. */
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
  /** Absolute folder for what is staged of outputs that are in no folder of this machine. */
  readonly staging?: string | undefined
}

/** @throws CustodyError if the run couldn't even begin: nothing was recorded or written then. */
export async function runPlan(request: RunRequest): Promise<RunResult> {
  const created = new Created()
  return created.closedOnFailure(() => begin(request, created))
}

async function begin(request: RunRequest, created: Created): Promise<RunResult> {
  const { plan, run } = request
  const repeats = request.repeats ?? null
  const { sources, sinks } = await prepareRun(request, created)
  // The ledger has the last word on when the run began, since its times never go back; no row is processed before it is open.
  let began_us: number | null = null
  const started_us = () => request.started_us ?? began_us ?? notBegun()
  const pools = created.add(await Pools.open(plan, started_us, request.strays))
  request.atPoint?.('before_open')
  const { values, entryAt } = await openingOf(request, { sources, sinks })
  const entry = entryAt(await request.ledger.time_us())
  const ledger = await request.ledger.openRun(run, { entry, first_value: values.first, values: values.drafts })
  began_us = Math.max(entry.t, ledger.began_us)
  request.atPoint?.('after_open')
  const readers = (ports: SourcePorts) => sources.map(source => new SourceReader(source, null, ports, repeats !== null))
  const opening_values = values.drafts.length
  const held = holdingsOf(request)
  const { limit } = request
  return driveSession({
    request,
    limit,
    ledger,
    epoch: FIRST_EPOCH,
    sinks,
    pools,
    held,
    readers,
    opening_values,
    from: null,
  })
}

/** What a run will read, and where it will write: nothing is touched yet. */
export interface PreparedRun {
  readonly sources: readonly ListedSource[]
  readonly sinks: SinkSet
}

/** @throws CustodyError of sources and sinks. */
export async function prepareRun(request: RunRequest, created: Created): Promise<PreparedRun> {
  const { plan, run, dry_run } = request
  const sources = await createSources(plan, request.repeats ?? null, created, request.files ?? null)
  for (const source of sources) await prepareSource(source)
  const sinks = await prepareSinks(plan, {
    run,
    dry_run,
    folder: request.outputs_folder ?? plan.folder,
    originalNames: () => originalNames(sources),
    placed: request.placed ?? null,
    staging: request.staging,
    in_use: addListed(sources, addFilesRead(plan, request.in_use ?? new FilesInUse())),
  })
  return { sources, sinks: created.add(sinks) }
}

/** Entry 0, with its values. */
export async function openingOf(request: RunRequest, { sources, sinks }: PreparedRun): Promise<Opened> {
  const { plan, contentOf } = request
  const read = contentOf === undefined ? new Map() : await filesRead(plan, contentOf)
  return opening(request, sinks, { listed: listedFiles(sources), read })
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

type Opening = Extract<RunEntry, { readonly k: 'open' }>

interface Opened {
  readonly values: EntryValues
  /** Its time is known when the ledger is open, which it isn't for a run that can't begin. */
  readonly entryAt: (t: number) => Opening
}

interface Files {
  /** How many files sources have, and their names, if some have lists of them. */
  readonly listed: ReturnType<typeof listedFiles>
  readonly read: FilesRead
}

function opening(request: RunRequest, sinks: SinkSet, files: Files): Opened {
  const { plan, run, custody, replays, repeats, codeOf } = request
  const { name, hash, topology, retention_us } = plan
  const values = new EntryValues(0)
  const entry: Omit<Opening, 't'> = {
    ...{ k: 'open', format: LEDGER_FORMAT, run, name, plan_hash: hash, topology, custody },
    plugins: codeIn(plan, codeOf),
    ...(replays === undefined ? {} : { replays }),
    ...(repeats === undefined ? {} : { reruns: { run: repeats.run, root: repeats.root } }),
    ...(files.listed === null ? {} : { files: files.listed.counts }),
    ...(retention_us === null ? {} : { retention_us }),
    ...(plan.splits === null ? {} : { splits: plan.splits.count }),
    values: openingValues(request, sinks, files, values),
  }
  return { values, entryAt: t => ({ ...entry, t }) }
}

function openingValues(
  { plan, limit, repeats }: RunRequest,
  { all }: SinkSet,
  { listed, read }: Files,
  values: EntryValues,
): OpeningValues {
  const { text, file, folder, set, fields, expressions, options, closes = {} } = plan.value
  const given = {
    ...(set === undefined ? {} : { set }),
    ...(Number.isFinite(limit) ? { limit } : {}),
    ...(repeats === undefined ? {} : { rerun: { ...repeats.chosen } }),
  }
  const intents = new Map(all.map(({ node, intent }) => [node.name, intent]))
  return {
    plan: values.add({ text, file }),
    folder: values.add(folder),
    ...values.numbered('arguments', Object.keys(given).length === 0 ? null : given),
    nodes: plan.topology.nodes.map(({ name }) => ({
      ...values.numbered('fields', own(fields, name)),
      // cast: they are made of JSON, though their interface doesn't say so.
      ...values.numbered('expressions', own(expressions, name) as unknown as Json),
      ...values.numbered('options', own(options, name)),
      ...values.numbered('reads', read.get(name) ?? null),
      ...values.numbered('closes', own(closes, name)),
      ...values.numbered('files', own(listed?.names ?? {}, name)),
      ...intended(intents.get(name) ?? null, values),
    })),
  }
}

/** A node may have the name of what all objects have. */
function own<T>(of: { readonly [node: string]: T }, name: string): T | null {
  return Object.hasOwn(of, name) ? (of[name] ?? null) : null
}

/** Where a sink writes is a value, what stands there another. */
function intended(intent: SinkIntent | null, values: EntryValues): Pick<NodeValues, 'path' | 'intent'> {
  if (intent === null) return {}
  const { path, staged, replaced = null, ...others } = intent
  return {
    ...values.numbered('path', path === null && staged === null ? null : { path, staged }),
    intent: values.add({ ...others, replaced }),
  }
}
