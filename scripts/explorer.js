// Makes the explorer of src/web/: static files, which `custody serve` gives out. Plain JavaScript that any Node from 20 up can run, as
// build.js is.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { browserTwins } from './twins.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'src', 'web')

/** Writes its files to `folder`. */
export async function explorer(folder) {
  await build(settings({ outDir: folder, emptyOutDir: true }))
}

/** Folders of the packages that are part of it, sorted. */
export async function explorerPackages() {
  const { output } = await build(settings({ write: false }))
  const modules = output.flatMap(({ moduleIds = [] }) => moduleIds.map(id => id.replaceAll('\\', '/')))
  const own = modules.flatMap(id => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [])
  return [...new Set(own)].sort()
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
