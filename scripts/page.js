// Makes the verifier's page of src/page/: one HTML file with its script and its style inside, which a policy in it allows by their hashes and
// nothing else. Plain JavaScript that any Node from 20 up can run, as build.js is.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { minifySync } from 'rolldown/utils'
import { browserTwins } from './twins.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const page = join(root, 'src', 'page')

/** What the page may do; `frame-ancestors` can't be said in a page. */
const policyOf = (script, style) =>
  [
    "default-src 'none'",
    `script-src ${sourceOf(script)}`,
    `style-src ${sourceOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')

const sourceOf = text => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** The text of the page: of the same sources always the same. */
export async function pageHtml() {
  const { code } = await bundled()
  const script = minifySync('page.js', code, { compress: true, mangle: true, codegen: { removeWhitespace: true } }).code
  const style = dense(textOf('page.css'))
  if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) throw new Error('the page would end within itself')
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(script, style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Custody verifier</title>
<style>${style}</style>
<noscript>This page checks files by its script. Without it, custody check does the same.</noscript>
<script type="module">${script}</script>
</html>
`
}

/** Folders of the packages that are part of the page, sorted. */
export async function pagePackages() {
  const { moduleIds } = await bundled()
  const found = moduleIds.flatMap(
    id => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id.replaceAll('\\', '/'))?.[0] ?? [],
  )
  return [...new Set(found)].sort()
}

/** A style without the blanks that only people need; texts in it stay as they are. */
function dense(css) {
  return css
    .replace(/"[^"]*"|\s*([{};:,>])\s*|\s+/g, (found, sign) => (found.startsWith('"') ? found : (sign ?? ' ')))
    .replaceAll(';}', '}')
}

/** Line ends of whoever checked the sources out would be others on Windows. */
function textOf(name) {
  return readFileSync(join(page, name), 'utf8').replaceAll('\r\n', '\n')
}

/** A page that signs nothing has no need of how ML-DSA signs, and makes keys: a fiftieth of it. */
const checksOnly = {
  name: 'checks-only',
  transform: {
    filter: { id: /post-quantum[\\/]ml-dsa\.js$/ },
    handler(code) {
      const left_out = []
      const look = node => {
        if (node === null || typeof node !== 'object') return
        const { type, key, value } = node
        if (type === 'Property' && UNUSED.has(key.name) && value.type === 'ArrowFunctionExpression')
          left_out.push(value)
        else for (const each of Object.values(node)) look(each)
      }
      look(this.parse(code))
      if (left_out.length < UNUSED.size)
        throw new Error('ML-DSA is written otherwise than before: see what can be left out')
      return left_out.reduceRight((text, { start, end }) => `${text.slice(0, start)}null${text.slice(end)}`, code)
    },
  },
}
const UNUSED = new Set(['keygen', 'getPublicKey', 'sign', 'prehash'])

async function bundled() {
  const bundling = await rolldown({
    cwd: root,
    platform: 'browser',
    experimental: { attachDebugInfo: 'none' },
    input: join(page, 'main.ts'),
    // To read a property changes nothing in what the page is made of: what is only read, and not used, is left out.
    treeshake: { propertyReadSideEffects: false, unknownGlobalSideEffects: false },
    plugins: [browserTwins, checksOnly],
  })
  const { output } = await bundling.generate({ format: 'iife', comments: false })
  await bundling.close()
  return output[0]
}
