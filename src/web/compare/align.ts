/** Two stories put side by side: the same token of the same row, and its steps by their nodes. */
import type { Story, TokenStory, VisitStory } from '../../read/explain/story.ts'
import { isSame } from '../row/values.ts'

export interface Pair<T> {
  readonly old: T | null
  readonly new: T | null
}

export interface AlignedToken extends Pair<TokenStory> {
  /** `first`, `part 2`: how it was born, from the row on; empty for the row itself. */
  readonly name: string
  readonly steps: readonly AlignedStep[]
  /** Whether it ended otherwise. */
  readonly ended_otherwise: boolean
}

export interface AlignedStep extends Pair<VisitStory> {
  readonly differs: boolean
}

export function alignedStories(old: Story, now: Story): readonly AlignedToken[] {
  const [before, after] = [named(old), named(now)]
  const names = [...new Set([...before.keys(), ...after.keys()])]
  return names.map(name => {
    const pair = { old: before.get(name) ?? null, new: after.get(name) ?? null }
    return {
      ...pair,
      name,
      steps: alignedSteps(pair.old?.visits ?? [], pair.new?.visits ?? []),
      ended_otherwise: !isSame(endingOf(pair.old), endingOf(pair.new)),
    }
  })
}

const endingOf = (token: TokenStory | null) => {
  const ending = token?.ending ?? null
  return ending === null ? null : [ending.outcome, ending.cause, ending.sink, ending.error?.code ?? null]
}

/** Numbers of tokens differ between runs; where a token comes from doesn't. */
function named(story: Story): ReadonlyMap<string, TokenStory> {
  const names = new Map<number, string>()
  const tokens = new Map<string, TokenStory>()
  const take = ({ tokens: all, onward, subject }: Story) => {
    for (const token of all) {
      const parent = token.parents.map(each => names.get(each)).find(each => each !== undefined) ?? ''
      const own = ownName(token, subject.kind)
      const base = [parent, own].filter(each => each !== '').join(' › ')
      let name = base
      for (let i = 2; tokens.has(name); i++) name = `${base} (${i})`
      names.set(token.token, name)
      tokens.set(name, token)
    }
    for (const next of onward) take(next)
  }
  take(story)
  return tokens
}

function ownName({ branch, born_of }: TokenStory, subject: Story['subject']['kind']): string {
  if (branch !== null) return branch
  if (born_of === null) return ''
  if (born_of.kind === 'expand') return `part ${born_of.ordinal + 1}`
  return subject === 'batch' ? `batch at ${born_of.node}` : `${born_of.kind} at ${born_of.node}`
}

/** By the longest list of nodes that both have in this order. */
function alignedSteps(old: readonly VisitStory[], now: readonly VisitStory[]): readonly AlignedStep[] {
  const same = (i: number, j: number) => old[i]?.node === now[j]?.node
  const lengths = old.map(() => new Array<number>(now.length).fill(0))
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--) {
      const row = lengths[i]
      if (row !== undefined) row[j] = same(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  const steps: AlignedStep[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    const both = i < old.length && j < now.length && same(i, j)
    const only_old = !both && i < old.length && (j >= now.length || at(i + 1, j) >= at(i, j + 1))
    const step = { old: both || only_old ? (old[i] ?? null) : null, new: both || !only_old ? (now[j] ?? null) : null }
    steps.push({ ...step, differs: step.old === null || step.new === null || isOtherwise(step.old, step.new) })
    if (both || only_old) i++
    if (both || !only_old) j++
  }
  return steps
}

function isOtherwise(a: VisitStory, b: VisitStory): boolean {
  const facts = ({ status, data, changed, decision, error, left, calls }: VisitStory) => [
    ...[status, data, changed, error?.code ?? null, left?.to ?? null],
    ...[decision?.expression ?? null, decision?.label ?? null, decision?.values ?? null],
    calls.map(({ service, request, response }) => [service, request, response]),
  ]
  return !isSame(facts(a), facts(b))
}
