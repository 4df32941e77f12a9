/** What stands where, after a run that was stopped before its outputs were published. */
import type { Plan } from '../../plan/plan.ts'
import type { Discarded } from '../../sdk/spec.ts'
import { counted, nearPath, printable } from './text.ts'

interface Sinks {
  readonly [sink: string]: { readonly rows: number; readonly path?: string }
}

/** What became of what a run had written that was given up. */
export function discardedText(discarded: ReadonlyMap<string, Discarded>): string[] {
  const of = (kind: Discarded['kind']) =>
    [...discarded].flatMap(([name, each]) => (each.kind === kind ? [printable(name)] : []))
  const [dropped, cut] = [of('dropped'), of('cut')]
  return [
    ...(dropped.length > 0 ? [`  dropped      what was staged for ${dropped.join(', ')}`] : []),
    ...(cut.length > 0 ? [`  cut back     what was appended by ${cut.join(', ')}`] : []),
    ...[...discarded].flatMap(([name, each]) =>
      each.kind === 'left' ? [`  left         ${printable(name)}: ${printable(each.why)}`] : [],
    ),
  ]
}

export function unpublishedText({ nodes }: Plan, sinks: Sinks, cwd: string): string {
  const kept: string[] = []
  const lines: string[] = []
  for (const node of nodes) {
    if (node.kind !== 'sink') continue
    const { rows = 0, path } = sinks[node.name] ?? {}
    const { spec, options } = node.plugin
    const where = printable(path === undefined ? node.name : nearPath(path, cwd))
    if (spec.delivery === 'outbound') {
      if (rows > 0) lines.push(`${counted(rows, 'row')} sent by ${where} can’t be called back`)
      continue
    }
    const how = spec.immediate?.(options) ?? null
    if (how === null) kept.push(where)
    else if (rows > 0 && how === 'append')
      lines.push(
        `${counted(rows, 'row')} ${rows === 1 ? 'stands' : 'stand'} at the end of ${where}, until the run is abandoned`,
      )
    else if (rows > 0) lines.push(`${counted(rows, 'row')} went to ${where}, and can’t be called back`)
  }
  const [first, ...others] = kept
  if (first !== undefined)
    lines.unshift(
      `${first}${others.length === 0 ? ' is as it was' : ` and ${counted(others.length, 'other output')} are as they were`}`,
    )
  return lines.map(line => `  ${line}`).join('\n')
}
