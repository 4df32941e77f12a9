/** Checks of plugins that work on rows: transforms, gates, aggregates. */
import type { Json, Row } from '../../model/row.ts'
import { type RowSchema, withOthers } from '../../model/schema.ts'
import { compileRowSchema } from '../schema-check.ts'
import type {
  AggregateSpec,
  BatchResult,
  GateResult,
  GateSpec,
  TransformResult,
  TransformSpec,
  VisitContext,
} from '../spec.ts'
import { answering, transformVisits, visitContext } from './calling.ts'
import type { Findings, Problems } from './problems.ts'
import { expressionTypes } from './spec-checks.ts'
import {
  checkError,
  contextIn,
  declaredIn,
  eachSample,
  frozenRow,
  inFolder,
  type Sample,
  schemaOfRows,
  textOf,
} from './subject.ts'

/** Examples give what they say; nothing throws, is changed, undeclared or unlike JSON; same row, same result. */
export async function checkTransform(
  spec: TransformSpec,
  samples: readonly Sample[],
  findings: Findings,
): Promise<void> {
  await eachInFolder(spec, samples, findings, async (sample, options, folder, problems) => {
    const rows = (sample.rows_in ?? []).map(frozenRow)
    const outcomes = await transformAll(spec, sample, options, folder, rows, declaredIn(sample), problems)
    compareRows(sample, outcomes.rows, outcomes.errors, problems)
    await checkRepeat(
      spec,
      () => transformAll(spec, sample, options, folder, rows, declaredIn(sample), problems),
      outcomes,
      problems,
    )
    if (spec.ordered === true) await checkRestart(spec, sample, options, folder, rows, outcomes, problems.of('restart'))
    await transformAll(spec, sample, options, folder, distorted(rows), declaredIn(sample), problems.of('any_row'))
    await checkGuarantees(spec, sample, options, folder, rows, problems)
  })
}

type Work = (sample: Sample, options: unknown, folder: string, problems: Problems) => Promise<void>

function eachInFolder(
  spec: TransformSpec | GateSpec | AggregateSpec,
  samples: readonly Sample[],
  findings: Findings,
  work: Work,
): Promise<void> {
  return eachSample(spec, samples, 'examples', findings, (sample, options, problems) =>
    inFolder(sample, folder => work(sample, options, folder, problems)),
  )
}

/** Requests are recorded: they must be sound, and have no secret. */
const visitOf = (sample: Sample, problems: Problems): VisitContext => {
  const call = answering(sample.answers ?? [])
  return visitContext((service, request, perform) => {
    textOf(request.request, problems)
    return call(service, request, perform)
  })
}

interface Outcomes {
  readonly rows: readonly Row[]
  readonly errors: readonly string[]
}

async function transformAll(
  spec: TransformSpec,
  sample: Sample,
  options: unknown,
  folder: string,
  rows: readonly Row[],
  input: RowSchema,
  problems: Problems,
  before = 0,
): Promise<Outcomes> {
  const transform = await transformVisits(
    spec,
    options,
    contextIn(folder, sample, input),
    visitOf(sample, problems),
    before,
  )
  const out: Row[] = []
  const errors: string[] = []
  for (const row of rows) {
    try {
      const result = await transform.process(row)
      checkKind(spec, result, problems)
      if (result.kind === 'row') out.push(result.row)
      else if (result.kind === 'rows') out.push(...result.rows)
      else if (result.kind === 'error') {
        checkError(spec, result, problems)
        errors.push(result.code)
      }
    } catch (error) {
      problems.threw(`it throws for ${JSON.stringify(row)}, or changes it`, error)
    }
  }
  await transform.close()
  for (const row of out) checkRow(row, problems)
  return { rows: out, errors }
}

/** Who resumes a run knows the position, and nothing else of the rows before. */
async function checkRestart(
  spec: TransformSpec,
  sample: Sample,
  options: unknown,
  folder: string,
  rows: readonly Row[],
  first: Outcomes,
  problems: Problems,
): Promise<void> {
  const parts: Outcomes[] = []
  for (const [before, row] of rows.entries())
    parts.push(await transformAll(spec, sample, options, folder, [row], declaredIn(sample), problems, before))
  const anew = { rows: parts.flatMap(each => each.rows), errors: parts.flatMap(each => each.errors) }
  if (JSON.stringify(anew) === JSON.stringify(first)) return
  problems.add('it keeps something in memory: begun anew before each row, it gives something else')
}

function checkKind(spec: TransformSpec, result: TransformResult, problems: Problems): void {
  const kinds = ['row', 'rows', 'filtered', 'error']
  problems.expect(kinds.includes(result.kind), `it returns the kind ${JSON.stringify(result.kind)}`)
  const nothing = result.kind === 'filtered' || (result.kind === 'rows' && result.rows.length === 0)
  problems.expect(!nothing || spec.filters === true, 'it returns no row, and doesn’t declare `filters`')
  problems.expect(result.kind !== 'rows' || spec.cardinality === 'many', 'it returns rows, but its cardinality is one')
}

function checkRow(row: Row, problems: Problems): void {
  const isObject = typeof row === 'object' && row !== null && !Array.isArray(row)
  if (!isObject) return problems.add(`it returns ${JSON.stringify(row)} for a row`)
  textOf(row, problems)
}

function compareRows(sample: Sample, rows: readonly Row[], errors: readonly string[], problems: Problems): void {
  if (sample.rows_out !== undefined) {
    // Fields are compared in order: it is what a file shows.
    const same = JSON.stringify(rows) === JSON.stringify(sample.rows_out)
    if (!same) problems.add('the example', { differs: { expected: sample.rows_out, actual: rows } })
  }
  const expected = sample.errors ?? []
  if (expected.join() !== errors.join())
    problems.add('of errors, the example', { differs: { expected, actual: errors } })
}

async function checkRepeat<T>(
  spec: TransformSpec | GateSpec | AggregateSpec,
  again: () => Promise<T>,
  first: T,
  problems: Problems,
): Promise<void> {
  if (spec.determinism !== 'deterministic') return
  const same = JSON.stringify(await again()) === JSON.stringify(first)
  problems.of('repeat').expect(same, 'it is declared deterministic, but a second time gives something else')
}

/** Rows with fields missing, null, and of other types: nothing that a source may not bring. */
function distorted(rows: readonly Row[]): readonly Row[] {
  const others: readonly Json[] = [null, '', 'x', 0, -1.5, true, [], [null, { a: [1] }], {}, { a: { b: null } }]
  const made: Row[] = [{}]
  for (const row of rows.slice(0, 3)) {
    for (const field of Object.keys(row)) {
      const { [field]: _, ...rest } = row
      made.push(rest, ...others.map(other => ({ ...row, [field]: other })))
    }
  }
  return made.map(frozenRow)
}

/** Whatever leaves must fit what `guarantees` says of it, given the tightest schema of what enters. */
async function checkGuarantees(
  spec: TransformSpec,
  sample: Sample,
  options: unknown,
  folder: string,
  rows: readonly Row[],
  problems: Problems,
): Promise<void> {
  if (rows.length === 0) return
  const input = tightestInput(spec, options, rows, sample)
  const output = spec.guarantees?.(options, input, expressionTypes(spec, options, input)) ?? withOthers(input)
  const outcomes = await transformAll(spec, sample, options, folder, rows, input, problems)
  expectFit(output, outcomes.rows, problems.of('guarantees'))
}

/** Closed, unless an expression asks for a field that no row has. */
function tightestInput(
  spec: TransformSpec | AggregateSpec,
  options: unknown,
  rows: readonly Row[],
  sample: Sample,
): RowSchema {
  const closed = schemaOfRows(rows, sample)
  const uses = spec.expressions?.(options).length ?? 0
  return expressionTypes(spec, options, closed).size === uses ? closed : { ...closed, closed: false }
}

/** Labels are texts, and among those that are declared. */
export async function checkGate(spec: GateSpec, samples: readonly Sample[], findings: Findings): Promise<void> {
  await eachInFolder(spec, samples, findings, async (sample, options, folder, problems) => {
    const rows = (sample.rows_in ?? []).map(frozenRow)
    const labels = spec.labels?.(options) ?? null
    const decideAll = async (over: readonly Row[], of: Problems) => {
      const gate = await spec.create(options, contextIn(folder, sample))
      const visit = visitOf(sample, of)
      const results: GateResult[] = []
      for (const row of over) {
        try {
          const result = await gate.decide(row, visit)
          results.push(result)
          if (result.kind === 'error') checkError(spec, result, of)
          else checkLabel(result.label, labels, of)
        } catch (error) {
          of.threw(`it throws for ${JSON.stringify(row)}, or changes it`, error)
        }
      }
      await gate.close?.()
      return results
    }
    const results = await decideAll(rows, problems)
    compareLabels(sample, results, problems)
    await checkRepeat(spec, () => decideAll(rows, problems), results, problems)
    await decideAll(distorted(rows), problems.of('any_row'))
  })
}

function checkLabel(label: unknown, labels: readonly string[] | null, problems: Problems): void {
  if (typeof label !== 'string') problems.add('it returns a label that isn’t a text')
  else if (labels !== null && !labels.includes(label))
    problems.add(`it returns the label ${label}, which it doesn’t declare`)
}

function compareLabels({ labels, errors = [] }: Sample, results: readonly GateResult[], problems: Problems): void {
  const given = results.flatMap(result => (result.kind === 'label' ? [result.label] : []))
  if (labels !== undefined && labels.join('\n') !== given.join('\n'))
    problems.add('of labels, the example', { differs: { expected: labels, actual: given } })
  const met = results.flatMap(result => (result.kind === 'error' ? [result.code] : []))
  if (errors.join() !== met.join())
    problems.add('of errors, the example', { differs: { expected: errors, actual: met } })
}

/** As for transforms, over the rows as one batch. */
export async function checkAggregate(
  spec: AggregateSpec,
  samples: readonly Sample[],
  findings: Findings,
): Promise<void> {
  await eachInFolder(spec, samples, findings, async (sample, options, folder, problems) => {
    const process = async (rows: readonly Row[], of: Problems): Promise<BatchResult | null> => {
      const aggregate = await spec.create(options, contextIn(folder, sample, declaredIn(sample)))
      try {
        const result = await aggregate.process(Object.freeze([...rows]), visitOf(sample, of))
        checkBatch(spec, result, rows.length, of)
        return result
      } catch (error) {
        of.threw(`it throws for ${JSON.stringify(rows)}, or changes them`, error)
        return null
      } finally {
        await aggregate.close?.()
      }
    }
    const rows = (sample.rows_in ?? []).map(frozenRow)
    if (rows.length > 0) {
      const result = await process(rows, problems)
      const returned: ReadonlyArray<Row | null> = result === null || result.kind === 'error' ? [] : result.rows
      const out = returned.filter(row => row !== null)
      compareRows(sample, out, result?.kind === 'error' ? [result.code] : [], problems)
      await checkRepeat(spec, () => process(rows, problems), result, problems)
      checkMade(spec, sample, options, rows, out, problems)
    }
    for (const row of distorted(rows)) await process([row, ...rows], problems.of('any_row'))
  })
}

/** An aggregate that says nothing of its rows guarantees nothing. */
function checkMade(
  spec: AggregateSpec,
  sample: Sample,
  options: unknown,
  rows: readonly Row[],
  made: readonly Row[],
  problems: Problems,
): void {
  if (spec.guarantees === undefined) return
  const input = tightestInput(spec, options, rows, sample)
  const output = spec.guarantees(options, input, expressionTypes(spec, options, input))
  expectFit(output, made, problems.of('guarantees'))
}

function expectFit(schema: RowSchema, rows: readonly Row[], problems: Problems): void {
  const check = compileRowSchema(schema, { textual: false })
  for (const row of rows) {
    const checked = check(row)
    if (!checked.ok) problems.add(`a row isn’t what \`guarantees\` says: ${checked.message}`)
    else if (checked.row !== row) problems.add('a decimal isn’t the text that `guarantees` says: of its scale')
  }
}

function checkBatch(spec: AggregateSpec, result: BatchResult, members: number, problems: Problems): void {
  if (result.kind === 'error') return checkError(spec, result, problems)
  const output = result.kind === 'rows' ? 'transform' : 'passthrough'
  problems.expect(spec.outputs.includes(output), `it returns ${result.kind}, and doesn’t declare the output ${output}`)
  if (result.kind === 'members') {
    problems.expect(result.rows.length === members, `it returns ${result.rows.length} members for ${members}`)
  }
  for (const row of result.rows) if (row !== null) checkRow(row, problems)
}
