/**
 * Forks and coalesces: which branches' rows can be where, and what follows for each coalesce.
 *
 * A fork pushes a frame (its branch), a coalesce goes back to what was outside its fork, everything else keeps it; rows
 * that an expansion or a batch makes carry none. So the stack of frames at a node is known by its possible tops and, for
 * each branch, by what can lie below it: the tops at its fork.
 */
import { nearestHint } from '../config/nearest.ts'
import type { CoalesceConfig } from '../config/pipeline.ts'
import type { Draft, DraftEdge, DraftNode } from './draft.ts'
import { firstLoss } from './losses.ts'
import type { ResolvedPlugin } from './plugins.ts'
import type { Report } from './report.ts'
import { twinsAt } from './twins.ts'

/** No frame. */
const NONE = ''

export class Branches {
  /** The fork of each branch. */
  readonly #forks = new Map<string, DraftNode>()
  readonly #tops = new Map<DraftNode, ReadonlySet<string>>()
  readonly #draft: Draft
  readonly #plugins: ReadonlyMap<DraftNode, ResolvedPlugin>

  /** `order`: each node behind all that lead to it. */
  constructor(draft: Draft, order: readonly DraftNode[], plugins: ReadonlyMap<DraftNode, ResolvedPlugin>) {
    this.#draft = draft
    this.#plugins = plugins
    for (const node of draft.nodes) {
      if (node.config.kind !== 'fork') continue
      for (const { branch } of node.config.branches) if (!this.#forks.has(branch)) this.#forks.set(branch, node)
    }
    for (const node of order) {
      const into = draft.into(node)
      const tops = new Set(node.kind === 'source' ? [NONE] : into.flatMap(edge => [...this.#topsOn(edge)]))
      this.#tops.set(node, tops)
    }
  }

  get names(): readonly string[] {
    return [...this.#forks.keys()]
  }

  forkOf(branch: string): DraftNode | undefined {
    return this.#forks.get(branch)
  }

  /** The fork whose branches a coalesce joins: that of the first branch there is. */
  forkOfCoalesce(config: CoalesceConfig): DraftNode | undefined {
    return config.branches.map(branch => this.#forks.get(branch)).find(fork => fork !== undefined)
  }

  #topsOn(edge: DraftEdge): ReadonlySet<string> {
    const { from, kind } = edge
    if (from.kind === 'join') return this.#topsBehindJoin(edge)
    const tops = this.#tops.get(from) ?? new Set()
    if (kind === 'branch') return new Set([edge.label])
    if (kind === 'on_invalid' || kind === 'on_error') return tops
    const { config } = from
    switch (config.kind) {
      case 'transform': {
        const spec = this.#plugins.get(from)?.spec
        return spec?.kind === 'transform' && spec.cardinality === 'many' ? new Set([...tops, NONE]) : tops
      }
      case 'aggregate':
        return config.output === 'transform' ? new Set([NONE]) : tops
      case 'coalesce': {
        const fork = this.forkOfCoalesce(config)
        return (fork === undefined ? undefined : this.#tops.get(fork)) ?? new Set([NONE])
      }
      default:
        return tops
    }
  }

  /** What matches becomes new rows; others go on as they came, and only left ones fail. */
  #topsBehindJoin({ from, label }: DraftEdge): ReadonlySet<string> {
    if (label === 'matched') return new Set([NONE])
    const side = label === 'right' ? 'right' : 'left'
    const ways = this.#draft.into(from).filter(edge => edge.side === side)
    return new Set(ways.flatMap(edge => [...this.#topsOn(edge)]))
  }

  /** Frames that a stack with one of these tops can hold, down to those of `stop`; NONE if a stack can hold no such. */
  #frames(tops: Iterable<string>, stop: (branch: string) => boolean): ReadonlySet<string> {
    const seen = new Set(tops)
    for (const branch of seen) {
      if (branch === NONE || stop(branch)) continue
      const fork = this.#forks.get(branch)
      for (const below of (fork && this.#tops.get(fork)) ?? []) seen.add(below)
    }
    return seen
  }

  /** Whether rows of a branch can go along an edge. */
  brings(edge: DraftEdge, branch: string): boolean {
    return this.#frames(this.#topsOn(edge), each => each === branch).has(branch)
  }

  /** `complete`: no edge is missing. Problems: CUSTODY_BRANCH_UNKNOWN, …_FORKS, …_UNREACHABLE, …_STRAY, …_TWICE, …_MAY_BE_LOST, CUSTODY_DEPENDS_ON_TIMING. */
  check(node: DraftNode, complete: boolean, report: Report): void {
    if (node.config.kind !== 'coalesce' || !this.#tops.has(node)) return
    const { config } = node
    const fork = this.forkOfCoalesce(config)
    const path = [...node.path, 'coalesce']
    let sound = true
    const refuse = (
      code: 'CUSTODY_BRANCH_UNKNOWN' | 'CUSTODY_BRANCH_FORKS' | 'CUSTODY_BRANCH_UNREACHABLE',
      branch: string,
      message: string,
      hint?: string,
    ) => {
      sound = false
      report.error(code, [...path, branch], message, { hint })
    }
    const frames = this.#frames(this.#tops.get(node) ?? [], branch => config.branches.includes(branch))
    for (const branch of config.branches) {
      const own = this.#forks.get(branch)
      if (own === undefined) {
        refuse(
          'CUSTODY_BRANCH_UNKNOWN',
          branch,
          `no fork has a branch \`${branch}\``,
          nearestHint(branch, this.names, 'branches are'),
        )
      } else if (own !== fork) {
        const message = `\`${branch}\` is a branch of \`${own.name}\`, the others are of \`${fork?.name}\``
        refuse('CUSTODY_BRANCH_FORKS', branch, message, 'a coalesce joins branches of one fork')
      } else if (!frames.has(branch) && complete) {
        const hint =
          this.#draft.into(node).length === 0 ? 'nothing leads to it' : 'lead it there, or take it from the list'
        refuse(
          'CUSTODY_BRANCH_UNREACHABLE',
          branch,
          `rows of branch \`${branch}\` never come to \`${node.name}\``,
          hint,
        )
      }
    }
    if (!sound || !complete || fork === undefined) return
    this.#checkArrivals(node, config, frames, report)
    this.#warnOfLosses(node, config, report)
    warnOfTiming(node, config, report)
  }

  #checkArrivals(node: DraftNode, config: CoalesceConfig, frames: ReadonlySet<string>, report: Report): void {
    if (frames.has(NONE)) {
      const stray = this.#draft
        .into(node)
        .find(edge => this.#frames(this.#topsOn(edge), each => config.branches.includes(each)).has(NONE))
      const message = `rows that are on none of its branches can come to \`${node.name}\`${stray === undefined ? '' : `, from \`${stray.from.name}\``}`
      const hint = 'lead only its branches there; rows that an expansion or a batch made are on no branch'
      report.error('CUSTODY_BRANCH_STRAY', stray?.path ?? node.path, message, { hint })
    }
    const inner = [...frames].filter(branch => branch !== NONE && !config.branches.includes(branch))
    const twins = twinsAt(this.#draft, node, inner, this)
    if (twins === null) return
    const message = `${twins.one} and ${twins.other}, which \`${twins.fork}\` made of one row, can both come to \`${node.name}\``
    report.error('CUSTODY_BRANCH_TWICE', [...node.path, 'coalesce'], message, {
      hint: `join the branches of ${twins.fork} before`,
    })
  }

  #warnOfLosses(node: DraftNode, config: CoalesceConfig, report: Report): void {
    const all = config.policy.kind === 'quorum' && config.policy.quorum === config.branches.length
    if (config.policy.kind !== 'require_all' && !all) return
    for (const branch of config.branches) {
      const loss = firstLoss(this.#draft, node, branch, this)
      if (loss === null) continue
      const message = `branch \`${branch}\` may be lost before \`${node.name}\`, which requires it: ${loss}`
      const hint = 'the other branches’ rows then fail; choose another policy if that isn’t meant'
      report.warning('CUSTODY_BRANCH_MAY_BE_LOST', [...node.path, 'coalesce', branch], message, { hint })
    }
  }

  spec(node: DraftNode) {
    return this.#plugins.get(node)?.spec
  }
}

/** If more branches come than are needed, the first ones are merged. */
function warnOfTiming({ name, path }: DraftNode, { policy, branches }: CoalesceConfig, report: Report): void {
  if (policy.kind !== 'quorum' || policy.decide === 'complete' || policy.quorum >= branches.length) return
  if (report.pipeline.faulty === true) return
  const message = `which ${policy.quorum} of its ${branches.length} branches \`${name}\` merges depends on which come first; the others end as late`
  const hint = 'say decide: complete to wait for all of them'
  report.warning('CUSTODY_DEPENDS_ON_TIMING', [...path, 'quorum'], message, { hint })
}
