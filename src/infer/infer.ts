/**
 * From files to a pipeline. Each file is read three times: as bytes, for its encoding and its beginning; as records, with every question
 * asked of every value; and once more as the pipeline that is written will read it, so that what is said of rejected records is what a
 * run will do.
 */
import type { FileFinding } from './finding.ts'
import type { Known } from './format.ts'
import { inferFile } from './infer-file.ts'
import { freePath, pipelineName, sourceName } from './names.ts'
import { type Output, pipelineText } from './pipeline.ts'

export interface InferRequest {
  /** Absolute, at least one. */
  readonly paths: readonly string[]
  /** Where the pipeline is to lie, absolute. */
  readonly folder: string
  readonly known: Known
  /** The command, for people. */
  readonly command: string
}

export interface Inferred {
  readonly name: string
  /** Of the pipeline file. */
  readonly text: string
  readonly files: readonly FileFinding[]
}

const PROBLEMS = 'problems'

/** @throws CustodyError of the first file that can’t be read as anything, as `inferFile` does. */
export async function inferPipeline({ paths, folder, known, command }: InferRequest): Promise<Inferred> {
  const taken = new Set([PROBLEMS])
  const files: FileFinding[] = []
  for (const path of new Set(paths)) files.push(await inferFile(path, folder, sourceName(path, taken), known))
  const name = pipelineName(paths[0] ?? folder)
  const used = new Set(paths)
  const outputs: readonly Output[] = files.map(({ source, plugin }) => {
    const kind = plugin === 'csv' ? 'csv' : 'jsonl'
    const sink = sourceName(files.length === 1 ? 'all' : `${source}_out`, taken)
    return { sink, plugin: kind, path: freePath(`out/${files.length === 1 ? name : source}`, kind, folder, used) }
  })
  const problems = { sink: PROBLEMS, path: freePath(`out/${name}-problems`, 'jsonl', folder, used) }
  return { name, text: pipelineText({ name, command, files, outputs, problems }), files }
}
