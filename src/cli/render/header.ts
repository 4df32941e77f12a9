/** What a run begins with. */
import type { Again } from '../../host/start.ts'
import type { Plan } from '../../plan/plan.ts'
import { numberOfRows } from '../../read/recorded/repeats.ts'
import type { Context } from '../context.ts'
import { counted, listed, printable, shortRun } from './text.ts'

interface HeaderOptions {
  readonly dryRun?: boolean
  readonly outputs?: string | false
  readonly limit?: number
}

/** One line: the program, the pipeline, how large it is, and what is special about the run. */
export function headerText(
  { version, terminal }: Pick<Context, 'version' | 'terminal'>,
  plan: Plan,
  { dryRun, outputs, limit }: HeaderOptions,
  again: Again | null,
): string {
  const number = (...kinds: readonly string[]) => plan.nodes.filter(node => kinds.includes(node.kind)).length
  const gates = number('gate')
  const parts = [
    `Custody ${version}`,
    terminal.paint_stderr('bold', printable(plan.name)),
    `${counted(number('transform', 'gate', 'fork', 'coalesce', 'aggregate', 'join', 'sort'), 'node')}${gates > 0 ? `, ${counted(gates, 'gate')} among them` : ''}`,
    counted(number('sink'), 'output'),
    ...(plan.splits === null ? [] : [counted(plan.splits.count, 'split')]),
    ...(limit === undefined ? [] : [`at most ${counted(limit, 'record')}`]),
    ...(dryRun === true ? ['dry run: nothing is written'] : []),
    ...(outputs === false ? ['no output is written'] : []),
    ...(again === null ? [] : [againText(again, plan)]),
  ]
  return parts.join(' · ')
}

function againText(again: Again, { nodes }: Plan): string {
  if (again.kind === 'replay')
    return `${again.live ? 'compared with run' : 'on the answers of run'} ${shortRun(again.run)}…`
  const { run, rows } = again.repeats
  // Batches have other members than in the other run.
  const kinds = ['aggregate', 'join', 'sort']
  const alone = kinds.filter(each => nodes.some(({ kind }) => kind === each)).map(each => `${each}s`)
  const others = alone.length === 0 ? '' : `, and ${listed(alone)} see no others`
  return `${counted(numberOfRows(rows), 'row')} of run ${shortRun(run)}… again${others}`
}
