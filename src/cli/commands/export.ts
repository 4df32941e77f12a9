/** `custody export RUN`: the command and its options; export-run.ts does the work. */
import { Command } from 'commander'
import { oneOf, withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import { EXPORT_FORMATS, type ExportOptions } from '../export-formats.ts'

export function exportCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('export'))
    .summary('write the record of a run, or statements about it, for other tools')
    .description(
      'Writes what is on record of a run, checked first. As tables: jsonl, csv, parquet. As statements: prov (W3C PROV-JSON), openlineage (run events), in-toto (signed, one for each output file). As a log: tiles (C2SP tlog-tiles).',
    )
    .argument('<run>', 'a run: its id, a unique beginning of one, or latest')
    .requiredOption('--format <format>', EXPORT_FORMATS.join(', '), oneOf(EXPORT_FORMATS))
    .option(
      '--out <path>',
      'a folder for tables and tiles (default: export-RUN-FORMAT), else a file (default: standard output); nothing is replaced',
    )
    .option('--json', 'print as JSON what was written; statements then need --out')
    .action(async (run: string, options: ExportOptions) => {
      const { exportRun } = await import('../export-run.ts')
      done(await exportRun(context, run, options))
    })
}
