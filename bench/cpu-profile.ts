/** Sums up a CPU profile of V8. */
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stageOf } from './stages.ts'

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

interface Profile {
  readonly nodes: readonly ProfileNode[]
  /** Ids of nodes. */
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

/** Self time in microseconds, largest first. */
export type Shares = ReadonlyArray<readonly [what: string, self_us: number]>

export interface ProfileSummary {
  readonly total_us: number
  readonly functions: Shares
  readonly modules: Shares
  readonly stages: Shares
}

const ROOT = join(import.meta.dirname, '..')
const OTHER = 'other'

export function summariseProfile(path: string): ProfileSummary {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, 'utf8')) as Profile
  const self_us = new Map<number, number>()
  for (const [i, id] of samples.entries()) self_us.set(id, (self_us.get(id) ?? 0) + (timeDeltas[i] ?? 0))
  const by_id = new Map(nodes.map(node => [node.id, node]))
  const functions = new Map<string, number>()
  const modules = new Map<string, number>()
  const stages = new Map<string, number>()
  const add = (to: Map<string, number>, what: string, us: number) => to.set(what, (to.get(what) ?? 0) + us)
  const open: Array<readonly [id: number, stage: string]> = [[nodes[0]?.id ?? 0, OTHER]]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const node = by_id.get(next[0])
    if (node === undefined) continue
    const { functionName, url, lineNumber } = node.callFrame
    const module = moduleOf(url)
    const name = functionName === '' ? '(anonymous)' : functionName
    const stage = stageOf({ name, module }, next[1])
    const us = self_us.get(node.id) ?? 0
    add(functions, `${name}  ${module === '' ? '' : `${module}:${lineNumber + 1}`}`, us)
    add(modules, module === '' ? name : module, us)
    add(stages, stage, us)
    for (const child of node.children ?? []) open.push([child, stage])
  }
  const total_us = timeDeltas.reduce((sum, us) => sum + us, 0)
  return { total_us, functions: sorted(functions), modules: sorted(modules), stages: sorted(stages) }
}

function moduleOf(url: string): string {
  if (!url.startsWith('file:')) return url
  return relative(ROOT, fileURLToPath(url))
}

function sorted(shares: ReadonlyMap<string, number>): Shares {
  return [...shares].filter(([, us]) => us > 0).sort(([, a], [, b]) => b - a)
}
