/** Takes the text out of PDF documents, with `pdfjs-dist`. */
import { fileURLToPath } from 'node:url'
import { counted } from '../../model/number-text.ts'
import { type DocumentAnswer, type DocumentSettings, documentProblem } from './document.ts'
import { pageText, type TextPiece } from './page-text.ts'

const LIBRARY = 'pdfjs-dist/legacy/build/pdf.mjs'

/** Between pages, and what ends the last one is left away. */
const BETWEEN_PAGES = '\n\n'

/** Never throws for what is wrong with the document. */
export async function pdfText(bytes: Uint8Array<ArrayBuffer>, settings: DocumentSettings): Promise<DocumentAnswer> {
  const { getDocument, version } = await import('pdfjs-dist/legacy/build/pdf.mjs')
  const task = getDocument({ ...OPENING, ...packageFiles(), data: bytes })
  try {
    return await textOf(await task.promise, settings, `pdfjs-dist ${version}`)
  } catch (error) {
    return problemOf(error)
  } finally {
    await task.destroy()
  }
}

/** Nothing is drawn, fetched or executed; what is damaged within a page is an error, never left away in silence. */
const OPENING = {
  verbosity: 0,
  stopAtErrors: true,
  disableFontFace: true,
  useSystemFonts: false,
  useWasm: false,
  enableXfa: false,
  isEvalSupported: false,
} as const

/** What is needed to understand fonts that aren't in the document: those of East Asian scripts, and the 14 of each reader. */
function packageFiles() {
  const folder = new URL('../../', import.meta.resolve(LIBRARY))
  return {
    cMapUrl: fileURLToPath(new URL('cmaps/', folder)),
    standardFontDataUrl: fileURLToPath(new URL('standard_fonts/', folder)),
  }
}

type Opened = Awaited<ReturnType<typeof import('pdfjs-dist').getDocument>['promise']>

async function textOf(document: Opened, settings: DocumentSettings, reader: string): Promise<DocumentAnswer> {
  const { numPages } = document
  const { max_pages, max_characters, textless_share } = settings
  if (numPages > max_pages)
    return documentProblem('DOCUMENT_TOO_MANY_PAGES', `the document has ${counted(numPages, 'page', 'pages')}`)
  const pages: string[] = []
  let length = 0
  for (let number = 1; number <= numPages; number++) {
    const page = await document.getPage(number)
    const text = pageText(piecesOf((await page.getTextContent({ disableNormalization: true })).items))
    page.cleanup()
    pages.push(text)
    length += text.length + (number === 1 ? 0 : BETWEEN_PAGES.length)
    if (length > max_characters)
      return documentProblem(
        'DOCUMENT_TOO_LONG',
        `the text up to page ${number} has ${counted(length, 'character', 'characters')}`,
      )
  }
  const textless = pages.filter(text => text === '').length
  if (textless > numPages * textless_share)
    return documentProblem(
      'DOCUMENT_SCANNED',
      `there is no text on ${textless} of ${counted(numPages, 'page', 'pages')}`,
    )
  return { kind: 'text', type: 'pdf', text: pages.join(BETWEEN_PAGES), pages, reader }
}

type Items = Awaited<ReturnType<Awaited<ReturnType<Opened['getPage']>>['getTextContent']>>['items']

function piecesOf(items: Items): readonly TextPiece[] {
  return items.flatMap(item => {
    if (!('str' in item)) return []
    // cast: what a matrix has (ISO 32000-1, 8.3.3), typed as a list of anything.
    const [a, b, , d, left] = item.transform as [number, number, number, number, number]
    return {
      text: asLetters(wellFormed(item.str)),
      left,
      width: item.width,
      size: Math.hypot(b, d) || Math.abs(a),
      level: a > 0 && b === 0 && item.dir === 'ltr',
      ends_line: item.hasEOL,
    }
  })
}

/** Fonts can map a letter to anything, to half of a character too; NUL is what they map letters to that they don't know. */
const wellFormed = (text: string) => text.toWellFormed().replaceAll('\0', '\uFFFD')

/**
 * Shapes that letters have beside others are these letters: ligatures such as ﬃ, Hebrew letters with points, Arabic ones by their place in
 * the word. All else stays what the document says it is, where the library would also take µ for μ.
 */
const asLetters = (text: string) => text.replaceAll(/[\ufb00-\ufdcf\ufe70-\ufefc]/g, each => each.normalize('NFKC'))

function problemOf(error: unknown): DocumentAnswer {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  if (name === 'PasswordException') return documentProblem('DOCUMENT_ENCRYPTED', 'the document needs a password')
  // The library wraps it.
  if (error instanceof RangeError || /call stack/.test(message))
    return documentProblem('DOCUMENT_UNREADABLE', `the document is tangled: ${message}`)
  return documentProblem('DOCUMENT_BROKEN', `the document can’t be read as a PDF: ${message}`)
}
