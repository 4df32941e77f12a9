/** When a function fails, as it says itself. */
import { grouped } from '../../model/number-text.ts'
import { MAX_TEXT } from '../operators.ts'
import type { Possible } from './possible.ts'

/**
 * Where it fails on such arguments, each of one kind, as a clause without a full stop; null if it doesn't. `names`: the
 * arguments as they are written, in quotes.
 */
export type Fails = (args: readonly Possible[], names: readonly string[]) => string | null

export const never: Fails = () => null

/** For texts that may become as long as that. */
export const tooLong = (length: number): string | null =>
  length > MAX_TEXT ? `the text becomes longer than ${grouped(MAX_TEXT)} characters` : null
