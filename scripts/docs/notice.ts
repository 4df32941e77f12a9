/** NOTICE: whose work is part of what is published, under which licence. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundledPackages } from '../bundle.js'

const NOTICE = new URL('../../NOTICE', import.meta.url)
const LINE = `\n${'-'.repeat(80)}\n`
/** Of packages that come without one: the text that stands beside their sources. */
const FOUND = join(import.meta.dirname, 'licences')
const LICENCES = ['LICENSE', 'LICENSE.md', 'license', 'LICENCE.md']
const ABOUT = 'The packages below are part of it as it is published, each under its own licence.'

/** As it is, and as it should be. */
export async function notice(): Promise<{ readonly file: URL; readonly text: string; readonly wanted: string }> {
  const text = readFileSync(NOTICE, 'utf8')
  const [own = ''] = text.split(`\n${ABOUT}`)
  const licences = [...new Map((await bundledPackages()).map(folder => licenceOf(folder))).values()]
  return { file: NOTICE, text, wanted: [`${own.trimEnd()}\n\n${ABOUT}\n`, ...licences].join(LINE) }
}

/** By the package's name, which may be there in several versions. */
function licenceOf(folder: string): readonly [name: string, text: string] {
  const manifest = readFileSync(join(folder, 'package.json'), 'utf8')
  const { name, license } = JSON.parse(manifest) as { readonly name: string; readonly license: string }
  const files = [...LICENCES.map(each => join(folder, each)), join(FOUND, `${name}.txt`)]
  const file = files.find(each => existsSync(each))
  const words = file === undefined ? null : readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim()
  // The text of our own licence stands in LICENSE.
  if (words === null && license !== 'Apache-2.0') throw new Error(`${name} has no licence text`)
  return [name, `${name} (${license})\n${words === null ? '' : `\n${words}\n`}`]
}
