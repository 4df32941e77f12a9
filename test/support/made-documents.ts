/** Makes documents: by libraries where these can, and by hand where documents of the world are odd. */
import { Document, FootnoteReferenceRun, Packer, Paragraph, Table, TableCell, TableRow, TextRun } from 'docx'
import { degrees, PDFDocument, StandardFonts } from 'pdf-lib'

export interface Drawn {
  readonly text: string
  readonly x: number
  readonly y: number
  /** In degrees, against the clock. */
  readonly turned?: number
}

const SIZE = 10
const WIDTH = 600
const HEIGHT = 800
const LINE = 14

/** A PDF whose pages have texts at places, drawn in that order. */
export async function drawnPdf(pages: readonly (readonly Drawn[])[]): Promise<Buffer> {
  const document = await PDFDocument.create()
  const font = await document.embedFont(StandardFonts.Helvetica)
  for (const texts of pages) {
    const page = document.addPage([WIDTH, HEIGHT])
    for (const { text, x, y, turned = 0 } of texts)
      page.drawText(text, { x, y, size: SIZE, font, rotate: degrees(turned) })
  }
  return Buffer.from(await document.save())
}

/** A PDF whose pages have lines from top to bottom. */
export const pdfOf = (pages: readonly (readonly string[])[]): Promise<Buffer> =>
  drawnPdf(pages.map(lines => lines.map((text, i) => ({ text, x: 50, y: HEIGHT - 50 - i * LINE }))))

export interface RawPdf {
  /** What the page draws, in a font F1. */
  readonly draws: string | Uint8Array
  /** The dictionary of F1, and objects from 6 on that it refers to. */
  readonly font?: string
  readonly objects?: readonly (string | Uint8Array)[]
  /** Of the stream of what is drawn; then `draws` is packed so. */
  readonly filters?: string
}

/** A PDF of one page, object by object. */
export function rawPdf({ draws, font = HELVETICA, objects = [], filters = '' }: RawPdf): Buffer {
  const all = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>',
    streamOf(draws, filters),
    font,
    ...objects,
  ].map(each => Buffer.from(each))
  const pieces = [Buffer.from('%PDF-1.7\n')]
  const offsets: number[] = []
  let at = pieces[0]!.length
  for (const [i, each] of all.entries()) {
    const piece = Buffer.concat([Buffer.from(`${i + 1} 0 obj\n`), each, Buffer.from('\nendobj\n')])
    offsets.push(at)
    at += piece.length
    pieces.push(piece)
  }
  const table = offsets.map(offset => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const count = all.length + 1
  pieces.push(
    Buffer.from(
      `xref\n0 ${count}\n0000000000 65535 f \n${table}trailer<</Size ${count}/Root 1 0 R>>\nstartxref\n${at}\n%%EOF`,
    ),
  )
  return Buffer.concat(pieces)
}

export function streamOf(content: string | Uint8Array, filters = ''): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([
    Buffer.from(`<</Length ${bytes.length}${filters === '' ? '' : `/Filter[${filters}]`}>>\nstream\n`),
    bytes,
    Buffer.from('\nendstream'),
  ])
}

const HELVETICA = '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>'

/** What a font says of its letters: what text each byte, as hex, stands for. */
export function toUnicode(letters: { readonly [hex: string]: string }): Buffer {
  const lines = Object.entries(letters).map(
    ([hex, text]) => `<${hex}> <${Buffer.from(text, 'utf16le').swap16().toString('hex')}>`,
  )
  return streamOf(
    [
      '/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def',
      '1 begincodespacerange <00> <ff> endcodespacerange',
      `${lines.length} beginbfchar ${lines.join(' ')} endbfchar endcmap end end`,
    ].join('\n'),
  )
}

/** A Word document with these paragraphs. */
export const docxOf = (paragraphs: readonly string[]): Promise<Buffer> =>
  Packer.toBuffer(new Document({ sections: [{ children: paragraphs.map(text => new Paragraph(text)) }] }))

/** One with what Word documents have besides: breaks, tables, notes. */
export function richDocx(): Promise<Buffer> {
  const cell = (...texts: readonly string[]) => new TableCell({ children: texts.map(text => new Paragraph(text)) })
  const row = (...cells: readonly TableCell[]) => new TableRow({ children: [...cells] })
  const document = new Document({
    footnotes: { 1: { children: [new Paragraph('As the law says.')] } },
    sections: [
      {
        children: [
          new Paragraph({
            children: [
              new TextRun('We apply for '),
              new TextRun({ text: 'a grant', bold: true }),
              new FootnoteReferenceRun(1),
              new TextRun({ text: 'of a year.', break: 1 }),
            ],
          }),
          new Paragraph('Name\tAda'),
          new Table({ rows: [row(cell('What', 'for'), cell('Amount')), row(cell('Seeds'), cell('1,200'))] }),
          new Paragraph('שלום, Grüße, 你好, 😀'),
        ],
      },
    ],
  })
  return Packer.toBuffer(document)
}
