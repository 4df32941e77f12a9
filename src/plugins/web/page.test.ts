import { describe, expect, onTestFinished, test } from 'vitest'
import { type PageSettings, readPage } from './page.ts'
import { PageReader } from './page-reader.ts'

const URL_OF_PAGE = 'https://h.example/a/b'
const read = (html: string, settings: Partial<PageSettings> = {}) =>
  readPage(html, URL_OF_PAGE, { as: 'markdown', main_content: false, ...settings })

test('what stands on a page becomes Markdown', () => {
  const html = `<!doctype html><title> A
    title </title><meta name=Description content=" What it  is "><style>p {}</style>
    <h1>Head</h1><p>One <b>two</b> <em>three</em> <code>f(x)</code> * [x] <del>no</del><ul><li>a<li>b</ul>
    <ol><li>c</ol><blockquote>said</blockquote><pre><code class=language-js>let x = 1
</code></pre><table><tr><th>h<th>i<tr><td>1<td>2|3</table><script>alert(1)</script><hr>`
  expect(read(html)).toEqual({
    title: 'A title',
    description: 'What it is',
    content: [
      '# Head',
      'One **two** *three* `f(x)` \\* \\[x] ~~no~~',
      '- a\n- b',
      '1. c',
      '> said',
      '```js\nlet x = 1\n```',
      '| h | i    |\n| - | ---- |\n| 1 | 2\\|3 |',
      '***',
    ].join('\n\n'),
  })
})

test('and text, as a browser would copy it', () => {
  const html = '<h1>Head</h1><p>One\n<b>two</b><br>three<script>no</script><p hidden>hid</p><p>four'
  expect(read(html, { as: 'text' })?.content).toBe('Head\n\nOne two\nthree\n\nfour')
})

test.each([
  ['<a href=c>x</a>', '[x](https://h.example/a/c)'],
  ['<base href="https://other.example/"><a href=c>x</a>', '[x](https://other.example/c)'],
  ['<base href="javascript:1"><a href=/c>x</a>', 'x'],
  ['<a href="?q=1#f">x</a>', '[x](https://h.example/a/b?q=1#f)'],
  ['<a href="mailto:a@b.example">x</a>', '[x](mailto:a@b.example)'],
  ['<a href="javascript:alert(1)">x</a>', 'x'],
  ['<a href=" data:text/html,x">x</a>', 'x'],
  ['<a href="http://[">x</a>', 'x'],
  ['<img src=i.png alt=pic>', '![pic](https://h.example/a/i.png)'],
  ['<img src="data:image/png;base64,AAAA" alt=pic>y', 'y'],
])('links of %s', (html, content) => {
  expect(read(html)?.content).toBe(content)
})

describe('main content', () => {
  const main = (html: string) => read(html, { as: 'text', main_content: true })?.content

  test('is what the page calls so, its only article, or all but what surrounds it', () => {
    expect(main('<nav>n</nav><article>a</article><main><header>h</header>m</main>')).toBe('h\nm')
    expect(main('<nav>n</nav><div role=main>m</div>x')).toBe('m')
    expect(main('<header>h</header><article>a<script>s</script></article>x')).toBe('a')
    expect(main('<header>h</header><article>a</article><article>b</article><footer>f</footer>')).toBe('a\nb')
    expect(main('<nav>n</nav><p>p</p><aside>s</aside><form>f</form>')).toBe('p')
  })
})

test.each([
  ['nothing', '', ''],
  ['no HTML', 'a < b & c', 'a < b & c'],
  ['what is never closed', '<ul><li>a<li><i>b', '- a\n- *b*'],
])('%s can be read, too', (_what, html, content) => {
  expect(read(html)?.content).toBe(content)
})

describe('a page that is made to do harm', () => {
  test('has too many elements, or is nested too deep', () => {
    const formatting = Array.from({ length: 5000 }, (_, i) => `<p><b id=${i}>`).join('')
    expect(read(formatting)).toBeNull()
    expect(read('<p>x'.repeat(100_001))).toBeNull()
    expect(read('<i>'.repeat(20_000))).toBeNull()
  })

  test('takes too long: it is given up, and the next is read', async () => {
    const reader = new PageReader(1500)
    onTestFinished(() => reader.close())
    const task = (html: string) => ({
      html,
      url: URL_OF_PAGE,
      settings: { as: 'markdown', main_content: false } as const,
    })
    const slow = '<b><i>'.repeat(100) + '<p>x'.repeat(5000)
    const pages = await Promise.all([task(slow), task('<p>hi')].map(each => reader.read(each)))
    expect(pages).toEqual([null, { title: null, description: null, content: 'hi' }])
  })
})
