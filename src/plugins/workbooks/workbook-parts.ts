/** The parts of a workbook that is written, but for its rows: how cells look, which sheets there are. */
import { columnName } from './cell-address.ts'
import { escapedXml } from './xml.ts'

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

/** Formats of cells, by their places in the list of styles; those of decimals follow, one for each number of digits. */
export const STYLES = { plain: 0, header: 1, date: 2, date_time: 3, quoted: 4, decimals: 5 } as const

/** Numbers of formats that a workbook names itself begin here. */
const OWN_FORMATS = 164

export function stylesXml(scales: readonly number[]): string {
  const codes = [
    'yyyy-mm-dd',
    'yyyy-mm-dd hh:mm:ss',
    ...scales.map(scale => (scale === 0 ? '0' : `0.${'0'.repeat(scale)}`)),
  ]
  const formats = codes.map((code, i) => `<numFmt numFmtId="${OWN_FORMATS + i}" formatCode="${code}"/>`)
  const number = (i: number) =>
    `<xf numFmtId="${OWN_FORMATS + i}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>`
  const cells = [
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>',
    '<xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1"/>',
    number(0),
    number(1),
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>',
    ...scales.map((_, i) => number(i + 2)),
  ]
  const font = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
  return `${HEAD}<styleSheet xmlns="${MAIN}">${listed('numFmts', formats)}${listed('fonts', [`<font>${font}</font>`, `<font><b/>${font}</font>`])}${listed(
    'fills',
    [
      '<fill><patternFill patternType="none"/></fill>',
      '<fill><patternFill patternType="gray125"/></fill>',
      '<fill><patternFill patternType="solid"><fgColor rgb="FFE7EBF0"/><bgColor indexed="64"/></patternFill></fill>',
    ],
  )}${listed('borders', ['<border><left/><right/><top/><bottom/><diagonal/></border>'])}${listed('cellStyleXfs', [
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>',
  ])}${listed('cellXfs', cells)}${listed('cellStyles', ['<cellStyle name="Normal" xfId="0" builtinId="0"/>'])}</styleSheet>`
}

const listed = (name: string, all: readonly string[]) => `<${name} count="${all.length}">${all.join('')}</${name}>`

/** All parts but styles and sheets, by their names. */
export function partsFor(sheets: readonly string[]): readonly (readonly [name: string, content: string])[] {
  const types = sheets.map((_, i) => `<Override PartName="/${sheetPart(i)}" ContentType="${TYPE}.worksheet+xml"/>`)
  const entries = sheets.map((name, i) => `<sheet name="${escapedXml(name)}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`)
  const relations = sheets.map((_, i) => relation(`rId${i + 1}`, 'worksheet', `worksheets/sheet${i + 1}.xml`))
  return [
    [
      '[Content_Types].xml',
      `${HEAD}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/>${types.join('')}</Types>`,
    ],
    ['_rels/.rels', relationsXml([relation('rId1', 'officeDocument', 'xl/workbook.xml')])],
    [
      'xl/workbook.xml',
      `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${entries.join('')}</sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      relationsXml([...relations, relation(`rId${sheets.length + 1}`, 'styles', 'styles.xml')]),
    ],
  ]
}

export const sheetPart = (index: number): string => `xl/worksheets/sheet${index + 1}.xml`

const relation = (id: string, type: string, target: string) =>
  `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`
const relationsXml = (all: readonly string[]) =>
  `${HEAD}<Relationships xmlns="${PACKAGE}/relationships">${all.join('')}</Relationships>`

/** In characters: no column is narrower, or wider. */
export const WIDTHS = { least: 8, most: 60 } as const

/** What stands in a sheet before its rows: the header, frozen, and how wide columns are. */
export function sheetBegins(headers: readonly string[], widths: readonly number[], freeze: boolean): string {
  const pane =
    freeze && headers.length > 0 ? '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' : ''
  const columns = headers.map((header, i) => {
    const width = Math.min(WIDTHS.most, Math.max(WIDTHS.least, header.length, widths[i] ?? 0) + 2)
    return `<col min="${i + 1}" max="${i + 1}" width="${width}" customWidth="1"/>`
  })
  const cells = headers.map((header, i) => textCell(columnName(i + 1), 1, escapedXml(header), STYLES.header))
  return `${HEAD}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0">${pane}</sheetView></sheetViews>${columns.length === 0 ? '' : `<cols>${columns.join('')}</cols>`}<sheetData>${cells.length === 0 ? '' : `<row r="1">${cells.join('')}</row>`}`
}

export const SHEET_ENDS = '</sheetData></worksheet>'

/** @param xml the text as XML has it */
export function textCell(column: string, row: number, xml: string, style: number): string {
  const space = xml.trim() === xml && !xml.includes('&#') ? '' : ' xml:space="preserve"'
  return `<c r="${column}${row}"${style === 0 ? '' : ` s="${style}"`} t="inlineStr"><is><t${space}>${xml}</t></is></c>`
}
