/** Diagnostics at places of a pipeline file that are named by their path. */
import type { ConfigPath, PipelineFile } from '../config/pipeline.ts'
import { Problems } from '../config/problems.ts'
import type { Diagnostic, ErrorCode } from '../model/error.ts'

export interface ReportDetails {
  readonly hint?: string | undefined
  /** `value` if not given. */
  readonly part?: 'key' | 'value'
  /** A place inside a text value. */
  readonly within?: { readonly offset: number; readonly length: number } | undefined
}

export class Report {
  readonly pipeline: PipelineFile
  readonly #problems = new Problems()

  constructor(pipeline: PipelineFile) {
    this.pipeline = pipeline
  }

  error(code: ErrorCode, path: ConfigPath, message: string, details: ReportDetails = {}): void {
    this.#add('error', code, path, message, details)
  }

  warning(code: ErrorCode, path: ConfigPath, message: string, details: ReportDetails = {}): void {
    this.#add('warning', code, path, message, details)
  }

  /**
   * Rows of a node have nowhere to go after an error, or when they can't be read. False, and no error, if a key says where that was
   * misspelt, which is one.
   */
  routeMissing(
    kind: 'on_error' | 'on_invalid',
    node: ConfigPath,
    problem: { readonly message: string; readonly path?: ConfigPath } & ReportDetails,
  ): boolean {
    const { pipeline } = this
    const misspelt =
      pipeline.misspells(node, kind) ||
      pipeline.misspells(['defaults'], kind) ||
      (!pipeline.has(['defaults']) && pipeline.misspells([], 'defaults'))
    if (misspelt) return false
    const { message, path = node, ...details } = problem
    this.error('CUSTODY_ERROR_ROUTE_MISSING', path, message, details)
    return true
  }

  get failed(): boolean {
    return this.#problems.failed
  }

  list(): readonly Diagnostic[] {
    return this.#problems.list()
  }

  #add(
    severity: Diagnostic['severity'],
    code: ErrorCode,
    path: ConfigPath,
    message: string,
    { hint, part = 'value', within }: ReportDetails,
  ) {
    const span = this.pipeline.locate(path, part, within)
    this.#problems.add(severity, code, { ...span, file: span.file ?? this.pipeline.file }, message, hint)
  }
}
