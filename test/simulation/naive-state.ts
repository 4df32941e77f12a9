/** What the interpreter keeps in mind, and what becomes of rows that fail. */
import { type CoalesceModel, placeOf, type Target } from './model.ts'
import type { Data } from './naive-rows.ts'
import type { Passage } from './naive-rules.ts'

/** One time that a fork was passed. */
export interface Forking {
  readonly fork: string
  readonly data: Data
  readonly groups: Map<string, Group>
}
export interface Carried {
  readonly forking: Forking
  readonly branch: string
}
export interface Group {
  readonly arrived: { readonly branch: string; readonly instance: Instance }[]
  readonly lost: Set<string>
  /** null while it waits. */
  verdict: string | null
}

/**
 * The end, on the stack, of all that comes from a branch with forks inside, for a group that expects it; or, without a branch, of all that
 * comes from a fork, where members of groups that failed go on.
 */
export interface Mark {
  readonly forking: Forking
  readonly coalesce: string
  readonly branch: string | null
}

export interface Instance {
  readonly path: string
  data: Data
  at: Target
  passage: Passage
  /** Outermost first. */
  carried: readonly Carried[]
  /** At a coalesce, with a group of this fork. */
  failed?: Forking
}

export const MESSAGES: { readonly [code: string]: string } = {
  SIM_REJECTED: 'refused',
  SIM_GATE: 'broken',
  SIM_BATCH: 'broken',
  SIM_DOWN: 'no',
  SIM_REFUSED: 'no',
  SIM_BUSY: 'busy',
  SIM_HASTY: 'hasty',
}

/** The data with what it met where it stands; what it met before is kept in that. */
export function failedAt({ data, at }: Instance, code: string, n = 0, message = MESSAGES[code]): Data {
  const error = { code, node: placeOf(at).name, message: message ?? `n is ${n}` }
  return { ...data, _error: data._error === undefined ? error : { ...error, previous: data._error } }
}

export function groupOf(forking: Forking, node: CoalesceModel): Group {
  const group = forking.groups.get(node.name) ?? { arrived: [], lost: new Set<string>(), verdict: null }
  forking.groups.set(node.name, group)
  return group
}

/** Why members of a group failed: the cause, or what they disagreed about. */
export type Reason = string | { readonly conflict: string; readonly branches: readonly string[] }

export const LATE = 'late'

const GROUP_MESSAGES: { readonly [reason: string]: string } = {
  late: 'the group had merged before',
  branch_lost: 'a branch that is required can’t arrive any more',
  quorum_not_met: 'too few branches can still arrive',
  merge_conflict: 'branches wrote different values to one field',
}

/** The row of a member of a group that failed. */
export function failedIn({ data }: Instance, at: CoalesceModel, branch: string, cause: string, reason: Reason): Data {
  const { name: node, branches } = at
  const select_missing = `branch \`${branches[0]}\` is not among those that arrived`
  const error =
    typeof reason === 'string'
      ? { code: cause.toUpperCase(), node, message: GROUP_MESSAGES[reason] ?? select_missing, branch }
      : {
          code: cause.toUpperCase(),
          node,
          field: reason.conflict,
          message: `field \`${reason.conflict}\` was written differently by ${reason.branches.join(' and ')}`,
          branch,
        }
  return { ...data, _error: data._error === undefined ? error : { ...error, previous: data._error } }
}

/** What is born of an instance, in no fork's frame. */
export function childrenOf({ path }: Instance, rows: readonly Data[], at: Target): Instance[] {
  return rows.map((data, i) => ({ path: `${path}.${i}`, data, at, passage: { kind: 'flow' }, carried: [] }))
}
