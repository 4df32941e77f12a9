/** What is said of a code, in the tables that `docs/errors.md` is generated from. */

export interface ErrorSpec {
  /** What is wrong, in general. */
  readonly summary: string
  /** What to do; the default hint. */
  readonly hint: string
  /** 1: the run stopped or a check found something wrong; 2: the configuration or the arguments are wrong; 3: `--strict`. */
  readonly exit: 1 | 2 | 3
  /** Whether a run that it stopped can only be abandoned. */
  readonly final: boolean
}

export const spec = (exit: 1 | 2 | 3, summary: string, hint: string): ErrorSpec => ({
  exit,
  summary,
  hint,
  final: false,
})
export const finalSpec = (exit: 1 | 2 | 3, summary: string, hint: string): ErrorSpec => ({
  exit,
  summary,
  hint,
  final: true,
})
