// Makes the explorer of src/web/: static files, which `custody serve` gives out. Plain JavaScript that any Node from 20 up can run, as
// build.js is.
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { browserTwins } from './twins.js'

const own = fileURLToPath(import.meta.url)
const root = join(dirname(own), '..', 'src', 'web')

/** Writes its files to `folder`. */
export async function explorer(folder) {
  await apart('build', folder)
}

/** Folders of the packages that are part of it, sorted. */
export async function explorerPackages() {
  return JSON.parse(await apart('packages'))
}

/** As it is shipped, whatever the environment says: tests build it, too, and look at what people get. That is of a process, so it has its own. */
async function apart(...words) {
  const env = { ...process.env, NODE_ENV: 'production' }
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [own, ...words], { env, maxBuffer: 2 ** 26 })
  process.stderr.write(stderr)
  return stdout
}

async function packages() {
  const { output } = await build(settings({ write: false }))
  const modules = output.flatMap(({ moduleIds = [] }) => moduleIds.map(id => id.replaceAll('\\', '/')))
  const folders = modules.flatMap(id => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [])
  return [...new Set(folders)].sort()
}

/** Nothing is inline, since the policy of the server allows nothing inline. */
function settings(output) {
  return {
    root,
    configFile: false,
    envDir: false,
    logLevel: 'warn',
    base: '/',
    publicDir: false,
    plugins: [browserTwins, react()],
    worker: { format: 'es', plugins: () => [browserTwins] },
    build: {
      target: 'es2024',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 2_000,
      ...output,
    },
  }
}

if (process.argv[1] === own) {
  const [, , what, folder] = process.argv
  if (what === 'packages') console.log(JSON.stringify(await packages()))
  else await build(settings({ outDir: folder, emptyOutDir: true }))
}
