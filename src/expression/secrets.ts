/**
 * `secrets`, what an expression may use and never show: names with values that the pipeline keeps elsewhere. Only a function that
 * takes a secret reads one; no operator, conversion or result does.
 */
import type { ASTNode } from '@marcbachmann/cel-js'
import { nearestNames } from '../model/nearest.ts'
import type { Compilation, Compiled } from './compilation.ts'
import { Secret } from './secret.ts'
import { SECRET } from './types.ts'

export const SECRETS_HINT =
  'Name a secret in the option `secrets` of compute, as in `secrets: { key: { secret: NAME } }`, and use it as secrets.key.'

type Access = Extract<ASTNode, { op: '.' }>

/** `secrets.key`; null if that isn’t meant. */
export function compileSecret(c: Compilation, node: ASTNode): Compiled | null {
  if (node.op !== '.' || !isSecrets(c, node.args[0])) return null
  return secretNamed(c, node, node.args[1])
}

const isSecrets = (c: Compilation, node: ASTNode): boolean =>
  node.op === 'id' && node.args === 'secrets' && c.secrets !== null && c.variable('secrets') === undefined

function secretNamed(c: Compilation, node: Access, name: string): Compiled {
  const value = c.secrets?.get(name)
  if (value === undefined) {
    const names = [...(c.secrets?.keys() ?? [])]
    const [nearest] = nearestNames(name, names)
    const all = names.length === 0 ? 'There are none here.' : `There are: ${names.join(', ')}.`
    const hint = nearest === undefined ? all : `Did you mean ${nearest}? ${all}`
    return c.problem(node, 'CUSTODY_UNKNOWN_FIELD', `there is no secret ${name}`, hint)
  }
  c.secrets_used.add(name)
  const secret = new Secret(value ?? '')
  return { type: SECRET, run: () => secret }
}
