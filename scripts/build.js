// Makes dist/ of src/: the bundle, and the types of what the package exports. Run by npm after an install, so it is plain JavaScript that
// any Node from 20 up can run.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')
rmSync(dist, { recursive: true, force: true })
await bundle(dist)
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
const typed = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
  cwd: root,
})
if (typed.status === 0) {
  dropUnusedTypes()
  writeFileSync(join(dist, 'code.json'), `${JSON.stringify({ sha256: hashOfDist() })}\n`)
}
process.exitCode = typed.status ?? 1

/** The compiler writes types of all modules; what no export refers to stays here, and with it what it imports. */
function dropUnusedTypes() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const rest = Object.values(exports).flatMap(({ types }) => (types === undefined ? [] : [join(root, types)]))
  const used = new Set()
  for (let file = rest.pop(); file !== undefined; file = rest.pop()) {
    if (used.has(file)) continue
    used.add(file)
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from |import\()["'](\.[^"']+)\.ts["']/g))
      rest.push(join(dirname(file), `${path}.d.ts`))
  }
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.d.ts') && !used.has(join(dist, name))) rmSync(join(dist, name))
}

/** The hash of all that runs pipelines, libraries included: what runs of this version have on record as the code of their built-in plugins. */
function hashOfDist() {
  const hash = createHash('sha256')
  const names = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter(isOfRuns)
  for (const name of names.map(each => each.replaceAll('\\', '/')).sort()) {
    const own = createHash('sha256')
      .update(readFileSync(join(dist, name)))
      .digest('hex')
    hash.update(`${name} ${own}\n`)
  }
  return hash.digest('hex')
}

function isOfRuns(name) {
  return /\.m?js$/.test(name) && !/^explorer[\\/]/.test(name)
}
