/**
 * Takes the text out of Word documents (docx), with `mammoth`.
 *
 * DOCX-TEXT-1. The library is given no archive of others: what it reads was unpacked here, within limits, and packed anew. What two readers of
 *     an archive may see differently, and how much it unpacks to, is decided before.
 */
import { createRequire } from 'node:module'
import { buffer } from 'node:stream/consumers'
import { counted } from '../../model/number-text.ts'
import { zipReason } from '../sources/archive.ts'
import { type DocumentAnswer, type DocumentSettings, documentProblem } from './document.ts'

/** Of all parts that are read, unpacked. */
const MOST_UNPACKED_BYTES = 64 * 1024 * 1024
const MOST_PARTS = 10_000
/** Pictures and fonts aren't read. */
const READ = /\.(xml|rels)$/i

/** Never throws for what is wrong with the document. */
export async function docxText(bytes: Buffer, settings: DocumentSettings): Promise<DocumentAnswer> {
  const parts = await partsOf(bytes)
  if ('kind' in parts) return parts
  const mammoth = (await import('mammoth')).default
  const packed = await packedAnew(parts)
  let found: Element | null = null
  const transformDocument = (document: Element) => {
    found = document
    // What it would make of it is of no use here.
    return { ...document, children: [] }
  }
  try {
    await mammoth.convertToHtml({ buffer: packed }, { transformDocument, includeEmbeddedStyleMap: false })
    if (found === null) return documentProblem('DOCUMENT_BROKEN', 'the document has no body')
    const text = textOf(found)
    if (text.length > settings.max_characters)
      return documentProblem('DOCUMENT_TOO_LONG', `the text has ${counted(text.length, 'character', 'characters')}`)
    return { kind: 'text', type: 'docx', text, pages: null, reader: `mammoth ${versionOf()}` }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof RangeError)
      return documentProblem('DOCUMENT_UNREADABLE', `the document is nested too deep: ${message}`)
    return documentProblem('DOCUMENT_BROKEN', `the document can’t be read: ${inOneLine(message)}`)
  }
}

/** Without the marks of the library that reads XML: `error: [xmldom error]\tentity not found:&a;\n@#[line:1,col:2]` */
const inOneLine = (message: string) =>
  message
    .replace(/^.*\[xmldom \w+\]\s*/s, '')
    .replace(/\s*@.*$/s, '')
    .replaceAll(/\s+/g, ' ')

// cast: what each package.json has.
const versionOf = () => (createRequire(import.meta.url)('mammoth/package.json') as { readonly version: string }).version

type Parts = ReadonlyMap<string, Buffer>

async function partsOf(bytes: Buffer): Promise<Parts | DocumentAnswer> {
  const { fromBufferPromise } = await import('yauzl')
  const parts = new Map<string, Buffer>()
  let unpacked = 0
  let seen = 0
  try {
    const zip = await fromBufferPromise(bytes)
    for await (const entry of zip.eachEntry()) {
      if (++seen > MOST_PARTS)
        return documentProblem(
          'DOCUMENT_UNREADABLE',
          `the document has more than ${counted(MOST_PARTS, 'part', 'parts')}`,
        )
      if (!READ.test(entry.fileName)) continue
      if (entry.isEncrypted()) return documentProblem('DOCUMENT_ENCRYPTED', 'parts of the document are encrypted')
      unpacked += entry.uncompressedSize
      if (unpacked > MOST_UNPACKED_BYTES)
        return documentProblem(
          'DOCUMENT_UNREADABLE',
          `the document unpacks to more than ${counted(MOST_UNPACKED_BYTES, 'byte', 'bytes')}`,
        )
      // It ends with an error where more comes than the archive says.
      parts.set(entry.fileName, await buffer(await zip.openReadStreamPromise(entry)))
    }
  } catch (error) {
    return documentProblem('DOCUMENT_BROKEN', `the document can’t be unpacked: ${zipReason(error)}`)
  }
  return parts
}

async function packedAnew(parts: Parts): Promise<Buffer> {
  const { ZipFile } = await import('yazl')
  const zip = new ZipFile()
  for (const [name, content] of parts) zip.addBuffer(content, name, { compress: false })
  zip.end()
  return await buffer(zip.outputStream)
}

/** What the library makes of a document's parts. */
interface Element {
  readonly type: string
  readonly children?: readonly Element[]
  readonly value?: string
  readonly checked?: boolean
  readonly noteType?: string
  readonly noteId?: string
  readonly body?: readonly Element[]
  readonly notes?: { resolve(reference: Element): Element | undefined }
}

/** Of a document: its body, and then the notes that it refers to, in that order. */
function textOf(document: Element): string {
  const references: Element[] = []
  const body = blocksOf(document.children ?? [], references)
  const notes: string[] = []
  // A note may refer to others.
  for (const reference of references) {
    const note = document.notes?.resolve(reference)
    notes.push(`[${notes.length + 1}] ${blocksOf(note?.body ?? [], references)}`.trim())
  }
  return [body, ...notes].join('\n\n').trim()
}

/** Paragraphs with a blank line between them; of a table a line for each row. */
function blocksOf(elements: readonly Element[], references: Element[]): string {
  const blocks: string[] = []
  for (const element of elements) {
    if (element.type === 'table') blocks.push(tableText(element, references))
    else blocks.push(lineText([element], references))
  }
  return blocks.filter(text => text.trim() !== '').join('\n\n')
}

function tableText({ children = [] }: Element, references: Element[]): string {
  const rows = children.map(({ children: cells = [] }) =>
    cells
      .map(cell => blocksOf(cell.children ?? [], references).replaceAll(/\s*\n\s*/g, ' '))
      .join('\t')
      .trimEnd(),
  )
  return rows.filter(text => text !== '').join('\n')
}

/** What stands in paragraphs. */
function lineText(elements: readonly Element[], references: Element[]): string {
  return elements.map(element => inlineText(element, references)).join('')
}

function inlineText(element: Element, references: Element[]): string {
  switch (element.type) {
    case 'text':
      return element.value ?? ''
    case 'tab':
      return '\t'
    case 'break':
      return '\n'
    case 'checkbox':
      return element.checked === true ? '☒' : '☐'
    case 'noteReference':
      return `[${placeOf(element, references)}]`
    default:
      return lineText(element.children ?? [], references)
  }
}

/** Its number, from 1: that of a note that is referred to again is the same. */
function placeOf(reference: Element, references: Element[]): number {
  const known = references.findIndex(
    ({ noteType, noteId }) => noteType === reference.noteType && noteId === reference.noteId,
  )
  return known >= 0 ? known + 1 : references.push(reference)
}
