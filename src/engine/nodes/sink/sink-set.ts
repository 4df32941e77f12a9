/**
 * The sinks of a run, created, before anything is written: where each will write, and what it has durably.
 *
 * SINK-SET-1. `prepareSinks` touches nothing.
 */
import { dirname } from 'node:path'
import type { SinkIntents } from '../../../format/run-values.ts'
import { CustodyError } from '../../../model/error.ts'
import type { Plan, SinkNode } from '../../../plan/plan.ts'
import type {
  Artifact,
  Discarded,
  OutboundSink,
  OutboundSinkSpec,
  Receipt,
  Rehearsal,
  SendBatch,
  Sink,
  SinkContext,
  SinkIntent,
} from '../../../sdk/spec.ts'
import { onRecord } from '../../record/on-record.ts'
import { Created } from '../created.ts'
import { FilesInUse } from './files-in-use.ts'
import { canMeet } from './path-patterns.ts'

export interface Output {
  readonly node: SinkNode
  readonly sink: Sink
  readonly intent: SinkIntent
  /** Of the last commit; null before the first. */
  receipt: Receipt | null
  /** What it published; null if that is nothing, or nothing yet. */
  artifacts: readonly Artifact[] | null
  /** Whether this process has opened it: nothing else is wound back. */
  opened: boolean
  /** Why it is left as it is, not written to any more and not published; null if it isn't. */
  left: CustodyError | null
  /** What became of it, where the run's output isn't wanted. */
  discarded: Discarded | null
}

/** What sends the rows of a sink that can't take back what it does. */
export interface Outbound {
  readonly sink: OutboundSink
  /** Whether a request may be sent twice. */
  readonly idempotent: boolean
  /** null: a request has one row. */
  readonly batch: SendBatch | null
  /** Whether one request at a time is under way, in order. */
  readonly sequential: boolean
  /** Whether the order of rows that are alike decides what remains of them. */
  readonly keyed: boolean
}

export interface SinksRequest {
  readonly run: string
  /** Which split writes; absent where the run as a whole does. */
  readonly part?: number
  /** Nothing is written. */
  readonly dry_run: boolean
  /** Absolute: relative paths start here. */
  readonly folder: string
  readonly originalNames: SinkContext['originalNames']
  readonly placed: SinkContext['placed']
  readonly in_use: FilesInUse
  /** Absolute folder for what is staged of outputs that are in no folder of this machine. */
  readonly staging?: string | undefined
}

/** All sinks of a run. */
export interface SinkSet {
  readonly all: readonly Output[]
  /** By node. */
  readonly outbound: ReadonlyMap<number, Outbound>
  /** For paths that rows name: what a file is that the run needs, or writes otherwise. */
  readonly inUse: (path: string) => string | null
  close(): Promise<void>
}

/** Of a run that only rehearses. It is on record, so that one that is resumed writes nothing either. */
const NOWHERE: SinkIntent = {
  path: null,
  mode: 'none',
  prior_bytes: 0,
  prior_sha256: null,
  staged: null,
  replaced: null,
}
/** Of a sink that sends. */
export const SENT: SinkIntent = { ...NOWHERE, mode: 'send' }
/** Of each sink, by name. */
export type Receipts = ReadonlyMap<string, Receipt>

/** Where each sink writes, and what it has durably. */
type Found = (node: SinkNode, sink: Sink) => Promise<{ readonly intent: SinkIntent; readonly receipt: Receipt | null }>

/**
 * Creates the sinks and finds out where they will write: never to a file of `in_use`, and never two to one.
 * @throws CustodyError of the sink, or CUSTODY_SAME_OUTPUT.
 */
export function prepareSinks(plan: Plan, request: SinksRequest): Promise<SinkSet> {
  const { dry_run, in_use } = request
  const written = new FilesInUse()
  const patterns = new Map<string, string>()
  return createAll(
    plan,
    request,
    () => dry_run,
    async ({ name }, sink) => {
      const intent = dry_run ? NOWHERE : await sink.prepare()
      if (intent.by_value === true && intent.path !== null) {
        refuseMeeting(name, intent.path, patterns)
        patterns.set(name, intent.path)
      }
      for (const path of [intent.path, intent.staged]) {
        if (path === null) continue
        const used = in_use.find(path)
        if (used !== null) throw sameOutput(name, `sink \`${name}\` would write to ${path}, ${used}`)
        const owner = written.find(path)
        if (owner !== null) throw sameOutput(name, `sinks ${owner} and \`${name}\` would both write ${path}`)
      }
      for (const path of [intent.path, intent.staged]) if (path !== null) written.add(path, `\`${name}\``)
      return { intent, receipt: null }
    },
  )
}

/** The sinks of a run that is resumed: where they write, and what they have durably, is known. */
export function restoreSinks(
  plan: Plan,
  request: Omit<SinksRequest, 'dry_run'>,
  intents: SinkIntents,
  receipts: Receipts,
): Promise<SinkSet> {
  const rehearses = (name: string) => intents[name]?.mode === NOWHERE.mode
  return createAll(plan, request, rehearses, async ({ name }) => ({
    intent: onRecord(intents[name], `path of sink ${name} in its first entry`),
    // None before the first commit.
    receipt: receipts.get(name) ?? null,
  }))
}

/** `rehearses`: whether the sink of that name writes nothing. */
async function createAll(
  plan: Plan,
  request: Omit<SinksRequest, 'dry_run'>,
  rehearses: (name: string) => boolean,
  find: Found,
): Promise<SinkSet> {
  const created = new Created()
  return created.closedOnFailure(async () => {
    const all: Output[] = []
    const outbound = new Map<number, Outbound>()
    const inUse = usedBy(request.in_use, all)
    for (const node of plan.nodes) {
      if (node.kind !== 'sink') continue
      const sink = rehearses(node.name)
        ? countingSink(NOWHERE, rehearsalOf(node, { ...contextOf(node, request), inUse }))
        : await create(node, { ...contextOf(node, request), inUse }, outbound, created)
      const found = await find(node, created.add(sink))
      all.push({ node, sink, ...found, artifacts: null, opened: false, left: null, discarded: null })
    }
    return { all, outbound, inUse, close: () => closeAll(all, outbound) }
  })
}

async function closeAll(all: readonly Output[], outbound: ReadonlyMap<number, Outbound>): Promise<void> {
  const senders = [...outbound.values()].map(async ({ sink }) => sink.close?.())
  const closed = await Promise.allSettled([...all.map(({ sink }) => sink.close()), ...senders])
  for (const each of closed) if (each.status === 'rejected') throw each.reason
}

/** What sends goes into `outbound`; the rows that it sent are counted like those that others write. */
async function create(
  node: SinkNode,
  context: SinkContext,
  outbound: Map<number, Outbound>,
  created: Created,
): Promise<Sink> {
  const { spec, options } = node.plugin
  if (spec.delivery !== 'outbound') return spec.create(options, context)
  const sends = await outboundOf(spec, options, context)
  const sink = created.add(sends.sink)
  outbound.set(node.number, sends)
  return { ...sentRows(), prepare: () => preparedToSend(sink) }
}

export async function outboundOf(spec: OutboundSinkSpec, options: unknown, context: SinkContext): Promise<Outbound> {
  const sink = await spec.create(options, context)
  return {
    sink,
    idempotent: spec.idempotent(options),
    batch: spec.batch?.(options) ?? null,
    sequential: spec.sequential?.(options) ?? false,
    keyed: (spec.key?.(options) ?? null) !== null,
  }
}

async function preparedToSend(sink: OutboundSink): Promise<SinkIntent> {
  await sink.prepare?.()
  return SENT
}

export function contextOf(node: SinkNode, request: Omit<SinksRequest, 'dry_run' | 'in_use'>): SinkContext {
  const { run, part, folder, originalNames, placed, staging } = request
  const { name, input, plugin } = node
  const { secrets } = plugin
  const context = { node: name, run, folder, input, secrets, originalNames, placed }
  return { ...context, ...(part === undefined ? {} : { part }), ...(staging === undefined ? {} : { staging }) }
}

function sameOutput(node: string, message: string): CustodyError {
  return new CustodyError('CUSTODY_SAME_OUTPUT', message, { where: { node } })
}

/** Which files of two sinks are one can't be left to the rows: what comes first at different sinks is a matter of time. */
function refuseMeeting(name: string, path: string, patterns: ReadonlyMap<string, string>): void {
  for (const [other, pattern] of patterns) {
    if (!canMeet(path, pattern)) continue
    throw new CustodyError(
      'CUSTODY_SAME_OUTPUT',
      `sinks \`${other}\` and \`${name}\` could write one file: the paths ${pattern} and ${path} differ only in values`,
      { where: { node: name }, hint: 'Give each a folder, or a beginning or end of its names, that is written out.' },
    )
  }
}

/** For paths that rows name: what a file is that the run needs, or that another sink writes. */
function usedBy(in_use: FilesInUse, all: readonly Output[]): (path: string) => string | null {
  let written: FilesInUse | null = null
  return path => {
    written ??= writtenBy(all)
    return in_use.find(path) ?? written.find(path)
  }
}

function writtenBy(all: readonly Output[]): FilesInUse {
  const written = new FilesInUse()
  for (const { node, intent } of all) {
    const { path } = intent
    if (path === null || intent.by_value === true) continue
    for (let each = dirname(path); each !== dirname(each); each = dirname(each))
      written.add(each, `that has to be a folder, for sink \`${node.name}\``)
  }
  for (const { node, intent } of all)
    for (const path of [intent.path, intent.staged])
      if (path !== null) written.add(path, `that sink \`${node.name}\` writes`)
  return written
}

function rehearsalOf({ plugin: { spec, options } }: SinkNode, context: SinkContext): Rehearsal | null {
  return spec.rehearse?.(options, context) ?? null
}

/** Counts the rows that a sink has sent. */
export function sentRows(): Sink {
  return countingSink(SENT, null)
}

/** Counts rows and keeps none: of `--dry-run`, and of sinks that send. `rehearsal`: says which would be refused; null: none. */
function countingSink(intent: SinkIntent, rehearsal: Rehearsal | null): Sink {
  let rows = 0
  const receipt = async (): Promise<Receipt> => ({ rows, bytes: 0, sha256: null, state: null })
  return {
    prepare: async () => intent,
    open: async (_intent, at) => {
      rows = at?.rows ?? 0
    },
    write: row => {
      const answer = rehearsal?.row(row)
      if (answer?.kind === 'error') return answer
      rows++
      return null
    },
    append: (_texts, count) => {
      rows += count
    },
    flush: receipt,
    finish: receipt,
    publish: async () => null,
    close: async () => undefined,
  }
}
