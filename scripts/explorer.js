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
  await built({ outDir: folder, emptyOutDir: true })
}

/** Folders of the packages that are part of it, sorted. */
export async function explorerPackages() {
  const { output } = await built({ write: false })
  const modules = output.flatMap(({ moduleIds = [] }) => moduleIds.map(id => id.replaceAll('\\', '/')))
  const own = modules.flatMap(id => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [])
  return [...new Set(own)].sort()
}

/** As it is shipped, whatever the environment says: tests build it, too, and look at what people get. */
async function built(output) {
  const { NODE_ENV } = process.env
  process.env.NODE_ENV = 'production'
  try {
    return await build(settings(output))
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = NODE_ENV
  }
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
