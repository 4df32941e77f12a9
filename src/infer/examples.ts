/** Values that don't fit, counted, and the first of them with their lines. */
import { jsonPrintable } from '../model/unsafe-text.ts'

/** Line of a record, from 1; of several files with the name of its own. */
export type LineName = number | `${number} of ${string}`

export interface Example {
  readonly line: LineName
  readonly value: string
}

const MOST_KEPT = 3
const MOST_UNITS = 40

export class Examples {
  count = 0
  readonly kept: Example[] = []

  add(value: string, line: LineName): void {
    this.count += 1
    if (this.kept.length < MOST_KEPT) this.kept.push({ line, value: cut(value) })
  }

  /** `"a" in line 17, "b" in line 20` */
  get text(): string {
    return this.kept.map(({ line, value }) => `${shown(value)} in line ${line}`).join(', ')
  }

  /** The first of them, `"a" in line 17`. */
  get first(): string {
    const [first] = this.kept
    return first === undefined ? '' : `${shown(first.value)} in line ${first.line}`
  }
}

function cut(value: string): string {
  return value.length > MOST_UNITS ? `${value.slice(0, MOST_UNITS)}…`.toWellFormed() : value
}

/** A value of the data on one line of a comment or a message, in quotes; also a text in YAML (double quotes). */
export function shown(value: string): string {
  return jsonPrintable(JSON.stringify(value))
}
