/**
 * From files to a pipeline. Each file is read as bytes, for its encoding and its beginning; as records, with every question asked of
 * every value; together with others that are of its shape once more; and at last as the pipeline that is written will read it, so that
 * what is said of rejected records is what a run will do.
 */
import { resolve } from 'node:path'
import type { SourceFinding } from './finding.ts'
import type { Known } from './format.ts'
import { readAsFound } from './infer-file.ts'
import { type Input, inputPath, inputsNamed } from './input.ts'
import { type Look, lookAt } from './look.ts'
import { commonName, freePath, pipelineName, sourceName } from './names.ts'
import { type Output, pipelineText } from './pipeline.ts'
import { asNamed } from './place.ts'
import { type Shape, shapesOf } from './shapes.ts'

export interface InferRequest {
  /** Of files, at least one; or patterns of such. */
  readonly names: readonly string[]
  /** Where these start from, absolute. */
  readonly cwd: string
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
  readonly sources: readonly SourceFinding[]
}

const PROBLEMS = 'problems'

/** @throws CustodyError of the first file that can’t be read as anything, as `lookAt` does; CUSTODY_FILE_NOT_FOUND of a pattern. */
export async function inferPipeline({ names, cwd, folder, known, command }: InferRequest): Promise<Inferred> {
  const inputs = await inputsNamed(names, cwd)
  const looks: Look[] = []
  for (const input of inputs) looks.push(await lookAt(input, known))
  const shapes = await shapesOf(looks, folder)
  const [first = folder] = inputs.map(inputPath)
  const name = pipelineName(shapes.length === 1 ? nameOf(inputs) : first)
  const taken = new Set([PROBLEMS])
  const named = shapes.map(shape => ({ shape, source: sourceName(nameOf(inputsOf(shape)), taken) }))
  const used = new Set(inputs.map(({ file }) => file))
  const outputs: readonly Output[] = named.map(({ shape: { looks }, source }) => {
    const kind = looks[0].plugin === 'csv' ? 'csv' : 'jsonl'
    const sink = sourceName(shapes.length === 1 ? 'all' : `${source}_out`, taken)
    return { sink, plugin: kind, path: freePath(`out/${shapes.length === 1 ? name : source}`, kind, folder, used) }
  })
  const problems = { sink: PROBLEMS, path: freePath(`out/${name}-problems`, 'jsonl', folder, used) }
  const written = [...outputs, problems].map(({ path }) => resolve(folder, path))
  const sources: SourceFinding[] = []
  for (const { shape, source } of named) sources.push(await sourceOf(shape, source, folder, written))
  return { name, text: pipelineText({ name, command, sources, outputs, problems }), sources }
}

const inputsOf = ({ looks }: Shape): readonly Input[] => looks.map(({ input }) => input)

/** Of an archive whose members are read, its own. */
function nameOf(inputs: readonly Input[]): string {
  const [file, ...others] = new Set(inputs.map(each => each.file))
  return file !== undefined && inputs.length > 1 && others.length === 0 ? file : commonName(inputs.map(inputPath))
}

async function sourceOf(
  { looks, place, found }: Shape,
  source: string,
  folder: string,
  outputs: readonly string[],
): Promise<SourceFinding> {
  const inputs = looks.map(({ input }) => input)
  const { path: _, literal: _literal, members: _members, ...others } = found.options
  const options = { ...(await asNamed(place, inputs, folder, outputs)), ...others }
  const { records, rejected, doubts } = await readAsFound({ ...found, options }, looks[0], folder)
  const { mode, fields } = found
  const { plugin } = looks[0]
  const { path } = options
  return { path, files: inputs.length, source, plugin, options, mode, records, rejected, fields, doubts }
}
