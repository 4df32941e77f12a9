/** Collects diagnostics at places of the sources. One problem at one place is reported once, however often it is met. */
import type { Diagnostic, ErrorCode } from '../model/error.ts'
import { withoutLedgerKeys } from '../model/ledger-key-text.ts'
import type { Place, Span } from './source-text.ts'
import { spanOf } from './tree.ts'

export class Problems {
  readonly #found = new Map<string, Diagnostic>()

  error(code: ErrorCode, at: Place, message: string, hint?: string): void {
    this.add('error', code, spanOf(at), message, hint)
  }

  warning(code: ErrorCode, at: Place, message: string, hint?: string): void {
    this.add('warning', code, spanOf(at), message, hint)
  }

  get failed(): boolean {
    return [...this.#found.values()].some(each => each.severity === 'error')
  }

  /** In the order of the files' lines; what comes from `--set` last. */
  list(): readonly Diagnostic[] {
    return [...this.#found.values()].sort(inOrder)
  }

  add(
    severity: Diagnostic['severity'],
    code: ErrorCode,
    span: Span & { readonly file: string },
    message: string,
    hint: string | undefined,
  ): void {
    const { file, line, column, length } = span
    const key = `${file}:${line}:${column}:${code}:${message}`
    if (this.#found.has(key)) return
    this.#found.set(key, {
      file,
      line,
      column,
      length,
      severity,
      code,
      message: withoutLedgerKeys(message),
      ...(hint === undefined ? {} : { hint }),
    })
  }
}

/** Compares diagnostics by place; stable for those at one place. */
export function inOrder(a: Diagnostic, b: Diagnostic): number {
  const set = Number(a.file === '--set') - Number(b.file === '--set')
  return set || a.line - b.line || a.column - b.column
}
