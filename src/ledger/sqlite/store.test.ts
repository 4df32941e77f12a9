import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { schemaStatements } from './schema.ts'
import { SQL } from './store.ts'

const planOf = (statement: string): string[] => {
  const db = new DatabaseSync(':memory:')
  for (const each of schemaStatements()) db.exec(each)
  const steps = db.prepare(`EXPLAIN QUERY PLAN ${statement}`).all() as unknown as ReadonlyArray<{ detail: string }>
  db.close()
  return steps.map(({ detail }) => detail)
}

test.each(Object.entries(SQL))('%s looks at no table as a whole', (_name, statement) => {
  expect(planOf(statement).filter(step => step.startsWith('SCAN'))).toEqual([])
})
