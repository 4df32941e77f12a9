/** Inputs in which nothing stands: what a tool leaves that had nothing to write, or that failed before it wrote. */
import { expect, test } from 'vitest'
import { Folder, readAll } from '../../../test/support/plugin-files.ts'
import type { Source } from '../../sdk/spec.ts'
import { csvSource } from './csv.ts'
import { jsonSource } from './json.ts'
import { jsonlSource } from './jsonl.ts'
import { textSource } from './text.ts'

const BLANK = ['', '\ufeff', '\n', '\ufeff\r\n\n', '\n'.repeat(300_000)]

const SOURCES: readonly (readonly [string, (folder: Folder) => Source, filled: readonly string[]])[] = [
  ['csv', folder => folder.source(csvSource, { path: 'in' }), ['id\n', '\n\nid', 'id\n1\n', '"\n"']],
  ['csv, no header', folder => folder.source(csvSource, { path: 'in', header: false }), ['id\n', '\n\n1,2\n']],
  ['jsonl', folder => folder.source(jsonlSource, { path: 'in' }), ['{}\n', '\n\nx', '\n'.repeat(300_000).concat('{}')]],
  ['json', folder => folder.source(jsonSource, { path: 'in' }), ['[]', '\n[\n]', '{', 'x']],
  ['text', folder => folder.source(textSource, { path: 'in' }), ['a', '\n\n.']],
]

test.each(SOURCES)('%s: is told from one that has no records', async (_name, open, filled) => {
  for (const [contents, blank] of [
    [BLANK, true],
    [filled, false],
  ] as const)
    for (const content of contents) {
      const folder = new Folder()
      folder.put('in', content)
      const source = open(folder)
      const what = JSON.stringify(content.slice(0, 20))
      await readAll(source)
      const { position } = source.end?.() ?? { position: null }
      expect(source.isBlank?.(position), what).toBe(blank)
      // Whoever continues the run has the position only.
      expect(open(folder).isBlank?.(JSON.parse(JSON.stringify(position))), what).toBe(blank)
      await source.close()
    }
})

test.each(['# id\n# 1\n', 'sep=;\n', 'one\ntwo\n', '# id\n\n'])(
  'csv: %j has no header, and nothing to read',
  async content => {
    const folder = new Folder()
    folder.put('in', content)
    const source = folder.source(csvSource, { path: 'in', comment: '#', skip_lines: content.startsWith('one') ? 2 : 0 })
    expect(await readAll(source)).toEqual([])
    expect(source.isBlank?.(source.end?.().position ?? null)).toBe(true)
    await source.close()
  },
)
