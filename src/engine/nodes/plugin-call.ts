/**
 * What one visit of a transform or a gate comes to, whatever the plugin: the only place that calls plugins for a row.
 * A plugin that throws, or returns something that it may not return, is a defect of the plugin, never an error of the row.
 */
import { types } from 'node:util'
import { canonicalize, isDeeper, MAX_DEPTH, MAX_ROW_DEPTH, NotJsonError } from '../../model/canonical.ts'
import { CustodyError } from '../../model/error.ts'
import { isRow, type Json, newRow, type Row } from '../../model/row.ts'
import type { AggregateNode, GateNode, PlanEdge, PlanNode, SinkNode, TransformNode } from '../../plan/plan.ts'
import type { ExpressionResult } from '../../sdk/expression.ts'
import { rowError } from '../../sdk/results.ts'
import { compileRowSchema } from '../../sdk/schema-check.ts'
import type {
  Aggregate,
  BatchResult,
  Gate,
  GateResult,
  OrderedTransform,
  OrderedVisitContext,
  RowError,
  Transform,
  TransformResult,
  VisitContext,
} from '../../sdk/spec.ts'
import { ReplayMiss } from '../calls/replay-miss.ts'
import type { CallingContext } from '../calls/visit.ts'
import { checkCode, defect, describe, isPlain } from '../ports/plugin-defect.ts'
import { withKey } from '../token/batch-key.ts'
import { TOO_DEEP } from '../token/facts.ts'

export type Step =
  | { readonly kind: 'leave'; readonly edge: PlanEdge; readonly row: Row }
  | { readonly kind: 'expand'; readonly edge: PlanEdge; readonly rows: readonly Row[] }
  | { readonly kind: 'filtered' }
  /** A replay has no record of what it asked. */
  | { readonly kind: 'missed'; readonly message: string }
  | RowError

/** Runs one visit. Throws (or rejects with) CUSTODY_PLUGIN_DEFECT, nothing else. */
export type Visit = (row: Row, context: CallingContext) => Step | Promise<Step>

const FILTERED: Step = { kind: 'filtered' }
const missedStep = (message: string): Step => ({ kind: 'missed', message })

/** A visit of a transform that `instance` carries out. */
export function transformVisit(node: TransformNode, instance: Transform): Visit {
  const toStep = (result: TransformResult) => transformed(node, result)
  return guarded(node.name, (row, context) => instance.process(row, context), toStep, missedStep)
}

/** Runs one visit of a transform that takes its rows in order. Throws CUSTODY_PLUGIN_DEFECT, nothing else. */
export type OrderedVisit = (row: Row, context: OrderedVisitContext) => Step

export function orderedVisit(node: TransformNode, instance: OrderedTransform): OrderedVisit {
  const { name } = node
  return (row, context) => {
    const result = called(name, () => instance.process(row, context))
    if (types.isPromise(result))
      throw defect(name, 'takes its rows in order, and returned a promise: it has to answer at once')
    return checkedResult(name, result, () => transformed(node, result))
  }
}

function transformed({ name, plugin, to }: TransformNode, result: TransformResult): Step {
  const { spec } = plugin
  switch (result.kind) {
    case 'row':
      return { kind: 'leave', edge: to, row: checkedRow(name, result.row) }
    case 'rows':
      // Tokens of an expansion are in no fork's frame: the plan reckoned with that only if it was declared.
      if (spec.cardinality !== 'many') throw defect(name, 'returned rows, but its cardinality is one')
      return result.rows.length === 0
        ? FILTERED
        : { kind: 'expand', edge: to, rows: result.rows.map(row => checkedRow(name, row)) }
    case 'filtered':
      return FILTERED
    case 'error':
      return checkedError(name, spec.errors, result)
  }
  throw noResult(name, result)
}

/** A visit of a gate: its expression, its cases, or the plugin `instance`. `started_us`: when the run started. */
export function gateVisit(node: GateNode, instance: Gate | null, started_us: () => number): Visit {
  const leaveBy = (row: Row, label: string): Step => {
    const edge = node.routes.get(label) ?? node.otherwise
    if (edge === null) {
      const what = `gave the label ${JSON.stringify(label)}, for which there is no route`
      throw node.by.kind === 'plugin' ? defect(node.name, what) : brokenWord(node, row, `\`${node.name}\` ${what}`)
    }
    return { kind: 'leave', edge, row }
  }
  const { by } = node
  switch (by.kind) {
    case 'boolean':
    case 'string':
      return row => {
        const result = by.expression.evaluate(row, started_us())
        if (!result.ok) return expressionError(result)
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
          const result = each.when.evaluate(row, started_us())
          if (!result.ok) return expressionError(result)
          if (result.value === true) return leaveBy(row, each.label)
          if (result.value !== false)
            return gateError(`case ${each.label} gave ${describe(result.value)}, not true or false`)
        }
        return gateError('no case holds, and there is no else')
      }
    case 'plugin': {
      if (instance === null) throw new TypeError(`gate ${node.name} has no instance`)
      const { errors } = by.plugin.spec
      const toStep = (result: GateResult, row: Row): Step => {
        switch (result.kind) {
          case 'label':
            if (typeof result.label !== 'string') throw defect(node.name, `gave ${describe(result.label)} as its label`)
            return leaveBy(row, result.label)
          case 'error':
            return checkedError(node.name, errors, result)
        }
        throw noResult(node.name, result)
      }
      return guarded(node.name, (row, context) => instance.decide(row, context), toStep, missedStep)
    }
  }
}

/** Processes one batch. Throws (or rejects with) CUSTODY_PLUGIN_DEFECT, nothing else. */
export type BatchVisit = (rows: readonly Row[], context: CallingContext) => BatchResult | Promise<BatchResult>

/** A batch of an aggregate that `instance` processes. */
export function batchVisit(node: AggregateNode, instance: Aggregate): BatchVisit {
  const checked = (result: BatchResult, members: readonly Row[]): BatchResult => {
    switch (result.kind) {
      case 'rows':
        return { kind: 'rows', rows: result.rows.map(row => withKey(node, checkedRow(node.name, row), members[0])) }
      case 'members':
        return { kind: 'members', rows: result.rows.map(row => (row === null ? null : checkedRow(node.name, row))) }
      case 'error':
        return checkedError(node.name, node.plugin.spec.errors, result)
    }
    throw noResult(node.name, result)
  }
  // A batch is of many rows, and none of them missed anything by itself: it fails.
  const missed = (message: string): BatchResult => ({ kind: 'error', code: 'REPLAY_MISS', message, retryable: false })
  return guarded(node.name, (rows, context) => instance.process(rows, context), checked, missed)
}

/** Hands a row to the sink of `node`. @returns the error if it refuses it. @throws CUSTODY_PLUGIN_DEFECT, nothing else. */
export function writeRow(
  node: SinkNode,
  sinks: { write(node: number, row: Row): RowError | null },
  row: Row,
): RowError | null {
  try {
    const error = sinks.write(node.number, row)
    return error === null ? null : checkedError(node.name, node.plugin.spec.errors, error)
  } catch (thrown) {
    throw defect(node.name, `threw ${describe(thrown)}`, thrown)
  }
}

/** Calls a plugin, and turns what it throws, and what nothing can be made of, into a defect with the node's name. */
function guarded<I, R extends object, S>(
  name: string,
  call: (input: I, context: VisitContext) => R | Promise<R>,
  check: (result: R, input: I) => S,
  missed: (message: string) => S,
): (input: I, context: CallingContext) => S | Promise<S> {
  const checked = (result: R, input: I): S => checkedResult(name, result, () => check(result, input))
  return (input, context) => {
    const result = called(name, () => call(input, context))
    if (!(result instanceof Promise)) return whenCallsAreBack(checked(result, input), context)
    return result.then(
      answer => whenCallsAreBack(checked(answer, input), context),
      (thrown: unknown) => {
        if (thrown instanceof ReplayMiss) return whenCallsAreBack(missed(thrown.message), context)
        throw defect(name, `threw ${describe(thrown)}`, thrown)
      },
    )
  }
}

function called<R>(name: string, call: () => R): R {
  try {
    return call()
  } catch (thrown) {
    throw defect(name, `threw ${describe(thrown)}`, thrown)
  }
}

function checkedResult<S>(name: string, result: unknown, check: () => S): S {
  if (typeof result !== 'object' || result === null) throw noResult(name, result)
  try {
    return check()
  } catch (thrown) {
    throw defect(name, `returned what nothing can be made of: ${describe(thrown)}`, thrown)
  }
}

/** A plugin may have returned without waiting for all that it asked. */
function whenCallsAreBack<S>(step: S, { callsBack }: CallingContext): S | Promise<S> {
  const back = callsBack?.() ?? null
  return back === null ? step : back.then(() => step)
}

/** Errors of a gate's value: the row's, not the plugin's. */
export const GATE_ERRORS = { GATE_VALUE: 'The gate gave neither one of its labels nor true or false.' } as const

function expressionError({ code, message, field }: Extract<ExpressionResult, { ok: false }>): RowError {
  return rowError(code, message, field === undefined ? {} : { field })
}

function gateError(message: string): RowError {
  return rowError('GATE_VALUE', message)
}

/** A row as a plugin gave it, with nothing behind it that isn't data. @throws CustodyError CUSTODY_PLUGIN_DEFECT. */
function checkedRow(name: string, row: unknown): Row {
  if (isRow(row) && !types.isProxy(row)) return row
  if (!isPlain(row)) throw defect(name, `returned ${describe(row)} as a row`)
  return objectOf(name, row, [row])
}

/**
 * A copy of lists and plain objects, as deep as rows may be nested. Whether all in it is JSON, and no deeper, shows when its
 * canonical text is made. `within`: what it is copied within.
 */
function dataOf(name: string, value: unknown, within: readonly object[]): Json {
  if (typeof value !== 'object' || value === null || within.length === MAX_DEPTH)
    // cast: whether it is JSON shows later, as said above.
    return value as Json
  if (within.includes(value)) throw defect(name, 'returned a row that holds itself')
  const here = [...within, value]
  if (Array.isArray(value)) return value.map(each => dataOf(name, each, here))
  if (!isPlain(value)) throw defect(name, `returned a row with ${describe(value)} in it`)
  return objectOf(name, value, here)
}

function objectOf(name: string, object: { readonly [field: string]: unknown }, within: readonly object[]): Row {
  const copy = newRow()
  for (const field of Object.keys(object)) copy[field] = dataOf(name, object[field], within)
  return copy
}

/** @throws CustodyError CUSTODY_PLUGIN_DEFECT. */
export function checkedError(name: string, declared: { readonly [code: string]: string }, error: RowError): RowError {
  const { kind, code, message, field, retryable, details, retry_after_ms } = error
  if (kind !== 'error' || typeof code !== 'string' || typeof message !== 'string' || typeof retryable !== 'boolean')
    throw defect(name, 'returned an error without a code, a message or whether it can be retried')
  if (field !== undefined && typeof field !== 'string') throw defect(name, 'returned an error whose field is no text')
  checkCode(name, declared, code)
  // What is nested too deep isn't kept, and no defect: it may be what the row holds.
  for (const given of [details, retry_after_ms])
    if (given !== undefined && !isDeeper(given, MAX_ROW_DEPTH)) canonicalize(given)
  return error
}

function noResult(name: string, result: unknown): CustodyError {
  return defect(name, `returned ${describe(result)}, which is no result`)
}

/** An error at a gate of which the plan had shown that it meets none. */
export function unforeseen(node: PlanNode, row: Row, { code, message }: RowError): CustodyError {
  const what = `\`${node.name}\` has no on_error, because nothing could fail there, and met ${code}: ${message}`
  return brokenWord(node, row, what)
}

/** What the plan had ruled out: either the row isn't what a plugin before guarantees, or the plan was wrong. */
function brokenWord({ name, input }: PlanNode, row: Row, what: string): CustodyError {
  const fits = compileRowSchema(input, { textual: false })(row)
  if (fits.ok) return new CustodyError('CUSTODY_ENGINE_DEFECT', what, { where: { node: name } })
  const hint = 'Fix the plugin whose `guarantees` say otherwise, then abandon this run and begin another.'
  return new CustodyError('CUSTODY_PLUGIN_DEFECT', `${what}; a plugin before it broke its word: ${fits.message}`, {
    where: { node: name },
    hint,
    final: true,
  })
}

/** What was thrown when a plugin's rows were recorded: they turn out not to be JSON when their canonical text is made. */
export function asDefect(node: PlanNode, thrown: unknown): unknown {
  return thrown instanceof NotJsonError
    ? defect(node.name, `returned a row that isn’t JSON: ${thrown.message}`)
    : thrown
}

/** What was thrown when rows were recorded, if it is that they are nested too deep: that is an error of the row, whatever made it. */
export function tooDeep(thrown: unknown): RowError | null {
  if (!(thrown instanceof NotJsonError) || thrown.code !== 'TOO_DEEP') return null
  return rowError('ROW_TOO_DEEP', TOO_DEEP)
}
