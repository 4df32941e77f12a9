/** `custody mcp`: the command and its options; serve-mcp.ts does the work. */
import { Command } from 'commander'
import { withLedgerOption } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { McpCommandOptions } from '../serve-mcp.ts'

export function mcpCommand(context: Context, done: (exit: number) => void): Command {
  return withLedgerOption(new Command('mcp'))
    .summary('let an assistant read the ledger (MCP)')
    .description(
      'Serves the ledger’s record to an assistant that speaks MCP, over standard input and output: twelve tools that read, and change nothing. Clients start it by themselves; docs/mcp.md says how.',
    )
    .option('--no-values', 'leave every value out: what happened, and nothing of what was in the rows')
    .action(async (options: McpCommandOptions) => {
      const { serveMcp } = await import('../serve-mcp.ts')
      done(await serveMcp(context, options))
    })
}
