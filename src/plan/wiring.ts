/**
 * Every edge, with its target found. Problems: CUSTODY_UNKNOWN_TARGET, CUSTODY_BAD_TARGET, CUSTODY_ERROR_ROUTE_MISSING.
 */
import { nearest } from '../config/nearest.ts'
import type { ConfigPath } from '../config/pipeline.ts'
import type { Draft, DraftNode, EdgeKind } from './draft.ts'
import type { Report } from './report.ts'
import { readTarget, SIDES, type Target } from './target.ts'

export interface Wiring {
  /** Nodes that a misspelt target most likely means: they count as reached, so that one slip is reported once. */
  readonly meant: ReadonlySet<DraftNode>
  /** True: targets are missing or wrong in a way that leaves open what can be reached. */
  readonly uncertain: boolean
  /** Whether each edge has its target. */
  readonly complete: boolean
}

/** Adds the edges to the draft. */
export function wire(draft: Draft, report: Report): Wiring {
  const wirer = new Wirer(draft, report)
  for (const node of draft.nodes) wirer.wire(node)
  const uncertain = wirer.uncertain || draft.config.unreadable.length > 0
  return { meant: wirer.meant, uncertain, complete: !uncertain && !wirer.unknown }
}

class Wirer {
  readonly meant = new Set<DraftNode>()
  uncertain = false
  unknown = false
  readonly #draft: Draft
  readonly #report: Report

  constructor(draft: Draft, report: Report) {
    this.#draft = draft
    this.#report = report
  }

  wire(node: DraftNode): void {
    const { config, path } = node
    switch (config.kind) {
      case 'source':
        this.#edge(node, 'to', 'to', config.to, [...path, 'to'])
        return this.#fallback(node, 'on_invalid', config.on_invalid)
      case 'transform':
      case 'aggregate':
        this.#edge(node, 'to', 'to', config.to, [...path, 'to'])
        return this.#fallback(node, 'on_error', config.on_error)
      case 'gate':
        this.uncertain ||= config.routes.length === 0
        config.routes.forEach(({ label, to }, index) => {
          this.#edge(node, 'route', label, to, this.#routePath(node, label, index))
        })
        // One whose expression can't fail needs none: that shows when the types of rows are known.
        if (config.on_error === null && config.by.kind !== 'plugin') return
        return this.#fallback(node, 'on_error', config.on_error)
      case 'fork':
        this.uncertain ||= config.branches.length === 0
        for (const { branch, to } of config.branches) this.#edge(node, 'branch', branch, to, [...path, 'fork', branch])
        return
      case 'coalesce':
        this.#edge(node, 'to', 'to', config.to, [...path, 'to'])
        return this.#failed(node, config.on_error)
      case 'sort':
        return this.#edge(node, 'to', 'to', config.to, [...path, 'to'])
      case 'join':
        for (const { label, to } of config.routes) this.#edge(node, 'route', label, to, [...path, 'routes', label])
        return this.#fallback(node, 'on_error', config.on_error)
      case 'sink':
        return this.#fallback(node, 'on_error', config.on_error)
    }
  }

  #routePath(node: DraftNode, label: string, index: number): ConfigPath {
    if (node.config.kind !== 'gate' || node.config.by.kind !== 'cases') return [...node.path, 'routes', label]
    const last = node.config.by.cases[index]?.when === null
    return [...node.path, 'cases', index, last ? 'else' : 'to']
  }

  /** `on_error` or `on_invalid`, from the node or from `defaults`. */
  #fallback(node: DraftNode, kind: 'on_error' | 'on_invalid', target: string | null): void {
    if (target === null) {
      const message = `the file doesn’t say where rows of \`${node.name}\` go ${kind === 'on_error' ? 'after an error' : 'that can’t be read'}`
      const hint = `add ${kind}: a sink${kind === 'on_error' ? ', a node' : ''} or discard, here or in defaults`
      if (!this.#report.routeMissing(kind, node.path, { message, part: 'key', hint })) this.uncertain = true
      return
    }
    const own = [...node.path, kind]
    this.#edge(node, kind, kind, target, this.#report.pipeline.has(own) ? own : ['defaults', kind])
  }

  /** Where members of failed groups are written; nowhere if it is left out. */
  #failed(node: DraftNode, target: string | null): void {
    if (target === null) return
    const own = [...node.path, 'on_error']
    const given = this.#report.pipeline.has(own)
    const named = this.#draft.by_name.get(readTarget(target).name)
    if (target === 'discard' || named === undefined || named.kind === 'sink')
      return this.#edge(node, 'on_error', 'on_error', target, given ? own : ['defaults', 'on_error'])
    if (given)
      return this.#bad(own, `\`${target}\` is ${aKind(named)}; on_error of a coalesce leads to a sink or discard`)
    const message = `the file doesn’t say where rows of \`${node.name}\` go if their group fails: defaults.on_error names ${aKind(named)}`
    const hint = 'add on_error: a sink or discard'
    this.#report.routeMissing('on_error', node.path, { message, part: 'key', hint })
  }

  #edge(from: DraftNode, kind: EdgeKind, label: string, target: string, path: ConfigPath): void {
    const read = readTarget(target)
    const to = this.#target(kind, read, path)
    if (to === undefined) return
    this.#draft.addEdge({ kind, from, label, to, side: to?.kind === 'join' ? read.side : null, path })
  }

  /** The node, null for `discard`, undefined if there is none, which has been reported. */
  #target(kind: EdgeKind, target: Target, path: ConfigPath): DraftNode | null | undefined {
    const { text, name, side, port } = target
    if (text === 'discard') return null
    const node = this.#draft.by_name.get(name)
    if (name === '' || this.#draft.config.unreadable.includes(name)) this.uncertain = true
    else if (node === undefined) this.#unknown(kind, target, path)
    else if (node.kind === 'source') {
      this.#bad(path, `\`${name}\` is a source; rows come from it, none go to it`)
    } else if (kind === 'on_invalid' && node.kind !== 'sink') {
      this.#bad(path, `\`${name}\` is ${aKind(node)}; on_invalid leads to a sink or discard`)
    } else if (node.kind !== 'join' && port !== null) {
      this.#bad(path, `\`${name}\` is ${aKind(node)}; only joins have a left and a right side`, `write ${name}`)
    } else if (node.kind === 'join' && side === null) {
      this.#bad(path, ...noSide(target))
      this.meant.add(node)
    } else return node
    return undefined
  }

  #bad(path: ConfigPath, message: string, hint?: string): void {
    this.#report.error('CUSTODY_BAD_TARGET', path, message, { hint })
    this.unknown = true
  }

  #unknown(kind: EdgeKind, { text, name, side }: Target, path: ConfigPath): void {
    this.unknown = true
    const possible = this.#draft.nodes.filter(
      each => each.kind !== 'source' && (kind !== 'on_invalid' || each.kind === 'sink'),
    )
    const near = nearest(name, [...possible.map(each => each.name), 'discard'])
    const meant = near === null ? undefined : this.#draft.by_name.get(near)
    if (meant !== undefined) this.meant.add(meant)
    const names = possible.flatMap(each => (each.kind === 'join' ? sidesOf(each.name) : [each.name]))
    const list = `${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}, discard`
    const sided = meant?.kind === 'join' ? (side === null ? sidesOf(meant.name).join(' or ') : `${near}.${side}`) : near
    const hint = near === null ? `there are: ${list}` : `did you mean ${sided}?`
    const what = kind === 'on_invalid' ? 'isn’t a sink' : 'is neither a node nor a sink'
    this.#report.error('CUSTODY_UNKNOWN_TARGET', path, `\`${text}\` ${what}`, { hint })
  }
}

const aKind = ({ kind }: DraftNode) => `${kind === 'aggregate' ? 'an' : 'a'} ${kind}`
const sidesOf = (join: string) => SIDES.map(side => `${join}.${side}`)

/** Message and hint for a join that is named without its side, or with another than there is. */
function noSide({ name, port }: Target): readonly [message: string, hint: string] {
  if (port === null)
    return [
      `\`${name}\` is a join, and doesn’t say by which side rows come to it`,
      `write ${sidesOf(name).join(' or ')}`,
    ]
  const near = nearest(port, SIDES)
  const hint = near === null ? `write ${sidesOf(name).join(' or ')}` : `did you mean ${name}.${near}?`
  return [`a join has the sides left and right, not \`${port}\``, hint]
}
