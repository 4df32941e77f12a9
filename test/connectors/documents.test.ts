/** Folders of documents, taken to their texts by runs that are killed. `npm run connectors` tries them. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CONNECTORS, custodyProcess, KILLS, killAtRandom } from '../support/kills.ts'
import { docxOf, pdfOf } from '../support/made-documents.ts'
import { ROOT } from '../support/source-file.ts'
import { WorkFolder } from '../support/work-folder.ts'

const DOCUMENTS = 60
const PAGES = 30

const PIPELINE = JSON.stringify({
  name: 'documents',
  defaults: { on_error: 'broken', on_invalid: 'broken' },
  sources: { documents: { plugin: 'files', options: { path: 'in/*' }, to: 'text' } },
  nodes: { text: { transform: 'extract_text', options: { folder: 'in', pages_field: 'pages' }, to: 'out' } },
  sinks: {
    out: { plugin: 'jsonl', options: { path: 'out/texts.jsonl', if_exists: 'replace' } },
    broken: { plugin: 'jsonl', options: { path: 'out/broken.jsonl', if_exists: 'replace' }, on_error: 'discard' },
  },
})

function readerOf(name: string): string {
  const manifest = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')
  return `${name} ${JSON.parse(manifest).version}`
}

/** A document, its content cut off or not; and the row that its text goes out with, null if it is cut off. */
interface Made {
  readonly name: string
  readonly content: Buffer
  readonly row: object | null
}

async function documentOf(i: number): Promise<Made> {
  const number = String(i).padStart(3, '0')
  const lines = Array.from({ length: PAGES }, (_, page) => [`Application ${number}, page ${page}`, 'a second line'])
  const is_word = i % 3 === 0
  const whole = is_word ? await docxOf(lines.flat()) : await pdfOf(lines)
  const name = `${number}.${is_word ? 'docx' : 'pdf'}`
  if (i % 10 === 7) return { name, content: whole.subarray(0, 100), row: null }
  const pages = is_word ? null : lines.map(page => page.join('\n'))
  const text = (pages ?? lines.flat()).join('\n\n')
  const about = is_word
    ? { type: 'docx', pages: null, pages_without_text: null, characters: text.length, reader: readerOf('mammoth') }
    : { type: 'pdf', pages: PAGES, pages_without_text: 0, characters: text.length, reader: readerOf('pdfjs-dist') }
  const type = is_word ? 'vnd.openxmlformats-officedocument.wordprocessingml.document' : 'pdf'
  const sha256 = createHash('sha256').update(whole).digest('hex')
  const file = { path: `in/${name}`, name, size: whole.length, sha256, type: `application/${type}` }
  return { name, content: whole, row: { ...file, text, pages, about } }
}

/** What a document is that is cut off behind its first bytes. */
const codeOf = ({ name }: Made) => (name.endsWith('docx') ? 'DOCUMENT_UNSUPPORTED' : 'DOCUMENT_BROKEN')

describe.skipIf(!CONNECTORS)('documents', () => {
  test(`${KILLS} random kills leave nothing but what an undisturbed run leaves`, async () => {
    const work = new WorkFolder({ 'p.yaml': PIPELINE })
    mkdirSync(join(work.folder, 'in'))
    const made: Made[] = []
    for (let i = 0; i < DOCUMENTS; i++) made.push(await documentOf(i))
    for (const { name, content } of made) writeFileSync(join(work.folder, 'in', name), content)
    const rows = made.flatMap(({ row }) => (row === null ? [] : `${JSON.stringify(row)}\n`)).join('')
    const codes = made.filter(({ row }) => row === null).map(codeOf)
    const { killed } = await killAtRandom(work.folder, KILLS, () => {
      expect(readFileSync(join(work.folder, 'out/texts.jsonl'), 'utf8')).toBe(rows)
      const broken = readFileSync(join(work.folder, 'out/broken.jsonl'), 'utf8').trim().split('\n')
      expect(broken.map(line => JSON.parse(line)._error.code)).toEqual(codes)
    })
    expect(killed).toBeGreaterThanOrEqual(KILLS)
    const verified = await custodyProcess(work.folder, ['verify', 'latest', '--files'], null)
    expect(verified.code, verified.stderr).toBe(0)
    work.close()
  })
})
