/** How functions are written for people: `string.substring(int, int) → string`. */
import { nearestNames } from '../../model/nearest.ts'
import type { Type } from '../types.ts'
import { ALL_FUNCTIONS } from './index.ts'
import type { FunctionSpec, Overload } from './spec.ts'

/** One for each way to call it. */
export function signaturesOf(spec: FunctionSpec): readonly string[] {
  return spec.signatures ?? spec.overloads.map(each => signatureOf(spec, each))
}

function signatureOf({ name, form, parameters }: FunctionSpec, { takes, gives }: Overload): string {
  const rest = (form === 'method' ? takes.slice(1) : takes).map((kind, i) => {
    const parameter = parameters?.[i]
    return parameter === undefined ? kind : `${parameter}: ${kind}`
  })
  return `${form === 'method' ? `${takes[0]}.` : ''}${name}(${rest.join(', ')}) → ${typeText(gives)}`
}

function typeText({ kind, of }: Type): string {
  return (kind === 'list' || kind === 'optional') && of !== undefined && of.kind !== 'any'
    ? `${kind}(${typeText(of)})`
    : kind
}

/** Those of this name; where there are none, those of this name in a name space: `abs` is `math.abs`. */
export function functionsNamed(name: string): readonly FunctionSpec[] {
  const wanted = name.replace(/^\./, '').replace(/\(.*\)$/, '')
  const exact = ALL_FUNCTIONS.filter(spec => spec.name === wanted)
  return exact.length > 0 ? exact : ALL_FUNCTIONS.filter(spec => spec.name.endsWith(`.${wanted}`))
}

export const nearestFunction = (name: string): string | undefined =>
  nearestNames(
    name,
    ALL_FUNCTIONS.map(spec => spec.name),
  )[0]
