/** One line per row. */
import type { Json, Row } from '../../model/row.ts'
import type { RowError } from '../../sdk/spec.ts'
import type { ExistingFile, RowFormat } from './file-sink.ts'

type LineState = { readonly begun: boolean }
const BEGUN: LineState = { begun: true }
const NOT_BEGUN: LineState = { begun: false }

export class LineFormat implements RowFormat {
  readonly #line: (row: Row) => string | RowError
  #begun = false
  /** Ends the last line of the file that is appended to, if it has no end. */
  #gap = ''

  /** @param line the row's text with its line break, or why there is none */
  constructor(line: (row: Row) => string | RowError) {
    this.#line = line
  }

  begin(state: Json, existing: ExistingFile | null): void {
    this.#begun = (state as LineState | null)?.begun ?? false
    this.#gap = !this.#begun && existing !== null && !endsLine(existing) ? '\n' : ''
  }

  row(row: Row): string | RowError {
    const line = this.#line(row)
    if (typeof line !== 'string' || this.#begun) return line
    this.#begun = true
    return this.#gap + line
  }

  lead(): string {
    if (this.#begun) return ''
    this.#begun = true
    return this.#gap
  }

  follows(): boolean {
    this.#begun = true
    return true
  }

  end(): string {
    return ''
  }

  state(): Json {
    return this.#begun ? BEGUN : NOT_BEGUN
  }
}

/** Whether what was there before ends with a line break. */
export function endsLine({ bytes, part }: ExistingFile): boolean {
  return part(bytes - 1, 1)[0] === 0x0a
}
