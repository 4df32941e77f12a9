/** `custody key show|trust|rotate`: the commands and their options; keys.ts does the work. */
import { Command } from 'commander'
import { withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { KeyOptions } from '../keys.ts'

export function keyCommand(context: Context, done: (exit: number) => void): Command {
  const work = () => import('../keys.ts')
  const show = withLedgerOption(new Command('show'))
    .summary('print your verifier key')
    .description(
      'Prints the verifier key of your signing key, for those who are to trust what you sign. Makes a key if there is none.',
    )
    .option('--json', 'print it as JSON')
    .action(async (options: KeyOptions) => {
      await (await work()).showKey(context, options)
      done(0)
    })
  const trust = withLedgerOption(new Command('trust'))
    .summary('trust the verifier keys in a file')
    .description(
      'Trusts the verifier keys in a file from now on, in all ledgers: one key a line, as `key show` prints it.',
    )
    .argument('<file>', 'a file with a verifier key a line')
    .option('--json', 'print your keys as JSON')
    .action(async (file: string, options: KeyOptions) => {
      await (await work()).trustKeysIn(context, file, options)
      done(0)
    })
  const rotate = withLedgerOption(new Command('rotate'))
    .summary('put a new signing key in the place of yours')
    .description(
      'Makes a new signing key, and lets the ledger say, signed with the old one and the new, that it is in force from now on. Where you have a new key already, it takes the place of the former one in this ledger.',
    )
    .option('--revoke', 'others may have the old key: what it signed, and no sealed run binds, counts no more')
    .option('--json', 'print the new key as JSON')
    .action(async (options: KeyOptions) => {
      await (await work()).rotateOwnKey(context, options)
      done(0)
    })
  return new Command('key')
    .summary('show, trust and rotate signing keys')
    .description('Shows your verifier key, trusts those of others, or puts a new signing key in the place of yours.')
    .addCommand(show)
    .addCommand(trust)
    .addCommand(rotate)
}
