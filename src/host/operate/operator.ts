/** What operators do from afar: each is a command of this program, in a process of its own. */
import type { z } from 'zod'
import type { PipelineFile, RerunRequest, ResumeRequest, StartRequest, WhatIfRequest } from '../../api/operate.ts'
import { openLedgerReader } from '../../ledger/open.ts'
import { findRun } from '../../read/runs/list.ts'
import { planOf } from '../../read/runs/opening-values.ts'
import { checkedRun, UNOBSERVED } from '../checked-run.ts'
import { pipelineOnRecord } from '../pipeline-on-record.ts'
import { TooManyError } from '../too-many.ts'
import { beginRun, type Program } from './begin-run.ts'
import { refuseOtherPlugins } from './own-plugins.ts'
import type { PipelinesFolder } from './pipelines-folder.ts'
import { runSettings, whatIfSettings } from './settings-allowed.ts'
import { RunStopper } from './stop-run.ts'

export interface OperatorPorts {
  /** URL of the ledger that runs are recorded in. */
  readonly url: string
  readonly program: Program
  readonly pipelines: PipelinesFolder
}

/** Each reads and writes; more at once would hold each other up. */
const MOST_RUNNING = 8
const TRY_AGAIN_MS = 10_000

export class Operator {
  private readonly ports: OperatorPorts
  private readonly stopper = new RunStopper()
  private running = 0

  constructor(ports: OperatorPorts) {
    this.ports = ports
  }

  get folder(): string {
    return this.ports.pipelines.folder
  }

  list(): Promise<readonly PipelineFile[]> {
    return this.ports.pipelines.list()
  }

  /** Each of these gives the id of the run when it has begun. @throws CustodyError of the command, or if this isn't to be run */
  start({ pipeline, set = {}, limit }: z.output<typeof StartRequest>): Promise<string> {
    const file = this.ports.pipelines.fileOf(pipeline)
    return this.begin(['run', file, ...sets(runSettings(set)), ...(limit === undefined ? [] : [`--limit=${limit}`])])
  }

  async resume(name: string, { set = {} }: z.output<typeof ResumeRequest>): Promise<string> {
    const run = await this.runToRepeat(name)
    return this.begin(['resume', run, ...sets(runSettings(set))])
  }

  async rerun(name: string, { where, pipeline, fresh }: z.output<typeof RerunRequest>): Promise<string> {
    const { pipelines } = this.ports
    const run = pipeline === undefined ? await this.runToRepeat(name) : await this.idOf(name)
    return this.begin([
      ...['rerun', run],
      ...(where === undefined ? [] : [`--where=${where}`]),
      ...(pipeline === undefined ? [] : [`--pipeline=${pipelines.fileOf(pipeline)}`]),
      ...(fresh === true ? ['--fresh'] : []),
    ])
  }

  /** The plan that the run has on record, changed, on its recorded answers: nobody is asked, and no output is written. */
  async whatIf({ run: name, set }: z.output<typeof WhatIfRequest>): Promise<string> {
    const run = await this.runToRepeat(name)
    return this.begin(['replay', `--from=${run}`, '--no-outputs', ...sets(whatIfSettings(set))])
  }

  stop(name: string): ReturnType<RunStopper['stop']> {
    return this.stopper.stop(this.ports.url, name)
  }

  private async begin(words: readonly string[]): Promise<string> {
    if (this.running >= MOST_RUNNING)
      throw new TooManyError(`${MOST_RUNNING} runs that were started from here are under way`, TRY_AGAIN_MS)
    this.running += 1
    const over = () => {
      this.running -= 1
    }
    try {
      const { run, ended } = await beginRun(this.ports.program, this.ports.url, words)
      void ended.finally(over)
      return run
    } catch (error) {
      over()
      throw error
    }
  }

  private async idOf(name: string): Promise<string> {
    const reader = await openLedgerReader(this.ports.url)
    try {
      return (await findRun(reader, name)).run
    } finally {
      await reader.close()
    }
  }

  /** The run of that name, if its pipeline may be run from here, by what was signed of it. @throws UnsoundRecord */
  private async runToRepeat(name: string): Promise<string> {
    const reader = await openLedgerReader(this.ports.url)
    try {
      const { reader: checked, run, log } = await checkedRun(this.ports.program.env, reader, name, UNOBSERVED)
      const plan = await planOf(checked, log)
      const { file, sets: given } = pipelineOnRecord(plan)
      refuseOtherPlugins(this.ports.pipelines.within(file), plan.text, given)
      return run
    } finally {
      await reader.close()
    }
  }
}

/** By `=`, so that a value that begins with a dash is none the less a value. */
function sets(settings: readonly string[]): readonly string[] {
  return settings.map(each => `--set=${each}`)
}
