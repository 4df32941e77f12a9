/**
 * What `custody doctor FILE` finds of the places that a pipeline reads from, asks and writes to: each is asked as a run asks it before it begins,
 * or whether it would answer.
 *
 * PLACES-1. No row is sent, and nothing stays, neither there nor here: what a store begins is given up.
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
import type { Plan, SinkNode, SourceNode, TransformNode } from '../../plan/plan.ts'
import type { Probed } from '../../sdk/probe.ts'
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

/** Of each source, each transform that asks somebody, and each sink, in the order of the file. */
export async function placeFindings(plan: Plan, ledger_url: string): Promise<Finding[]> {
  const found = plan.nodes.map(node => {
    switch (node.kind) {
      case 'source':
        return looked(node.name, 'source', signal => sourceFinding(plan, node, signal))
      case 'transform':
        if ((node.plugin.spec.services?.(node.plugin.options) ?? []).length === 0) return null
        return looked(node.name, 'transform', signal => transformFinding(plan, node, signal))
      case 'sink':
        return looked(node.name, 'sink', signal => sinkFinding(plan, node, ledger_url, signal))
      default:
        return null
    }
  })
  return (await Promise.all(found)).filter(each => each !== null)
}

export const ledgerOf = (context: Context, plan: Plan, given: { readonly ledger?: string }): string =>
  ledgerUrl(context, given, { url: plan.ledger_url, folder: plan.folder })

type What = 'source' | 'transform' | 'sink'
/** What no answer is. */
const LATE = { source: 'CUSTODY_SOURCE', transform: 'CUSTODY_SERVICE_DOWN', sink: 'CUSTODY_SINK' } as const

async function looked(node: string, what: What, look: (signal: AbortSignal) => Promise<Probed>): Promise<Finding> {
  const name = `${what} ${node}`
  const timer = new AbortController()
  const { signal } = timer
  try {
    const late = sleep(MOST_MS, null, { signal }).then(() => {
      throw new CustodyError(LATE[what], `no answer in ${MOST_MS / 1000} s`)
    })
    return { name, ...(await Promise.race([look(signal), late])) }
  } catch (error) {
    if (!isCustodyError(error)) throw error
    const { code, message, hint } = error
    return { name, state: 'fail', code, message, hint }
  } finally {
    timer.abort()
  }
}

const well = (message: string): Probed => ({ state: 'ok', message })

/** As a plugin says it, with its name before it. */
const of = ({ name }: { readonly name: string }, probed: Probed): Probed => ({
  ...probed,
  message: `${name}: ${probed.message}`,
})

async function sourceFinding(plan: Plan, node: SourceNode, signal: AbortSignal): Promise<Probed> {
  const { spec, options } = node.plugin
  const created = new Created()
  try {
    const [opened] = await createSources({ ...plan, nodes: [node] }, null, created, null)
    if (opened === undefined) throw new TypeError(`no source ${node.name}`)
    const { source, files } = opened
    if (source.probe !== undefined) return of(spec, await source.probe(signal))
    const services = spec.services?.(options) ?? []
    if (services.length > 0) return well(`isn’t asked before it is read: ${services.join(', ')}`)
    await prepareSource(opened)
    const has = files === null ? '' : `, ${counted(files.length, 'file')}`
    if (!spec.rereadable(options) || ((await source.awaits?.(null)) ?? null) !== null)
      return well(`${spec.name}${has}: what it has comes when it is read`)
    const head = (await source.begin?.()) ?? null
    return well(head === null ? `${spec.name}${has}` : `${spec.name}${has}: ${headText(head)}`)
  } finally {
    await created.close()
  }
}

async function transformFinding(plan: Plan, node: TransformNode, signal: AbortSignal): Promise<Probed> {
  const { spec, options, secrets } = node.plugin
  const created = new Created()
  try {
    const transform = created.add(
      await spec.create(options, { node: node.name, folder: plan.folder, input: node.input, secrets }),
    )
    if (!('probe' in transform) || transform.probe === undefined)
      return well(`isn’t asked before rows come: ${spec.services?.(options).join(', ')}`)
    return of(spec, await transform.probe(signal))
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

async function sinkFinding(plan: Plan, node: SinkNode, ledger_url: string, signal: AbortSignal): Promise<Probed> {
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
    const [output] = sinks.all
    const { sink } = sinks.outbound.get(node.number) ?? output ?? { sink: null }
    if (sink === null) throw new TypeError(`no sink ${node.name}`)
    if (sink.probe !== undefined) return of(spec, await sink.probe(signal))
    if (output === undefined)
      return well(
        sink.prepare === undefined ? `${spec.name}: isn’t asked before rows are sent` : `${spec.name}: takes rows`,
      )
    const { path, mode } = output.intent
    if (path === null) return well(spec.name)
    if (isAbsolute(path)) mayWrite(node.name, path)
    return well(`${spec.name}: ${path} (${mode})`)
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
