/** What is odd about a pipeline that is run all the same. */
import type { CheckedPipeline } from '../host/compile.ts'
import type { Context } from './context.ts'
import { diagnosticCounts, renderDiagnostics } from './render/diagnostics.ts'
import { sourceLines } from './source-lines.ts'

/** On standard error. */
export function reportWarnings({ terminal }: Context, { diagnostics, texts }: CheckedPipeline): void {
  const view = { paint: terminal.paint_stderr, columns: terminal.columns_stderr, sourceLine: sourceLines(texts) }
  terminal.report(`${renderDiagnostics(diagnostics, view)}\n${diagnosticCounts(diagnostics)}.\n`)
}
