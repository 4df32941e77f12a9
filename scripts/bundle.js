// Bundles src/ for Node: few files start faster than many. Plain JavaScript that any Node from 20 up can run, as build.js is.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'
import { rolldown } from 'rolldown'
import { minifySync } from 'rolldown/utils'
import { explorer, explorerPackages } from './explorer.js'
import { pageHtml, pagePackages } from './page.js'

const { default: standaloneCode } = standalone
const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Modules that are started, imported or loaded by their place (src/model/own-file.ts), below src/ without `.ts`. */
const ENTRIES = [
  'cli/main',
  'sdk/index',
  'sdk/testing',
  'chaos/index',
  'ledger/thread/worker',
  'ledger/thread/commit-worker',
  'host/read-worker',
  'host/splits/split-thread',
  'host/distributed/work-thread',
  'host/answers/answer-worker',
  'host/answers/sql-process',
  'search/index/index-worker',
  'plugins/web/page-worker',
  'plugins/documents/document-process',
  'plugins/documents/process-guard',
  'plugins/templates/liquid',
  'sdk/ajv',
  'model/decimal-library',
  'expression/library/ascii',
  'expression/library/temporal',
  'cli/render/wide-text',
]

/**
 * Writes the bundle to `folder`: each entry at its own place, and what entries share, or load later, in chunks that are one folder
 * deep. What is shared is there once: plugins and the program get the same `custody/sdk`. Beside it the verifier's page, and the explorer. `more`: entries of
 * tests, by place; these need no page.
 */
export async function bundle(folder, more = null) {
  const bundling = await begin(more ?? {})
  await bundling.write({ ...OUTPUT, dir: folder })
  await bundling.close()
  if (more !== null) return
  writeFileSync(join(folder, 'verifier.html'), await pageHtml())
  await explorer(join(folder, 'explorer'))
}

/** Folders of the packages that are part of the bundle, of the page or of the explorer, sorted. */
export async function bundledPackages() {
  const bundling = await begin({})
  const { output } = await bundling.generate(OUTPUT)
  await bundling.close()
  const modules = output.flatMap(({ moduleIds = [] }) => moduleIds.map(id => id.replaceAll('\\', '/')))
  const own = modules.flatMap(id => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [])
  return [...new Set([...own, ...(await pagePackages()), ...(await explorerPackages())])].sort()
}

/**
 * Modules that go into one chunk each: few files start faster than many, and what of them a command doesn't call isn't compiled. These import
 * nothing but each other, the first ones nothing else at all.
 */
const TOGETHER = [
  // Whatever begins has most of it. What is loaded by its place stays by itself.
  {
    name: 'model',
    test: /[\\/]src[\\/](model[\\/](?!decimal-library)|format[\\/])[\w.-]+\.ts$/,
    minShareCount: 2,
    priority: 2,
  },
  // Whoever reads a ledger.
  {
    name: 'read',
    test: /[\\/]src[\\/]read[\\/]((evidence|runs|fold|explain)[\\/])?[\w-]+\.ts$/,
    minShareCount: 2,
    priority: 1,
  },
]

/** Names stay as they are in the source text, so that a stack can be read. */
const OUTPUT = {
  format: 'esm',
  entryFileNames: '[name].js',
  // By `.mjs` Node knows what they are: for each `.js` it looks for a package.json in all folders up to the package's own.
  chunkFileNames: 'chunks/[name].mjs',
  codeSplitting: { groups: TOGETHER },
  comments: { jsdoc: false, annotation: false, legal: false },
}

function begin(more) {
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const optional = Object.keys(peerDependencies)
  const own = Object.fromEntries(ENTRIES.map(path => [path, join(root, 'src', `${path}.ts`)]))
  return rolldown({
    cwd: root,
    platform: 'node',
    experimental: { attachDebugInfo: 'none' },
    input: { ...own, ...more },
    plugins: [
      {
        name: 'on-demand',
        resolveId: (id, importer) => (isOnDemand(id, importer) ? `\0${id}` : null),
        load: id => ON_DEMAND[id.slice(1)] ?? null,
      },
      { name: 'meta-schema', load: id => (id === META_SCHEMA ? metaSchemaCode() : null) },
      {
        name: 'dense-libraries',
        generateBundle: (_, chunks) => Object.values(chunks).filter(isOfLibraries).forEach(dense),
      },
    ],
    // Peers are loaded from where they are installed, if they are.
    external: id => optional.some(name => id === name || id.startsWith(`${name}/`)),
  })
}

/** What the library of command lines takes of Node, by the time that it uses it, if ever: importing these takes as long as all of its own code. */
const ON_DEMAND = {
  // An import makes all standard streams.
  'node:process': 'export default globalThis.process',
  // For commands that are programs of their own.
  'node:child_process':
    "export default { spawn: (...of) => globalThis.process.getBuiltinModule('node:child_process').spawn(...of) }",
}

function isOnDemand(id, importer) {
  return Object.hasOwn(ON_DEMAND, id) && /[\\/]node_modules[\\/]commander[\\/]/.test(importer ?? '')
}

/** Whether nothing of ours is in a chunk but a few lines that lead to a library: nobody reads stacks of these. */
function isOfLibraries({ modules }) {
  const own = Object.entries(modules).filter(([id]) => !/[\\/]node_modules[\\/]/.test(id) && id !== META_SCHEMA)
  return own.reduce((length, [, { renderedLength }]) => length + renderedLength, 0) < LEAD_IN
}

const LEAD_IN = 2_000

/** Without blanks and comments, and with short names of variables; names of functions and classes, and what it does, stay as they are. */
function dense(chunk) {
  const options = {
    compress: { keepNames: { function: true, class: true } },
    mangle: { toplevel: false, keepNames: true },
    codegen: { removeWhitespace: true },
  }
  chunk.code = minifySync(chunk.fileName, chunk.code, options).code
}

const META_SCHEMA = join(root, 'src', 'sdk', 'meta-schema.ts')

/** What src/sdk/meta-schema.ts exports, as the code that Ajv makes of it there. */
function metaSchemaCode() {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, code: { source: true, esm: true } })
  return standaloneCode(ajv, { isJsonSchema: 'https://json-schema.org/draft/2020-12/schema' })
}
