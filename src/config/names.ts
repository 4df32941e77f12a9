/** The form of keys that users choose, and which names may stand only once. */
import type { KeyForm, Refusal } from './part.ts'
import type { Problems } from './problems.ts'
import { type MapEntry, spanOf, type Tree, valueAt } from './tree.ts'

/** Names of sources, nodes, sinks and branches. `discard` and `else` are reserved for targets and labels. */
export const NAME = /^(?!(?:discard|else)$)[A-Za-z][A-Za-z0-9_-]*$/
export const NAME_HINT = 'names have letters, digits, _ and -, begin with a letter, and are neither discard nor else'

/** What the keys of a map look like. */
export const KEY_PATTERNS: { readonly [form in KeyForm]: RegExp } = {
  name: NAME,
  branch: NAME,
  label: /^(?!on_error$)[\s\S]/,
  any: /[\s\S]/,
}

/** Why `key` can't be a key of a map of `item`s; null if it can. */
export function refuseKey(key: string, form: KeyForm, item: string): Refusal | null {
  if (KEY_PATTERNS[form].test(key)) return null
  const bad = { code: 'CUSTODY_BAD_NAME', at: 'key' } as const
  if (form === 'name' || form === 'branch')
    return { ...bad, message: `\`${key}\` isn’t a name for a ${item}`, hint: NAME_HINT }
  if (key === '') return { ...bad, message: `the name of a ${item} is empty` }
  const hint = `${key} stands beside ${item}s, not in them`
  return { ...bad, message: `a ${item} can’t be labelled \`${key}\``, hint }
}

/** Names of sources, nodes and sinks, and of branches, must be unique. Problems: CUSTODY_DUPLICATE_NAME, …_BRANCH. */
export function checkUniqueNames(root: Tree, problems: Problems): void {
  const names = new Map<string, { what: string; entry: MapEntry }>()
  for (const [section, what] of [
    ['sources', 'source'],
    ['nodes', 'node'],
    ['sinks', 'sink'],
  ] as const) {
    for (const entry of entriesOf(valueAt(root, section))) {
      const first = names.get(entry.key)
      if (first === undefined) names.set(entry.key, { what, entry })
      else {
        const message = `${what} \`${entry.key}\` has the name of a ${first.what}, in line ${spanOf(first.entry.key_at).line}`
        problems.error('CUSTODY_DUPLICATE_NAME', entry.key_at, message)
      }
    }
  }
  checkBranches(root, problems)
}

function checkBranches(root: Tree, problems: Problems): void {
  const forks = new Map<string, string>()
  for (const node of entriesOf(valueAt(root, 'nodes'))) {
    const own = new Set<string>()
    for (const { name, at } of branchesOf(valueAt(node.value, 'fork'))) {
      const other = forks.get(name)
      if (other !== undefined && !own.has(name)) {
        const hint = `branch names are unique in a file; write { OTHER_NAME: ${name} }`
        problems.error('CUSTODY_DUPLICATE_BRANCH', at, `fork \`${other}\` has a branch \`${name}\` too`, hint)
      }
      own.add(name)
    }
    for (const name of own) if (!forks.has(name)) forks.set(name, node.key)
  }
}

function branchesOf(fork: Tree | undefined) {
  if (fork?.kind === 'map') return [...fork.entries.values()].map(each => ({ name: each.key, at: each.key_at }))
  if (fork?.kind !== 'list') return []
  return fork.items.flatMap(each => (each.kind === 'scalar' ? [{ name: String(each.value), at: each.at }] : []))
}

export function entriesOf(tree: Tree | undefined): readonly MapEntry[] {
  return tree?.kind === 'map' ? [...tree.entries.values()] : []
}
