import { expect, test } from 'vitest'
import type { RowFilter } from '../../api/rows.ts'
import type { Context } from '../context.ts'
import { commandText } from './command-text.ts'
import type { Screen } from './state.ts'

// cast: all that is looked at.
const context = { command: 'custody', cwd: '/', env: {} } as unknown as Context

function ofRows(filter: RowFilter, row: number | null = null): string {
  const screen: Screen = {
    kind: 'rows',
    place: { run: '01a231bc-4dc0-779b-be4a-403f1a315bde', filter, trail: [null] },
    ...{ at: 0, asked: null, content: { kind: 'asking', progress: null } },
  }
  return commandText(context, 'sqlite:/custody.db', screen, row)
}

test('an expression has its command, and so has a row; of another filter it is said that it has none', () => {
  expect(ofRows({ where: 'row.a > 1' })).toBe("custody explain 01a231bc-4dc0 --where 'row.a > 1'")
  expect(ofRows({}, 7)).toBe('custody explain 01a231bc-4dc0 --row 7')
  expect(ofRows({ class: ['failure'] }, 7)).toBe(
    'no command lists rows by this filter; the chosen one: custody explain 01a231bc-4dc0 --row 7',
  )
  expect(ofRows({ class: ['failure'] })).toBe(
    'no command lists rows by this filter; the run: custody show 01a231bc-4dc0',
  )
})
