/** What operators do: start, stop, resume, re-run, and try changes on recorded answers. */
import { z } from 'zod'
import { RunId, RunName } from './common.ts'

export const PipelineFile = z.object({
  path: z.string().describe('relative to the folder of pipelines'),
  name: z.string().nullable(),
  problems: z.array(z.string()).describe('why it can’t be started; empty if it can'),
})
export type PipelineFile = z.infer<typeof PipelineFile>
export const Pipelines = z.object({ folder: z.string(), pipelines: z.array(PipelineFile) })

/** What becomes a word of a command, which ends at a NUL. */
const word = (most: number) =>
  z
    .string()
    .max(most)
    .refine(text => !text.includes('\0'), 'there is a NUL in it')
const Settings = z
  .record(word(200).min(1), word(2000))
  .describe('as `--set path=value`: of limits, retry and guards; to try something, of nodes')

export const StartRequest = z.object({
  pipeline: word(4000).describe('a file below the folder of pipelines'),
  set: Settings.optional(),
  limit: z.int().min(1).optional(),
})
/** `set`: as for a start. */
export const ResumeRequest = z.object({ set: Settings.optional() })
export const RerunRequest = z.object({
  where: word(20_000).optional().describe('a CEL expression; without it: the failed rows'),
  pipeline: word(4000).optional(),
  fresh: z.boolean().optional(),
})
/** A change tried on the recorded answers of a run: nothing is bought, no output of the pipeline is touched. */
export const WhatIfRequest = z.object({ run: RunName, set: Settings })

/** A run was begun (202): its process writes it on, whatever becomes of the server. */
export const Begun = z.object({ run: RunId })
export const Stopping = z.object({
  run: RunId,
  stopping: z.boolean(),
  why: z
    .enum(['not_here', 'no_signals'])
    .nullable()
    .describe(
      'why it isn’t stopped: no process of this machine surely holds it; or the system (Windows) can’t interrupt the process of another',
    ),
  pid: z.int().nullable().describe('of the process that holds it, where that is on this machine'),
})
export type Stopping = z.infer<typeof Stopping>
export type Begun = z.infer<typeof Begun>
