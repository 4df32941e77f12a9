import { expect, test } from 'vitest'
import { restoredText } from './restored.ts'

const restored = { rows_read: 1200, all_read: false, open: 3, sinks: 1, cut: [], code_changes: [] }

test('a run continues at its next row, if it has one', () => {
  expect(restoredText(restored, 'orders', false)).toBe(
    'resumed orders at row 1,201 · 3 held tokens restored · 1 output wound back to the last receipt',
  )
  expect(restoredText({ ...restored, all_read: true }, 'orders', false)).toMatch(
    /^resumed orders after 1,200 rows, none left to read · 3 held/,
  )
})

test('sources that are not read further are named', () => {
  expect(restoredText({ ...restored, all_read: true, cut: [{ name: 'mail', once: false }] }, 'orders', false)).toMatch(
    /^resumed orders after 1,200 rows · .* · not read further: mail$/,
  )
  expect(restoredText({ ...restored, all_read: true, cut: [{ name: 'mail', once: true }] }, 'orders', false)).toMatch(
    / · not read further: mail \(what it gave can’t be read again\)$/,
  )
})

test('a run that is given up', () => {
  expect(restoredText(restored, 'orders', true)).toBe('abandoning orders after 1,200 rows · 3 open tokens end')
})

test('plugins whose code was changed meanwhile are named when the run is resumed', () => {
  const at = { kind: 'transform', name: 'mine' }
  const code = { ...at, old: { ...at, sha256: 'ab'.repeat(32) }, new: { ...at, sha256: 'cd'.repeat(32) } }
  expect(restoredText({ ...restored, code_changes: [code] }, 'orders', false)).toMatch(
    /\nwarning: the code of transform mine isn’t what the run had: file abababab… → file cdcdcdcd…\. /,
  )
  expect(restoredText({ ...restored, code_changes: [code] }, 'orders', true)).not.toMatch('warning')
})
