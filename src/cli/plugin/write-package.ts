/** Writes a package with one plugin, and says what to do with it. Never writes over a file. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { CustodyError } from '../../model/error.ts'
import { makeFolders } from '../../model/folder.ts'
import { parseJson } from '../../model/json.ts'
import { ownFile } from '../../model/own-file.ts'
import { builtins } from '../../plugins/index.ts'
import type { PluginKind } from '../../sdk/spec.ts'
import type { Context } from '../context.ts'
import { quoted } from '../render/shell.ts'
import { printable } from '../render/text.ts'
import { type PackageFile, packageFiles, type Versions } from './package-files.ts'

export interface InitOptions {
  readonly kind: PluginKind
  readonly dir?: string
  readonly json?: boolean
}

/** @throws CustodyError CUSTODY_ARGUMENT, CUSTODY_TARGET_EXISTS, CUSTODY_OUTPUT. */
export function writePackage(context: Context, name: string, { kind, dir, json }: InitOptions): void {
  const plugin = pluginName(name, kind)
  const named = dir ?? name.replace(/^@[^/]+\//, '')
  const folder = resolve(context.cwd, named)
  const files = packageFiles(name, plugin, kind, versions())
  const there = files.find(({ path }) => existsSync(join(folder, path)))
  if (there !== undefined)
    throw new CustodyError('CUSTODY_TARGET_EXISTS', `${join(named, there.path)} exists already; nothing was written`, {
      hint: `Name another folder: ${context.command} plugin init ${name} --dir DIR`,
      where: { file: join(named, there.path) },
    })
  for (const file of files) write(folder, file)
  const written = files.map(({ path }) => path)
  if (json === true) context.terminal.answerJson({ folder, package: name, kind, plugin, written })
  else context.terminal.answer(nextSteps(folder, written, context))
}

/** `@me/custody-plugin-line-count` gives line_count. @throws CustodyError CUSTODY_ARGUMENT. */
function pluginName(name: string, kind: PluginKind): string {
  if (!/^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/.test(name) || name.length > 214)
    throw new CustodyError('CUSTODY_ARGUMENT', `${JSON.stringify(name)} can’t be the name of a package`, {
      hint: 'Lower case letters, digits, - and _, as in custody-plugin-shout or @me/shout.',
    })
  const plugin = name
    .replace(/^@[^/]+\//, '')
    .replace(/^custody-(?:plugin-)?(?=.)/, '')
    .replaceAll(/[._-]+/g, '_')
  if (!/^[a-z]/.test(plugin))
    throw new CustodyError('CUSTODY_ARGUMENT', `a plugin’s name begins with a letter, and ${plugin} doesn’t`, {
      hint: 'It is the last part of the package’s name, without custody-plugin-.',
    })
  if (builtins.some(each => each.kind === kind && each.name === plugin))
    throw new CustodyError('CUSTODY_ARGUMENT', `Custody has a ${kind} ${plugin} itself`, {
      hint: 'The plugin’s name is the last part of the package’s: give it another.',
    })
  return plugin
}

function write(folder: string, { path, text }: PackageFile): void {
  const file = join(folder, path)
  try {
    makeFolders(dirname(file))
    // wx: a file that has appeared meanwhile isn't overwritten either.
    writeFileSync(file, text, { flag: 'wx' })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CustodyError('CUSTODY_OUTPUT', `${file} can’t be written: ${reason}`, { where: { file }, cause: error })
  }
}

/** Those that this Custody was built with. */
function versions(): Versions {
  // cast: what Custody's own package.json has.
  const { version, dependencies, devDependencies } = parseJson(readFileSync(ownFile('../package.json'), 'utf8')) as {
    readonly version: string
    readonly dependencies: { readonly zod: string }
    readonly devDependencies: { readonly typescript: string; readonly '@types/node': string }
  }
  const { typescript, '@types/node': types_node } = devDependencies
  return { custody: `^${version}`, zod: dependencies.zod, typescript, types_node }
}

function nextSteps(folder: string, written: readonly string[], { cwd, command, terminal }: Context): string {
  const near = relative(cwd, folder)
  const path = (file: string) => join(near.startsWith('..') ? folder : near, file)
  return [
    ...written.map(file => `  ${terminal.paint('green', 'wrote')}  ${printable(path(file))}`),
    '',
    'Next, even before anything is installed:',
    `  ${command} plugin test ${quoted(path('src/index.ts'))}`,
    `  ${command} test ${quoted(path('example/pipeline.yaml'))}`,
    `  ${command} run ${quoted(path('example/pipeline.yaml'))}`,
    'To publish it:',
    `  cd ${quoted(path('.'))} && npm install && npm test && npm publish`,
  ].join('\n')
}
