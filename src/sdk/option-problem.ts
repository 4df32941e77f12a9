/** What a look at the options of a plugin finds, before a run. */

/** What is wrong with an option. */
export interface OptionProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly hint?: string
  /** An error if absent. */
  readonly severity?: 'warning'
}

/** Packages that a plugin loads only for some options, and that aren't installed. */
export interface MissingPackages {
  /** The option that asks for them. */
  readonly path: readonly (string | number)[]
  /** At least one. */
  readonly names: readonly string[]
  /** The command that installs them, in a version that the plugin knows. */
  readonly install: string
}
