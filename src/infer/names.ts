/** Names and paths of what is written, from the names of files. */
import { basename, dirname, extname, relative, resolve, sep } from 'node:path'
import { unpackedName } from '../plugins/sources/compression.ts'

/** A file's name without folders and endings. */
function stem(path: string): string {
  const name = basename(unpackedName(path))
  const ending = extname(name)
  return ending === '' || ending === name ? name : name.slice(0, -ending.length)
}

/** ASCII words of a name, with `between` in between. */
function words(name: string, between: string): string {
  return name
    .normalize('NFKD')
    .replaceAll('ß', 'ss')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9]+/g, between)
    .replace(new RegExp(`^${between}+|${between}+$`, 'g'), '')
    .slice(0, 60)
}

/** `Loan Applications (2026).csv` gives `loan-applications-2026`. */
export function pipelineName(path: string): string {
  return words(stem(path), '-').toLowerCase() || 'data'
}

/** A name for a source that none of `taken` is; it is added to these. */
export function sourceName(path: string, taken: Set<string>): string {
  const plain = words(stem(path), '_').toLowerCase()
  const name = /^[a-z]/.test(plain) ? plain : `file${plain === '' ? '' : `_${plain}`}`
  for (let number = 1; ; number++) {
    const each = number === 1 ? name : `${name}_${number}`
    if (taken.has(each) || each === 'discard' || each === 'else') continue
    taken.add(each)
    return each
  }
}

/** A name for files of one shape: what theirs begin with, but for numbers and signs at its end; or else that of their folder. */
export function commonName(paths: readonly string[]): string {
  const [first = '', ...others] = paths
  if (others.length === 0) return first
  let common = stem(first)
  for (const path of others) while (!stem(path).startsWith(common)) common = common.slice(0, -1)
  const plain = common.replace(/\P{L}+$/u, '')
  return plain === '' ? basename(dirname(first)) : plain
}

/** As a pipeline file in `folder` names it: with `/`, also where the system has another sign. */
export function pathFrom(folder: string, path: string): string {
  const near = relative(folder, path)
  return (near === '' ? path : near).split(sep).join('/')
}

/** `out/data.csv`, or with a number if a file that is read, or another output, has that path; it is added to these. */
export function freePath(stem: string, ending: string, folder: string, used: Set<string>): string {
  for (let number = 1; ; number++) {
    const path = `${stem}${number === 1 ? '' : `-${number}`}.${ending}`
    const absolute = resolve(folder, path)
    if (used.has(absolute)) continue
    used.add(absolute)
    return path
  }
}
