/**
 * What one visit of a transform or a gate comes to, whatever the plugin: the only place that calls plugins for a row.
 * A plugin that throws, or returns something that it may not return, is a defect of the plugin, never an error of the row.
 */
import { CustodyError, isCustodyError } from '../model/error.ts'
import { isRow, type Row, withoutPrototypes } from '../model/row.ts'
import type { AggregateNode, GateNode, PlanEdge, TransformNode } from '../plan/plan.ts'
import type {
  Aggregate,
  BatchResult,
  Gate,
  GateResult,
  RowError,
  Transform,
  TransformResult,
  VisitContext,
} from '../sdk/spec.ts'

export type Step =
  | { readonly kind: 'leave'; readonly edge: PlanEdge; readonly row: Row }
  | { readonly kind: 'expand'; readonly edge: PlanEdge; readonly rows: readonly Row[] }
  | { readonly kind: 'filtered' }
  | RowError

/** Runs one visit. Throws (or rejects with) CUSTODY_PLUGIN_DEFECT, nothing else. */
export type Visit = (row: Row, context: VisitContext) => Step | Promise<Step>

const FILTERED: Step = { kind: 'filtered' }

/** A visit of a transform that `instance` carries out. */
export function transformVisit(node: TransformNode, instance: Transform): Visit {
  const toStep = (result: TransformResult): Step => {
    switch (result.kind) {
      case 'row':
        return { kind: 'leave', edge: node.to, row: checkedRow(node.name, result.row) }
      case 'rows':
        return result.rows.length === 0
          ? FILTERED
          : { kind: 'expand', edge: node.to, rows: result.rows.map(row => checkedRow(node.name, row)) }
      case 'filtered':
        return FILTERED
      case 'error':
        return checkedError(node.name, result)
    }
    throw defect(node.name, `returned ${describe(result)}, which is no result`)
  }
  return guarded(node.name, (row, context) => instance.process(row, context), toStep)
}

/** A visit of a gate: its expression, its cases, or the plugin `instance`. */
export function gateVisit(node: GateNode, instance: Gate | null): Visit {
  const leaveBy = (row: Row, label: string): Step => {
    const edge = node.routes.get(label) ?? node.otherwise
    if (edge === null) throw defect(node.name, `gave the label ${JSON.stringify(label)}, for which there is no route`)
    return { kind: 'leave', edge, row }
  }
  const { by } = node
  switch (by.kind) {
    case 'boolean':
    case 'string':
      return row => {
        const result = by.expression.evaluate(row)
        if (!result.ok) return { kind: 'error', code: result.code, message: result.message, retryable: false }
        const { value } = result
        if (typeof value !== (by.kind === 'boolean' ? 'boolean' : 'string'))
          return gateError(
            `the gate gave ${describe(value)}, not ${by.kind === 'boolean' ? 'true or false' : 'a text'}`,
          )
        return leaveBy(row, String(value))
      }
    case 'cases':
      return row => {
        for (const each of by.cases) {
          if (each.when === null) return leaveBy(row, each.label)
          const result = each.when.evaluate(row)
          if (!result.ok) return { kind: 'error', code: result.code, message: result.message, retryable: false }
          if (result.value === true) return leaveBy(row, each.label)
          if (result.value !== false)
            return gateError(`case ${each.label} gave ${describe(result.value)}, not true or false`)
        }
        return gateError('no case holds, and there is no else')
      }
    case 'plugin': {
      if (instance === null) throw new TypeError(`gate ${node.name} has no instance`)
      return (row, context) => {
        const toStep = (result: GateResult): Step =>
          result.kind === 'label' ? leaveBy(row, result.label) : checkedError(node.name, result)
        return guarded(node.name, instance.decide.bind(instance), toStep)(row, context)
      }
    }
  }
}

/** Processes one batch. Throws (or rejects with) CUSTODY_PLUGIN_DEFECT, nothing else. */
export type BatchVisit = (rows: readonly Row[], context: VisitContext) => BatchResult | Promise<BatchResult>

/** A batch of an aggregate that `instance` processes. */
export function batchVisit(node: AggregateNode, instance: Aggregate): BatchVisit {
  const checked = (result: BatchResult): BatchResult => {
    switch (result.kind) {
      case 'rows':
        return { kind: 'rows', rows: result.rows.map(row => checkedRow(node.name, row)) }
      case 'members':
        return { kind: 'members', rows: result.rows.map(row => (row === null ? null : checkedRow(node.name, row))) }
      case 'error':
        return checkedError(node.name, result)
    }
    throw defect(node.name, `returned ${describe(result)}, which is no result`)
  }
  return guarded(node.name, (rows, context) => instance.process(rows, context), checked)
}

/** Calls a plugin, and turns what it throws into a defect with the node's name. */
function guarded<I, R, S>(
  name: string,
  call: (input: I, context: VisitContext) => R | Promise<R>,
  check: (result: R) => S,
): (input: I, context: VisitContext) => S | Promise<S> {
  return (input, context) => {
    let result: R | Promise<R>
    try {
      result = call(input, context)
    } catch (thrown) {
      throw defect(name, `threw ${describe(thrown)}`, thrown)
    }
    if (!(result instanceof Promise)) return check(result)
    return result.then(check, (thrown: unknown) => {
      throw defect(name, `threw ${describe(thrown)}`, thrown)
    })
  }
}

/** Errors of a gate's value: the row's, not the plugin's. */
export const GATE_ERRORS = { GATE_VALUE: 'The gate gave neither one of its labels nor true or false.' } as const

function gateError(message: string): RowError {
  return { kind: 'error', code: 'GATE_VALUE', message, retryable: false }
}

function checkedRow(name: string, row: unknown): Row {
  if (isRow(row)) return row
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw defect(name, `returned ${describe(row)} as a row`)
  return withoutPrototypes(row as Row) as Row
}

function checkedError(name: string, error: RowError): RowError {
  if (error?.kind !== 'error' || typeof error.message !== 'string' || !/^[A-Z0-9_]{1,64}$/.test(error.code))
    throw defect(name, `returned ${describe(error)}, which is no error with a code`)
  return error
}

export function defect(node: string, what: string, cause?: unknown): CustodyError {
  if (isCustodyError(cause)) return cause
  return new CustodyError('CUSTODY_PLUGIN_DEFECT', `the plugin of \`${node}\` ${what}`, { where: { node }, cause })
}

function describe(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  return typeof value === 'object'
    ? Array.isArray(value)
      ? 'a list'
      : 'an object'
    : `${typeof value} ${String(value)}`
}
