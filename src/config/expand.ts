/** Expands variables in the text values of a tree. Keys, and names of variables in `{secret: NAME}`, stay as they are. */
import { parseDocument } from 'yaml'
import type { Problems } from './problems.ts'
import type { MapEntry, ScalarTree, Tree } from './tree.ts'
import { secretName } from './tree.ts'
import type { Environment } from './variables.ts'
import { expand } from './variables.ts'

/** A tree with variables expanded. Problems: CUSTODY_VARIABLE_UNSET, CUSTODY_BAD_VALUE. */
export function expandTree(root: Tree, env: Environment, problems: Problems): Tree {
  const done = new Map<Tree, Tree>()
  const visit = (tree: Tree): Tree => {
    const before = done.get(tree)
    if (before !== undefined) return before
    const after = build(tree)
    done.set(tree, after)
    return after
  }
  const build = (tree: Tree): Tree => {
    if (tree.kind === 'scalar') return expandScalar(tree, env, problems)
    // `{secret: vault:app/${STAGE}#key}`: where it is kept may depend on where this runs.
    if (secretName(tree)?.includes(':') === false) return tree
    if (tree.kind === 'list') return { ...tree, items: tree.items.map(visit) }
    const entries = new Map<string, MapEntry>()
    for (const [key, entry] of tree.entries) entries.set(key, { ...entry, value: visit(entry.value) })
    return { ...tree, entries }
  }
  return visit(root)
}

function expandScalar(scalar: ScalarTree, env: Environment, problems: Problems): ScalarTree {
  if (typeof scalar.value !== 'string') return scalar
  const expansion = expand(scalar.value, env)
  if (expansion === null) return scalar
  for (const problem of expansion.problems) {
    if (problem.kind === 'unset') {
      const message = `the environment variable ${problem.name} is not set`
      problems.error('CUSTODY_VARIABLE_UNSET', scalar.at, message, `set it, or give a default: \${${problem.name}:-…}`)
    } else {
      const hint = 'write ${NAME} or ${NAME:-default}; $${ gives a literal ${'
      problems.error('CUSTODY_BAD_VALUE', scalar.at, '${ doesn’t begin a variable here', hint)
    }
  }
  return {
    ...scalar,
    value: expansion.text,
    unexpanded: { text: scalar.value, origins: expansion.origins },
    ...(scalar.style === 'plain' ? { typed: typedOf(expansion.text) } : {}),
    ...(expansion.problems.length > 0 ? { unset: true as const } : {}),
  }
}

/** What an unquoted scalar with this text would be; only numbers and booleans differ from the text itself. */
function typedOf(text: string): string | number | boolean {
  if (!/^[-+.\w]{1,64}$/.test(text)) return text
  const value: unknown = parseDocument(text, { schema: 'core', logLevel: 'silent' }).toJS()
  return (typeof value === 'number' && Number.isFinite(value)) || typeof value === 'boolean' ? value : text
}
