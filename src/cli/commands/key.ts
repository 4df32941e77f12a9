/** `custody key …`: the commands and their options; keys.ts and change-keys.ts do the work. */
import { Command } from 'commander'
import { withLedgerOption } from '../arguments.ts'
import type { NewKeyOptions, RevokeOptions } from '../change-keys.ts'
import type { Context } from '../context.ts'
import type { KeyOptions } from '../keys.ts'

export function keyCommand(context: Context, done: (exit: number) => void): Command {
  const work = () => import('../keys.ts')
  const show = new Command('show')
    .summary('print your verifier keys, or those of a ledger')
    .description(
      'Prints the verifier keys of your signing key, a line for each, for those who are to trust what you sign; with --ledger those that are in force in that ledger, whosever they are. Makes a key if there is none.',
    )
    .option('--ledger <url>', 'show the keys that are in force in this ledger')
    .option('--json', 'print it as JSON')
    .action(async (options: KeyOptions) => {
      await (await work()).showKey(context, options)
      done(0)
    })
  const trust = new Command('trust')
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
    .summary('show, trust and change signing keys')
    .description(
      'Shows your verifier keys, trusts those of others, and changes which keys may write a ledger: docs/keys.md says how they belong together.',
    )
    .addCommand(show)
    .addCommand(trust)
    .addCommand(rotate)
    .addCommand(newCommand(context, done))
    .addCommand(recoverCommand(context, done))
    .addCommand(requestCommand(context, done))
    .addCommand(addCommand(context, done))
    .addCommand(retireCommand(context, done))
    .addCommand(revokeCommand(context, done))
}

const changes = () => import('../change-keys.ts')

function newCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('new')
    .summary('make a key to be kept offline')
    .description('Makes a pair of keys in a file of its own, and prints its verifier keys.')
    .requiredOption('--out <file>', 'the file to be made')
    .option('--recovery', 'let each ledger that you begin from now on name it as its recovery key')
    .option('--json', 'print its verifier keys as JSON')
    .action(async (options: NewKeyOptions) => {
      ;(await changes()).makeKey(context, options)
      done(0)
    })
}

function recoverCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('recover'))
    .summary('put your key in force with the recovery key, whatever became of the others')
    .description(
      'Signs with the recovery key that the ledger was born with that your key is in force, and takes all others away. Your key is made if you have none, and anew if it was revoked.',
    )
    .requiredOption('--with <file>', 'the file of the recovery key, as `key new` made it')
    .option('--revoke', 'others may have the former keys: what they signed, and no sealed run binds, counts no more')
    .option('--json', 'print your keys as JSON')
    .action(async (options: KeyOptions & { readonly with: string }) => {
      await (await changes()).recoverLedger(context, options)
      done(0)
    })
}

function requestCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('request'))
    .summary('ask that your key may write a ledger, too')
    .description(
      'Prints a request that your key is added to those that may write a ledger, signed with it, as JSON. It holds until something else is written to the ledger.',
    )
    .action(async (options: KeyOptions) => {
      await (await changes()).printKeyRequest(context, options)
      done(0)
    })
}

function addCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('add'))
    .summary('let another machine’s key write a ledger, too')
    .description('Adds the key that another machine asks for to those that may write the ledger.')
    .argument('<file>', 'what `key request` printed there')
    .option('--json', 'print your keys as JSON')
    .action(async (file: string, options: KeyOptions) => {
      await (await changes()).addKey(context, file, options)
      done(0)
    })
}

function retireCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('retire'))
    .summary('take another machine’s key away')
    .description(
      'From now on the keys of this name write the ledger no more. What they signed before still counts: if somebody else may have them, use `key revoke`.',
    )
    .argument('<name>', 'as `key show` prints it before the first +')
    .option('--json', 'print your keys as JSON')
    .action(async (name: string, options: KeyOptions) => {
      await (await changes()).retireKeys(context, name, options)
      done(0)
    })
}

function revokeCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('revoke'))
    .summary('say that a key was stolen or lost, and take it away for good')
    .description(
      'From now on no head is good under the keys of this name, and they can never be added again. What they signed of runs that weren’t sealed counts no more. Another key that is in force must sign that, or the recovery key.',
    )
    .argument('<name>', 'as `key show` prints it before the first +')
    .option('--with <file>', 'the file of the recovery key: if no other key is in force, or you have none of them')
    .option('--json', 'print what was revoked as JSON')
    .action(async (name: string, options: RevokeOptions) => {
      await (await changes()).revokeKeys(context, name, options)
      done(0)
    })
}
