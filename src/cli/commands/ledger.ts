/** `custody ledger …`: the commands and their options; begin-ledger.ts, copy-ledger.ts and ledger-keys.ts do the work. */
import { Command } from 'commander'
import type { GivenLedger } from '../../host/ledger.ts'
import { integerFrom, withLedgerOption } from '../arguments.ts'
import type { LedgerInitOptions } from '../begin-ledger.ts'
import type { Context } from '../context.ts'
import type { LedgerCopyOptions } from '../copy-ledger.ts'
import type { LedgerKeyOptions, RekeyOptions } from '../ledger-keys.ts'

export function ledgerCommand(context: Context, done: (exit: number) => void): Command {
  const init = withLedgerOption(new Command('init'))
    .summary('make a ledger before the first run does')
    .description(
      'Makes an empty ledger, in PostgreSQL with its roles; to name a recovery key, or the ledger in whose place it is.',
    )
    .option('--recovery <file>', 'verifier keys of the recovery key (default: the one that `key new --recovery` made)')
    .option('--succeeds <url>', 'a ledger whose keys are lost: the new one names its id and its last head')
    .option(
      '--accept-rollback <size>',
      'what --succeeds names is an older copy whose own log has so many entries, and the newest is lost',
      integerFrom(1),
    )
    .option('--json', 'print what it is as JSON')
    .action(async (options: LedgerInitOptions) => {
      await (await import('../begin-ledger.ts')).beginLedger(context, options)
      done(0)
    })
  const roles = withLedgerOption(new Command('roles'))
    .summary('make the roles of a ledger in PostgreSQL')
    .description(
      'Makes the roles of a ledger in PostgreSQL for those who write, read and erase, and gives them what each needs. `ledger init` does that, too; this is for a ledger that a run has made, and for a newer version of Custody.',
    )
    .action(async (options: GivenLedger) => {
      await (await import('../begin-ledger.ts')).makeLedgerRoles(context, options)
      done(0)
    })
  const copy = new Command('copy')
    .summary('move a ledger to another store, or copy it')
    .description(
      'Copies a ledger to where nothing is, compares the two record by record, and with what was signed, and has the copy written from then on: nothing is appended to the original any more. Nobody may be writing to it. If it fails, the same command can be given again.',
    )
    .argument('<from>', 'the URL of the ledger, as in sqlite:./custody.db')
    .argument('<to>', 'the URL of where it goes')
    .option('--keep', 'the original is written as before, and the copy is to read')
    .option('--json', 'print what was copied as JSON')
    .action(async (from: string, to: string, options: LedgerCopyOptions) => {
      await (await import('../copy-ledger.ts')).copyOfLedger(context, from, to, options)
      done(0)
    })
  return new Command('ledger')
    .summary('make or move a ledger, and keys to encrypt it with')
    .description(
      'Makes a ledger, moves one to another store, and makes and changes the keys that its values are encrypted with.',
    )
    .addCommand(init)
    .addCommand(roles)
    .addCommand(copy)
    .addCommand(ledgerKeyCommand(context, done))
    .addCommand(rekeyCommand(context, done))
}

const work = () => import('../ledger-keys.ts')

function ledgerKeyCommand(context: Context, done: (exit: number) => void): Command {
  const make = new Command('new')
    .summary('make a key in a new file')
    .description('Makes a key for `ledger.encryption` in a file of its own, which you alone may read.')
    .argument('<file>', 'the file to be made')
    .option('--json', 'print its id as JSON')
    .action(async (file: string, options: LedgerKeyOptions) => {
      ;(await work()).makeLedgerKey(context, file, options)
      done(0)
    })
  const show = new Command('id')
    .summary('print the id of a key')
    .description('Prints the id by which a ledger names a key. It says nothing of the key.')
    .argument('<ref>', 'a file that holds the key, or secret:NAME')
    .option('--json', 'print it as JSON')
    .action(async (ref: string, options: LedgerKeyOptions) => {
      await (await work()).showLedgerKey(context, ref, options)
      done(0)
    })
  return new Command('key')
    .summary('make a key that values are encrypted with')
    .description('Makes keys that values of ledgers are encrypted with. They sign nothing: that is `custody key`.')
    .addCommand(make)
    .addCommand(show)
}

function rekeyCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('rekey'))
    .summary('put another key in the place of the one that values are encrypted with')
    .description(
      'Encrypts the data keys of all encrypted values with another ledger key. Evidence isn’t touched. It can be ended at any time and begun again; no run may be under way meanwhile. --ledger-key names the former key.',
    )
    .requiredOption('--to <ref>', 'the new key: a file that holds it, or secret:NAME')
    .option('--json', 'print what was done as JSON')
    .action(async (options: RekeyOptions) => {
      await (await work()).rekeyLedger(context, options)
      done(0)
    })
}
