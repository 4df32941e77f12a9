/** Plugins are code: a run is repeated from here with those alone that its pipeline file in the folder names now. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { setPath } from '../../config/set.ts'
import { CustodyError } from '../../model/error.ts'

/**
 * @param file the pipeline file, absolute
 * @param text of the pipeline file as the run has it on record; null: that is erased
 * @param sets `--set` that the run was given
 * @throws CustodyError CUSTODY_FORBIDDEN
 */
export function refuseOtherPlugins(file: string, text: string | null, sets: readonly string[]): void {
  const own = pluginsIn(readFileSync(file, 'utf8'))
  const other = pluginsIn(text ?? '').find(each => !own.includes(each))
  if (other === undefined && !sets.some(each => setPath(each)?.[0] === 'plugins')) return
  throw new CustodyError('CUSTODY_FORBIDDEN', 'the run has plugins that its pipeline file here doesn’t name', {
    hint: 'Whoever keeps the server can repeat it by the command line.',
  })
}

/** As texts; what is none of them is for whoever compiles the file to refuse. */
function pluginsIn(text: string): readonly string[] {
  const file: unknown = read(text)
  const plugins = typeof file === 'object' && file !== null && 'plugins' in file ? file.plugins : []
  return Array.isArray(plugins) ? plugins.map(String) : [String(plugins)]
}

function read(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return null
  }
}
