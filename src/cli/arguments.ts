/** What arguments of several commands have in common. Each reader throws what commander reports as a wrong argument. */
import { type Command, InvalidArgumentError } from 'commander'
import type { WorkerCount } from '../host/splits/workers.ts'
import { idIn, idText } from '../model/part-ids.ts'
import { type NamedRow, namedRow } from '../read/recorded/named-row.ts'

/** A whole number from `least` up; no sign, fraction or exponent. */
export function integerFrom(least: number): (text: string) => number {
  return text => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : -1
    if (number < least) throw new InvalidArgumentError(`It must be a whole number from ${least} up.`)
    return number
  }
}

/** A number of a row, a token or the like: `17`, or `3:17` in split 3 of a run with splits. */
export function idFrom(text: string): number {
  const id = idIn(text)
  if (id === null) throw new InvalidArgumentError(`${NUMBERS}.`)
  return id
}

const NUMBERS = 'It must be a whole number from 1 up, or 3:17 for the 17th of split 3'

/** The same, or `orders:42`: record 42 of the source `orders`. */
export function rowFrom(text: string): NamedRow {
  const row = namedRow(text)
  if (row === null) throw new InvalidArgumentError(`${NUMBERS}, or orders:42 for record 42 of the source orders.`)
  return row
}

/** For people. */
export function rowText(row: NamedRow): string {
  return typeof row === 'number' ? idText(row) : `${row.source}:${row.index}`
}

/** How many threads work on splits. */
export function workersFrom(text: string): WorkerCount {
  if (text === 'auto') return text
  const number = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (number < 1) throw new InvalidArgumentError('It must be a whole number from 1 to 999, or auto.')
  return number
}

/** How many splits a worker works on at once. */
export function threadsFrom(text: string): number {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (number < 1) throw new InvalidArgumentError('It must be a whole number from 1 to 999.')
  return number
}

/** One of several words. */
export function oneOf<const W extends string>(words: readonly W[]): (text: string) => W {
  return text => {
    const found = words.find(word => word === text)
    if (found === undefined) throw new InvalidArgumentError(`It must be ${words.join(' or ')}.`)
    return found
  }
}

/** An option that may be given several times: collects. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text]
}

/** Options of commands that only read a ledger. */
export function withLedgerOption(command: Command): Command {
  return withLedgerKey(
    command.option(
      '--ledger <url>',
      'the ledger, sqlite:PATH or postgres://… (default: $CUSTODY_LEDGER, else sqlite:./custody.db)',
    ),
  )
}

/** Where the key of encrypted values is; program.ts sees to it that it is read before the command does anything. */
export function withLedgerKey(command: Command): Command {
  return command.option(
    '--ledger-key <ref>',
    'the key of encrypted values: a file, or secret:NAME (default: $CUSTODY_LEDGER_KEY)',
  )
}
