import { describe, expect, test } from 'vitest'
import { newRow } from '../model/row.ts'
import { OBSERVED } from '../model/schema.ts'
import { compileExpression, expressionRisks } from './expression.ts'

describe('run', () => {
  const compiled = (source: string, in_run = true) => {
    const result = compileExpression(source, { over: 'row', schema: OBSERVED, in_run })
    return result.ok ? result.expression : (result.problems[0]?.message ?? '')
  }
  const evaluated = (source: string, started_us?: number) => {
    const expression = compiled(source)
    if (typeof expression === 'string') return expression
    const result = expression.evaluate(newRow(), started_us)
    return result.ok ? result.value : result.code
  }

  test('has its start, and nothing else', () => {
    expect(evaluated('run.started_at', 1_500_000)).toBe('1970-01-01T00:00:01.5Z')
    expect(evaluated('[1].map(run, run + 1)', 0)).toEqual([2])
    expect(evaluated('run.ended_at', 0)).toBe('run.ended_at isn’t a field that can reach this place')
    expect(evaluated('run.started_at')).toBe('EVALUATION_ERROR')
  })

  test('is known where there is a run, and can’t fail there', () => {
    expect(compiled('run.started_at', false)).toBe('`run` isn’t known here')
    const expression = compiled('run.started_at.getFullYear() > 2000')
    if (typeof expression === 'string') throw new Error(expression)
    expect(expression.reads_run).toBe(true)
    expect(expression.reads).toEqual([])
    expect(expressionRisks([expression], OBSERVED, 'bool')).toEqual([[]])
  })
})
