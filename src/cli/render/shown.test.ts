import { expect, test } from 'vitest'
import { plain } from '../terminal.ts'
import { stagedLines } from './shown.ts'

test('what is staged is a leftover only where nobody is at work', () => {
  const staged = [{ sink: 'out', staged: '/p/.out.csv.custody-1', path: '/p/out.csv' }]
  const lines = (status: 'running' | 'failed' | 'interrupted') => stagedLines({ status, staged }, '/p', plain)
  expect(lines('running')).toEqual([
    '',
    '  staged: the run is writing, and puts it in its place at its end',
    '    .out.csv.custody-1',
  ])
  for (const status of ['failed', 'interrupted'] as const)
    expect(lines(status)[1]).toBe('  staged: `custody resume` continues it, `custody abandon` drops it')
  expect(stagedLines({ status: 'failed' }, '/p', plain)).toEqual([])
})
