/** Problems of a text that someone wrote, a pipeline file or an expression, as one error. */
import { CustodyError, type Diagnostic } from '../model/error.ts'

/** A text has problems: all of them, reported together, each with its place. */
export class DiagnosticsError extends CustodyError {
  readonly diagnostics: readonly Diagnostic[]
  /** By file: what the diagnostics point into. */
  readonly texts: ReadonlyMap<string, string>
  /** Whether it was about a pipeline that would have been run or looked at. */
  readonly of_pipeline: boolean

  /** `diagnostics` has at least one of severity error. */
  constructor(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>, of_pipeline: boolean) {
    const first = diagnostics.find(each => each.severity === 'error')
    if (first === undefined) throw new TypeError('no error among the diagnostics')
    const { file, line, column, hint } = first
    super(first.code, first.message, { where: { file, line, column }, hint })
    this.diagnostics = diagnostics
    this.texts = texts
    this.of_pipeline = of_pipeline
  }
}
