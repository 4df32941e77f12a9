/** The form of keys that users choose, and which names may stand only once. */
import type { Problems } from './problems.ts'
import { type KeyForm, NAME, RESERVED_NAMES } from './shape.ts'
import { NAME_HINT } from './text-forms.ts'
import { type MapEntry, type MapTree, spanOf, type Tree, valueAt } from './tree.ts'

/** Problems: CUSTODY_BAD_NAME. */
export function checkMapKeys(map: MapTree, form: KeyForm, item: string, problems: Problems): void {
  for (const { key, key_at } of map.entries.values()) {
    if (form === 'name' || form === 'branch') {
      if (NAME.test(key) && !RESERVED_NAMES.includes(key)) continue
      problems.error('CUSTODY_BAD_NAME', key_at, `\`${key}\` isn’t a name for a ${item}`, NAME_HINT)
    } else if (form === 'label' && key === 'on_error') {
      const hint = 'on_error stands beside routes, not in them'
      problems.error('CUSTODY_BAD_NAME', key_at, 'a route can’t be labelled `on_error`', hint)
    } else if (key === '') {
      problems.error('CUSTODY_BAD_NAME', key_at, `the name of a ${item} is empty`)
    }
  }
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
