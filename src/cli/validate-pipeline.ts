/** All that is wrong with a pipeline, its graph, and the secrets that it names. */

import { type CheckedPipeline, checkPipeline } from '../host/compile.ts'
import { graphDot, graphMermaid, graphText } from '../plan/graph.ts'
import type { Context } from './context.ts'
import { diagnosticCounts, renderDiagnostics } from './render/diagnostics.ts'
import { namedSecrets, secretsText } from './render/named-secrets.ts'
import { printableLines } from './render/text.ts'
import { sourceLines } from './source-lines.ts'

export interface ValidateOptions {
  readonly graph?: 'text' | 'mermaid' | 'dot'
  readonly set?: readonly string[]
  readonly json?: boolean
}

/** Returns the exit code. */
export async function validatePipeline(context: Context, file: string, options: ValidateOptions): Promise<number> {
  const checked = await checkPipeline(context.env, file, options.set ?? [])
  const ok = checked.diagnostics.every(each => each.severity !== 'error')
  if (options.json === true) context.terminal.answerJson(checkedJson(checked, ok))
  else print(checked, ok, options.graph ?? 'text', context)
  return ok ? 0 : 2
}

function checkedJson({ diagnostics, graph, secrets }: CheckedPipeline, ok: boolean): unknown {
  return {
    ok,
    diagnostics: diagnostics.map(({ file, line, column, severity, code, message, hint }) => ({
      file,
      line,
      column,
      severity,
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
    })),
    graph: graph ?? { nodes: [], edges: [] },
    secrets: namedSecrets(secrets),
  }
}

function print(checked: CheckedPipeline, ok: boolean, form: string, { terminal }: Context): void {
  const { diagnostics, graph, texts, secrets } = checked
  const paint = terminal.paint_stderr
  if (diagnostics.length > 0)
    terminal.report(
      renderDiagnostics(diagnostics, { paint, columns: terminal.columns_stderr, sourceLine: sourceLines(texts) }),
    )
  if (ok && graph !== null) {
    const drawn = form === 'mermaid' ? graphMermaid(graph) : form === 'dot' ? graphDot(graph) : graphText(graph)
    terminal.answer(printableLines(drawn.trimEnd()))
    const named = form === 'text' ? secretsText(secrets) : ''
    if (named !== '') terminal.answer(`\n${named}`)
  }
  terminal.report(
    ok ? `${paint('green', '✓')} valid: ${diagnosticCounts(diagnostics)}` : `${diagnosticCounts(diagnostics)}.`,
  )
}
