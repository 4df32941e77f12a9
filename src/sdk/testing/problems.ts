/** What the conformance checks find: problems, each of one check and, as a rule, of one example. */
import type { Json } from '../../model/row.ts'
import { type ThrownAt, thrownAt } from '../../model/thrown-at.ts'

/** What is checked, by name, as a sentence that holds where no problem is found. */
export const CHECKS = {
  spec: 'the spec is sound',
  options: 'options have a JSON Schema, and refuse what nothing reads',
  examples: 'examples give what they say',
  secrets: 'nothing that is recorded has the value of a secret',
  repeat: 'the same row gives the same, a second time too',
  restart: 'begun anew before any row, it gives the same at the same position',
  any_row: 'no row makes it throw, whatever its fields hold',
  guarantees: 'rows that leave are what `guarantees` says',
  reading: 'what it yields is sound, and a second time the same',
  resuming: 'reading on from any position gives the same rest',
  cutting: 'ranges that it is cut into give what the whole gives, each by itself',
  hashes: 'hashes are those of the bytes that were read',
  preparing: 'prepare() touches nothing',
  writing: 'receipts and the artifact say what was written',
  winding_back: 'wound back to a receipt, it leaves the same bytes',
  requests: 'it makes the same request of a row each time',
  sending: 'services, batches and whether it is idempotent are declared',
} as const

export type Check = keyof typeof CHECKS

export interface ConformanceProblem {
  readonly check: Check
  /** Title of the example; null where it is of the plugin as a whole. */
  readonly example: string | null
  /** A sentence without its end. */
  readonly message: string
  /** What was expected and what is there, where two values are compared. */
  readonly differs?: { readonly expected: Json; readonly actual: Json }
  /** Where in its author's source it was thrown, if it was. */
  readonly at?: ThrownAt
}

/** In one sentence: whose problem, which, and what differs. */
export function problemText(plugin: string, { example, message, differs }: ConformanceProblem): string {
  const where = example === null ? plugin : `${plugin}, “${example}”`
  const both =
    differs === undefined ? '' : ` says ${JSON.stringify(differs.expected)}, gives ${JSON.stringify(differs.actual)}`
  return `${where}: ${message}${both}`
}

/** What was begun, in order, and what was found. */
export class Findings {
  readonly problems: ConformanceProblem[] = []
  readonly begun = new Set<Check>()
  readonly #texts = new Set<string>()

  /** Each problem of an example once. */
  add(problem: ConformanceProblem): void {
    const text = JSON.stringify([problem.check, problem.example, problem.message])
    if (this.#texts.has(text)) return
    this.#texts.add(text)
    this.problems.push(problem)
  }
}

/** Where a check adds what it finds. */
export class Problems {
  readonly #findings: Findings
  readonly #check: Check
  readonly #example: string | null

  constructor(findings: Findings, check: Check, example: string | null) {
    this.#findings = findings
    this.#check = check
    this.#example = example
    findings.begun.add(check)
  }

  /** Of another check of the same example. */
  of(check: Check): Problems {
    return new Problems(this.#findings, check, this.#example)
  }

  add(message: string, more: Pick<ConformanceProblem, 'differs' | 'at'> = {}): void {
    this.#findings.add({ check: this.#check, example: this.#example, message, ...more })
  }

  expect(holds: boolean, message: string): void {
    if (!holds) this.add(message)
  }

  /** What was thrown, with its place. */
  threw(what: string, thrown: unknown): void {
    const at = thrownAt(thrown)
    this.add(`${what}: ${messageOf(thrown)}`, at === null ? {} : { at })
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
