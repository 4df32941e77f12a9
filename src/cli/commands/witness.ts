/** `custody witness`: the command and its options; witness/run-witness.ts and witness/catch-up.ts do the work. */
import { Command } from 'commander'
import { collect, withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { WitnessArguments } from '../witness/arguments.ts'

const AFTER = `
To be a witness of a ledger that somebody else keeps:
  custody witness --listen 127.0.0.1:7380 --key witness.key --state witness-state \\
    --log 'custody/<ledger>/0 <verifier key>'
A verifier key alone stands for each ledger of that key. What to put into a policy is printed at the start.

To give the latest head of your ledger to its witnesses now, and not with the next run:
  custody witness --catch-up`

export function witnessCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('witness'))
    .summary('cosign other people’s ledgers, or have yours cosigned')
    .description(
      'Runs a witness (C2SP tlog-witness) until Ctrl-C: it remembers the head of each log that it knows, and cosigns those that extend it, and no others. With --catch-up it gives the head of your ledger to witnesses instead.',
    )
    .option('--listen <host:port>', 'the address to listen on; port 0 takes one that is free')
    .option('--log <log>', "a log that it knows: 'ORIGIN VERIFIER-KEY', or a verifier key alone; repeatable", collect)
    .option('--key <file>', 'its keys, for nothing else; made if the file isn’t there')
    .option(
      '--name <name>',
      'the name of keys that are made, best a domain and path of yours, as in example.com/witness',
    )
    .option('--state <dir>', 'the folder in which it remembers the head of each log; made if it isn’t there')
    .option('--catch-up', 'give the head of a ledger to its witnesses')
    .option('--policy <file>', 'with --catch-up: the witnesses (default: `witnesses` in your configuration folder)')
    .option('--timestamps <url>', 'with --catch-up: a timestamp authority (default: as `timestamps` there says)')
    .option('--json', 'print the address and keys, or what was caught up with, as JSON')
    .addHelpText('after', AFTER)
    .action(async (options: WitnessArguments) => {
      if (options.catchUp === true) done(await (await import('../witness/catch-up.ts')).catchUpLedger(context, options))
      else done(await (await import('../witness/run-witness.ts')).runWitness(context, options))
    })
}
