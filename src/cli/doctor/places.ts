/**
 * What `custody doctor FILE` finds of the places that a pipeline reads from and writes to: each is asked as a run asks it before it begins.
 *
 * PLACES-1. Nothing is written, made or kept, neither there nor here.
 * PLACES-2. One place doesn't hide another: each is asked by itself, all at once, and for a limited time.
 */
import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Created } from '../../engine/nodes/created.ts'
import { FilesInUse } from '../../engine/nodes/sink/files-in-use.ts'
import { prepareSinks } from '../../engine/nodes/sink/sink-set.ts'
import { createSources, prepareSource } from '../../engine/nodes/source/open-sources.ts'
import { type CheckedPipeline, planToLookAt } from '../../host/compile.ts'
import { ledgerUrl } from '../../host/ledger.ts'
import { stagingFolder } from '../../host/spill-folder.ts'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { uuidv7 } from '../../model/uuid.ts'
import type { Plan, SinkNode, SourceNode } from '../../plan/plan.ts'
import type { SourceHead } from '../../sdk/spec.ts'
import type { Context } from '../context.ts'
import { counted } from '../render/text.ts'
import type { Finding } from './findings.ts'

/** What a place may take to answer: longer than any connection may, unless a pipeline says so. */
const MOST_MS = 20_000
/** Columns that are named. */
const MOST_COLUMNS = 12

/** What is wrong with the file, and what a run would be. */
export async function pipelineIn(context: Context, file: string, sets: readonly string[]): Promise<CheckedPipeline> {
  return planToLookAt(context.env, file, sets)
}

export function pipelineFindings({ plan, diagnostics }: CheckedPipeline): Finding[] {
  const found = diagnostics.map(({ file, line, column, severity, code, message, hint }): Finding => {
    const state = severity === 'error' ? 'fail' : 'warn'
    return { name: 'pipeline', state, code, message: `${file}:${line}:${column}: ${message}`, hint }
  })
  if (plan !== null) found.push({ name: 'pipeline', state: 'ok', message: `${plan.name} is sound` })
  return found
}

/** Of each source and each sink, in the order of the file. */
export async function placeFindings(plan: Plan, ledger_url: string): Promise<Finding[]> {
  const found = plan.nodes.map(node => {
    if (node.kind === 'source') return looked(node.name, 'source', () => sourceFinding(plan, node))
    return node.kind === 'sink' ? looked(node.name, 'sink', () => sinkFinding(plan, node, ledger_url)) : null
  })
  return (await Promise.all(found)).filter(each => each !== null)
}

export const ledgerOf = (context: Context, plan: Plan, given: { readonly ledger?: string }): string =>
  ledgerUrl(context, given, { url: plan.ledger_url, folder: plan.folder })

async function looked(node: string, what: string, look: () => Promise<string>): Promise<Finding> {
  const name = `${what} ${node}`
  const timer = new AbortController()
  try {
    const late = sleep(MOST_MS, null, { signal: timer.signal }).then(() => {
      throw new CustodyError(what === 'source' ? 'CUSTODY_SOURCE' : 'CUSTODY_SINK', `no answer in ${MOST_MS / 1000} s`)
    })
    return { name, state: 'ok', message: await Promise.race([look(), late]) }
  } catch (error) {
    if (!isCustodyError(error)) throw error
    const { code, message, hint } = error
    return { name, state: 'fail', code, message, hint }
  } finally {
    timer.abort()
  }
}

async function sourceFinding(plan: Plan, node: SourceNode): Promise<string> {
  const { spec, options } = node.plugin
  const created = new Created()
  try {
    const [opened] = await createSources({ ...plan, nodes: [node] }, null, created, null)
    if (opened === undefined) throw new TypeError(`no source ${node.name}`)
    const { source, files } = opened
    const services = spec.services?.(options) ?? []
    if (services.length > 0) return `isn’t asked before it is read: ${services.join(', ')}`
    await prepareSource(opened)
    const of = files === null ? '' : `, ${counted(files.length, 'file')}`
    if (!spec.rereadable(options) || ((await source.awaits?.(null)) ?? null) !== null)
      return `${spec.name}${of}: what it has comes when it is read`
    const head = (await source.begin?.()) ?? null
    return head === null ? `${spec.name}${of}` : `${spec.name}${of}: ${headText(head)}`
  } finally {
    await created.close()
  }
}

function headText({ input, columns }: SourceHead): string {
  if (columns === null) return input
  const names = columns.map(({ header }) => header)
  const more = names.length > MOST_COLUMNS ? `, and ${names.length - MOST_COLUMNS} more` : ''
  return `${input} has ${names.slice(0, MOST_COLUMNS).join(', ')}${more}`
}

async function sinkFinding(plan: Plan, node: SinkNode, ledger_url: string): Promise<string> {
  const { spec } = node.plugin
  const sinks = await prepareSinks(
    { ...plan, nodes: [node] },
    {
      run: uuidv7(Date.now(), randomBytes(10)),
      dry_run: false,
      folder: plan.folder,
      originalNames: () => ({}),
      placed: null,
      in_use: new FilesInUse(),
      staging: stagingFolder(ledger_url),
    },
  )
  try {
    const [{ intent } = { intent: null }] = sinks.all
    const sender = sinks.outbound.get(node.number)
    if (sender !== undefined)
      return sender.sink.prepare === undefined
        ? `${spec.name}: isn’t asked before rows are sent`
        : `${spec.name}: takes rows`
    const path = intent?.path ?? null
    if (path === null) return spec.name
    if (!isAbsolute(path)) return `${spec.name}: ${path} (${intent?.mode}); whether it may be written shows when it is`
    mayWrite(node.name, path)
    return `${spec.name}: ${path} (${intent?.mode})`
  } finally {
    await sinks.close()
  }
}

/** Folders that aren't there are made by the run. @throws CustodyError CUSTODY_SINK */
function mayWrite(node: string, path: string): void {
  let folder = dirname(path)
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder)
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new CustodyError('CUSTODY_SINK', `${folder} can’t be written to`, { where: { node }, cause })
  }
}
