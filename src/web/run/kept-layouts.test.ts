/** What was found for a graph is found again, and nothing is taken for it that isn't. */
import { beforeEach, expect, test, vi } from 'vitest'
import { type Graph, graphOf } from './graph-model.ts'
import { keepLayout, keepsLayouts, keptLayout } from './kept-layouts.ts'

const kept = new Map<string, string>()
vi.stubGlobal('localStorage', {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => kept.set(key, value),
  removeItem: (key: string) => kept.delete(key),
})
beforeEach(() => kept.clear())

const node = (name: string) => ({ name, kind: 'transform' as const })
const GRAPH: Graph = graphOf({
  ...{ run: 'r', name: 'p', plan_hash: '', file: null, text: null, tunables: [], holds: true },
  nodes: [node('secret_source'), node('b')],
  edges: [{ from: 'secret_source', label: 'to', to: 'b' }],
})
const LAID = {
  ...{ width: 300.5, height: 120 },
  nodes: new Map([
    ['secret_source', { x: 12, y: 12 }],
    ['b', { x: 12, y: 80.25 }],
  ]),
  edges: new Map([
    [
      'secret_source:to',
      {
        label: { x: 20, y: 70 },
        points: [
          { x: 1, y: 2 },
          { x: 1, y: 9 },
        ],
      },
    ],
  ]),
}

test('a layout is found by what was asked, to a tenth of a pixel, and no name is kept', () => {
  expect(keepsLayouts()).toBe(false)
  keepLayout('down', GRAPH, LAID)
  expect(keptLayout('down', GRAPH)).toEqual({ ...LAID, nodes: new Map(LAID.nodes).set('b', { x: 12, y: 80.3 }) })
  expect([keptLayout('across', GRAPH), keepsLayouts()]).toEqual([null, true])
  expect([...kept.values()].join()).not.toContain('secret')
})

test('only the newest are kept, and what is damaged is as if it weren’t there', () => {
  for (let i = 0; i < 40; i++) keepLayout(`${i}`, GRAPH, LAID)
  expect([keptLayout('39', GRAPH) === null, keptLayout('3', GRAPH)]).toEqual([false, null])
  const [key = '', text = ''] = [...kept].flat()
  for (const damaged of [
    '{',
    '7',
    '[[]]',
    '[["x","y"]]',
    text.replaceAll('12', 'null'),
    text.replaceAll('120', '1,2'),
  ]) {
    kept.set(key, damaged)
    expect(keptLayout('39', GRAPH), damaged).toBeNull()
  }
})
