/** Writes the example, and says what to do with it. Never overwrites a file. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { CustodyError } from '../model/error.ts'
import { makeFolders } from '../model/folder.ts'
import type { Context } from './context.ts'
import { EXAMPLE_FILES } from './init/files.ts'
import { quoted } from './render/shell.ts'
import { printable } from './render/text.ts'

/** `dir` as it was named. @throws CustodyError CUSTODY_TARGET_EXISTS, CUSTODY_FILE_UNREADABLE. */
export function writeExample(context: Context, dir: string, json: boolean): void {
  const folder = resolve(context.cwd, dir)
  const files = writeFiles(folder, dir)
  if (json) context.terminal.answerJson({ folder, ...files })
  else context.terminal.answer(nextSteps(folder, files, context))
}

interface Written {
  readonly written: readonly string[]
  readonly kept: readonly string[]
}

/** @throws CustodyError CUSTODY_TARGET_EXISTS if another pipeline is there: then nothing is written. */
function writeFiles(folder: string, named: string): Written {
  const states = EXAMPLE_FILES.map(file => ({ ...file, there: readIfThere(join(folder, file.path)) }))
  const pipeline = states[0]
  if (pipeline !== undefined && pipeline.there !== null && pipeline.there !== pipeline.text)
    throw new CustodyError(
      'CUSTODY_TARGET_EXISTS',
      `${join(named, pipeline.path)} exists already; nothing was written`,
      {
        hint: 'Name another folder: custody init DIR',
        where: { file: join(named, pipeline.path) },
      },
    )
  const written: string[] = []
  const kept: string[] = []
  for (const { path, text, there } of states) {
    if (there !== null) kept.push(path)
    else {
      write(join(folder, path), text)
      written.push(path)
    }
  }
  return { written, kept }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return null
    throw unwritable(path, error)
  }
}

function write(path: string, text: string): void {
  try {
    makeFolders(dirname(path))
    // wx: a file that has appeared meanwhile isn't overwritten either.
    writeFileSync(path, text, { flag: 'wx' })
  } catch (error) {
    throw unwritable(path, error)
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function unwritable(path: string, error: unknown): CustodyError {
  const reason = error instanceof Error ? error.message : String(error)
  return new CustodyError('CUSTODY_FILE_UNREADABLE', `the example can't be written: ${reason}`, {
    where: { file: path },
    hint: 'Name a folder in which you may write: custody init DIR',
    cause: error,
  })
}

function nextSteps(folder: string, { written, kept }: Written, { cwd, command, terminal }: Context): string {
  const { paint } = terminal
  const near = relative(cwd, folder)
  const path = (file: string) => join(near.startsWith('..') ? folder : near, file)
  const lines = [
    ...written.map(file => `  ${paint('green', 'wrote')}  ${printable(path(file))}`),
    ...kept.map(file => `  ${paint('dim', 'kept')}   ${printable(path(file))} (it was there already)`),
  ]
  const pipeline = quoted(path('pipeline.yaml'))
  return [
    ...lines,
    '',
    'Next:',
    `  ${command} validate ${pipeline}`,
    `  ${command} run ${pipeline}`,
    `  ${command} explain latest --row 17`,
  ].join('\n')
}
