import { expect, test } from 'vitest'
import { compileText } from '../../test/support/compile-text.ts'
import { type Graph, graphDot, graphMermaid, graphText } from './graph.ts'

const TEXT = `name: g
defaults: { on_error: problems, on_invalid: problems }
sources:
  in: { plugin: jsonl, options: { path: in.jsonl }, to: pick }
nodes:
  pick: { gate: row.region, routes: { 'a "b"': keep, "<c>": split, else: discard } }
  split: { fork: [keep, out] }
  keep: { transform: passthrough, to: out }
sinks:
  out: { plugin: csv, options: { path: out.csv } }
  problems: { plugin: jsonl, options: { path: p.jsonl }, on_error: discard }
`
const graph = (text = TEXT): Graph => {
  const compiled = compileText(text)
  if (compiled.graph === null) throw new Error('no graph')
  return compiled.graph
}

test('is data', () => {
  expect(graph().nodes[0]).toEqual({ name: 'in', kind: 'source', plugin: 'jsonl' })
  expect(graph().nodes[1]).toEqual({ name: 'pick', kind: 'gate' })
  expect(graph().edges).toContainEqual({ from: 'pick', label: 'else', to: 'discard' })
})

test('is there for what is wrong, too', () => {
  const faulty = graph(
    TEXT.replace('to: pick', 'to: pik').replace('plugin: csv', 'plugin: cvs').replace('to: out', 'to: [out]'),
  )
  expect(faulty.nodes.map(({ name }) => name)).toEqual(['in', 'pick', 'split', 'keep', 'out', 'problems'])
  expect(faulty.edges.some(({ from }) => from === 'keep')).toBe(true)
  const circle = graph(TEXT.replace('to: out', 'to: pick'))
  expect(graphText(circle)).toContain('pick ↑')
})

test('is a tree for the terminal', () => {
  expect(graphText(graph())).toBe(`in  (source jsonl)  on_invalid → problems
└─ pick  (gate)  on_error → problems
   ├─ a "b" → keep  (transform passthrough)  on_error → problems
   │  └─ out  (sink csv)  on_error → problems
   ├─ <c> → split  (fork)
   │  ├─ keep → keep ↑
   │  └─ out → out
   └─ else → discard
problems  (sink jsonl)  on_error → discard
`)
})

test('is a Mermaid flowchart', () => {
  expect(graphMermaid(graph())).toBe(`flowchart LR
  n1(["in<br/>jsonl"])
  n2{"pick"}
  n3[/"split"\\]
  n4["keep<br/>passthrough"]
  n5[("out<br/>csv")]
  n6[("problems<br/>jsonl")]
  discard(("discard"))
  n1 --> n2
  n1 -.->|"on_invalid"| n6
  n2 -->|"a &quot;b&quot;"| n4
  n2 -->|"&lt;c>"| n3
  n2 -->|"else"| discard
  n2 -.->|"on_error"| n6
  n3 -->|"keep"| n4
  n3 -->|"out"| n5
  n4 --> n5
  n4 -.->|"on_error"| n6
  n5 -.->|"on_error"| n6
  n6 -.->|"on_error"| discard
`)
})

test('is a Graphviz digraph', () => {
  const lines = graphDot(graph()).split('\n')
  expect(lines[0]).toBe('digraph pipeline {')
  expect(lines).toContain('  n2 -> n4 [label="a \\"b\\""];')
  expect(lines).toContain('  n1 -> n6 [label="on_invalid", style=dashed];')
  expect(lines).toContain('  n5 [shape=cylinder, label="out (csv)"];')
})
