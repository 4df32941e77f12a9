/** Whether a test file names what its pipeline has: sources, sinks and services, and gives each source one thing. Each problem at its place. */

import { nearestHint } from '../../config/nearest.ts'
import type { TestCase } from '../../config/tests/format.ts'
import type { TestFile } from '../../config/tests/load.ts'
import type { ConfigPath } from '../../config/tree.ts'
import type { Diagnostic } from '../../model/error.ts'
import type { Plan, PlanNode } from '../../plan/plan.ts'

interface Named {
  readonly path: ConfigPath
  readonly part: 'key' | 'value'
  readonly what: 'source' | 'sink' | 'node' | 'service'
  readonly name: string
}

export function nameProblems({ file, content, locate }: TestFile, plan: Plan): readonly Diagnostic[] {
  const known = {
    source: namesOf(plan, 'source'),
    sink: namesOf(plan, 'sink'),
    node: plan.nodes.map(each => each.name),
    service: plan.nodes.flatMap(servicesOf),
  }
  const problems: Diagnostic[] = []
  const add = (
    at: Pick<Named, 'path' | 'part'>,
    message: string,
    hint: string | undefined,
    code: Diagnostic['code'] = 'CUSTODY_UNKNOWN_TARGET',
  ) =>
    problems.push({
      ...locate(at.path, at.part),
      file,
      severity: 'error',
      code,
      message,
      ...(hint !== undefined && { hint }),
    })
  for (const [index, each] of content.cases.entries()) {
    for (const { path, part, what, name } of namesIn(each)) {
      if (known[what].includes(name)) continue
      const hint = nearestHint(name, known[what], `${what}s here`)
      add({ path: ['cases', index, ...path], part }, `the pipeline has no ${what} \`${name}\``, hint)
    }
    for (const source of each.files.keys())
      if (each.rows.has(source))
        add(
          { path: ['cases', index, 'files', source], part: 'key' },
          `source \`${source}\` has rows in this case, and a file`,
          'give one of the two',
          'CUSTODY_BAD_VALUE',
        )
    for (const { path, service, code } of failuresIn(each)) {
      const codes = plan.nodes.flatMap(node => (servicesOf(node).includes(service) ? codesOf(node) : []))
      if (codes.length === 0 || codes.includes(code)) continue
      const hint = nearestHint(code, codes, 'its errors')
      add(
        { path: ['cases', index, ...path], part: 'value' },
        `what asks \`${service}\` knows no error \`${code}\``,
        hint,
      )
    }
    for (const [i, row] of (each.expect?.rows ?? []).entries())
      if (row.source === undefined && known.source.length > 1)
        add(
          { path: ['cases', index, 'expect', 'rows', i], part: 'value' },
          `it isn’t clear of which source row ${row.row} is`,
          `write source: with one of ${known.source.join(', ')}`,
        )
  }
  return problems
}

function namesIn({ rows, files, answers, expect }: TestCase): readonly Named[] {
  const keys = (path: ConfigPath, what: Named['what'], names: Iterable<string>): Named[] =>
    [...names].map(name => ({ path: [...path, name], part: 'key', what, name }))
  const value = (path: ConfigPath, what: Named['what'], name: string | undefined): Named[] =>
    name === undefined ? [] : [{ path, part: 'value', what, name }]
  return [
    ...keys(['rows'], 'source', rows.keys()),
    ...keys(['files'], 'source', files.keys()),
    ...keys(['answers'], 'service', answers.keys()),
    ...keys(['expect', 'sinks'], 'sink', expect?.sinks.keys() ?? []),
    ...keys(['expect', 'counts'], 'sink', expect?.counts.keys() ?? []),
    ...(expect?.rows ?? []).flatMap((row, i) => [
      ...value(['expect', 'rows', i, 'source'], 'source', row.source),
      ...value(['expect', 'rows', i, 'sink'], 'sink', row.sink),
      ...(row.path ?? []).flatMap((node, j) => value(['expect', 'rows', i, 'path', j], 'node', node)),
    ]),
    ...(expect?.errors ?? []).flatMap((error, i) => [
      ...value(['expect', 'errors', i, 'source'], 'source', error.source),
      ...value(['expect', 'errors', i, 'node'], 'node', error.node),
    ]),
  ]
}

function namesOf({ nodes }: Plan, kind: PlanNode['kind']): readonly string[] {
  return nodes.filter(each => each.kind === kind).map(each => each.name)
}

function failuresIn({ answers }: TestCase) {
  return [...answers].flatMap(([service, each]) =>
    each.flatMap((answer, i) =>
      'failure' in answer
        ? [{ path: ['answers', service, i, 'failure', 'code'], service, code: answer.failure.code }]
        : [],
    ),
  )
}

function codesOf(node: PlanNode): readonly string[] {
  switch (node.kind) {
    case 'transform':
    case 'aggregate':
      return Object.keys(node.plugin.spec.errors)
    case 'gate':
      return node.by.kind === 'plugin' ? Object.keys(node.by.plugin.spec.errors) : []
    default:
      return []
  }
}

function servicesOf(node: PlanNode): readonly string[] {
  switch (node.kind) {
    case 'transform':
    case 'aggregate':
      return node.plugin.spec.services?.(node.plugin.options) ?? []
    case 'gate':
      return node.by.kind === 'plugin' ? (node.by.plugin.spec.services?.(node.by.plugin.options) ?? []) : []
    default:
      return []
  }
}
