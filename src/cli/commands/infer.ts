/** `custody infer FILE…`: the command and its options; infer-pipeline.ts does the work. */
import { Command } from 'commander'
import { oneOf } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { InferOptions } from '../infer-pipeline.ts'

const FORMATS = ['csv', 'jsonl', 'json', 'text', 'excel', 'parquet'] as const

export function inferCommand(context: Context, done: (exit: number) => void): Command {
  return new Command('infer')
    .summary('write a pipeline file for data files')
    .description(
      'Reads data files (CSV and its kin, JSON, JSON lines, text, also compressed or in ZIP archives; Excel workbooks, Parquet), and writes a pipeline with comments that runs as it stands: how the files are written, the types of their fields, what is odd about them, and what it wasn’t certain of.',
    )
    .argument('<files...>', 'the data files; also a quoted pattern of such')
    .option('--out <path>', 'write the pipeline to this file, not to standard output')
    .option('--force', 'overwrite that file')
    .option('--format <name>', `${FORMATS.join(', ')}, if it is known`, oneOf(FORMATS))
    .option('--delimiter <text>', 'what stands between cells, if it is known; tab is a tab')
    .option('--header <word>', 'whether the first record names the columns, if it is known', oneOf(['yes', 'no']))
    .option('--json', 'print all that was found out as JSON')
    .action(async (files: readonly string[], options: InferOptions) => {
      const { inferCommandLine } = await import('../infer-pipeline.ts')
      await inferCommandLine(context, files, options)
      done(0)
    })
}
