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
