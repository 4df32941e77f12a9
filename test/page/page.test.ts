/** The verifier's page as a file: one, small, always the same, and allowed to do nothing but what it was made with. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { pageHtml, pagePackages } from '../../scripts/page.js'

let html = ''
beforeAll(async () => {
  html = await pageHtml()
})

const between = (start: string, end: string): string => {
  const parts = html.split(start)
  expect(parts.length, `${start} stands there once`).toBe(2)
  return parts[1]?.split(end)[0] ?? ''
}
const sourceOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

test('has less than 300 kB', () => {
  expect(Buffer.byteLength(html)).toBeLessThan(300_000)
  expect(gzipSync(html).length).toBeLessThan(110_000)
})

test('is the same each time', async () => {
  expect(await pageHtml()).toBe(html)
})

test('allows its own script and its own style, and nothing else', () => {
  const [script, style] = [between('<script type="module">', '</script>'), between('<style>', '</style>')]
  expect(between('<meta http-equiv="Content-Security-Policy" content="', '">').split('; ')).toEqual([
    "default-src 'none'",
    `script-src ${sourceOf(script)}`,
    `style-src ${sourceOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ])
  // A browser takes these for line ends, and the hash would be that of another text.
  expect(html).not.toContain('\r')
})

test('names no other place, keeps nothing, and makes no markup or code of texts', () => {
  const script = between('<script type="module">', '</script>')
  const found = (words: RegExp) =>
    [...script.matchAll(words)].map(each => script.slice(each.index - 20, each.index + 20))
  expect(html.match(/\b(src|href)="/g)).toBeNull()
  expect(
    found(/\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|localStorage|sessionStorage|indexedDB)\b/g),
  ).toEqual([])
  expect(found(/document\.(cookie|write)|\b(inner|outer)HTML|insertAdjacentHTML|\beval\(|new Function\b/g)).toEqual([])
  expect(found(/(?<!\.)\b(process\.|Buffer\.|require\()/g)).toEqual([])
})

test('has nothing of others in it but what is for signatures', async () => {
  const names = (await pagePackages()).map(folder => folder.split('node_modules/')[1])
  expect(names).toEqual(['@noble/curves', '@noble/hashes', '@noble/post-quantum'])
})
