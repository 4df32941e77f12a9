/** Why a plugin’s module can’t be imported, for its author: what is wrong, at which place of which file, and what helps. */
import { spawnSync } from 'node:child_process'
import { relative } from 'node:path'
import { CustodyError } from '../../model/error.ts'
import { type ThrownAt, thrownAt, unparsedAt } from '../../model/thrown-at.ts'
import { ownFiles } from './plugin-files.ts'

/** `source`: as the pipeline names it. `file`: what was imported. `folder`: the pipeline file’s. */
export function importFailure(source: string, file: string, folder: string, thrown: unknown): CustodyError {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  const reason = firstLine(thrown instanceof Error ? thrown.message : String(thrown))
  const at = thrownAt(thrown) ?? (thrown instanceof SyntaxError ? unparsed(file) : null)
  const place = at === null ? '' : ` (${placeText(at, folder)})`
  return new CustodyError('CUSTODY_PLUGIN_LOAD', `${source} can’t be loaded: ${sentence(code, reason)}${place}`, {
    hint: hintFor(code, reason),
    where: at ?? undefined,
    cause: thrown,
  })
}

const UNSTRIPPED = 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING'

function sentence(code: string, reason: string): string {
  if (code !== UNSTRIPPED) return reason
  return 'its package exports TypeScript, which Node runs only outside of node_modules'
}

function hintFor(code: string, reason: string): string | undefined {
  const missing = code === 'ERR_MODULE_NOT_FOUND' ? /^Cannot find package '([^']+)'/.exec(reason)?.[1] : undefined
  if (missing !== undefined) return `Install what it needs: npm install ${missing}`
  switch (code) {
    case UNSTRIPPED:
      return 'A package is published as JavaScript: build it with tsc, and let `exports` name what was built (docs/writing-plugins.md).'
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return 'Node only leaves types out: write it without enum, namespace and parameter properties (`erasableSyntaxOnly` of tsconfig.json refuses them), or build it to JavaScript.'
    default:
      return undefined
  }
}

const firstLine = (text: string) => text.split('\n', 1)[0] ?? ''

/** Nearest to where the reader is: from the pipeline’s folder, unless that is far away. */
function placeText({ file, line, column }: ThrownAt, folder: string): string {
  const near = relative(folder, file)
  return `${near.startsWith('..') ? file : near}:${line}${column === undefined ? '' : `:${column}`}`
}

/** An error that is caught doesn’t say where JavaScript can’t be parsed; a Node that only checks a file prints it. */
function unparsed(entry: string): ThrownAt | null {
  for (const file of ownFiles(entry).filter(path => /\.m?[jt]s$/.test(path))) {
    const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: CHECK_MS })
    const at = unparsedAt(stderr)
    if (at !== null) return at
  }
  return null
}

const CHECK_MS = 10_000
