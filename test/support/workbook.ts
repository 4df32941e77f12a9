/** Makes workbooks part by part: what programs write, and what none should. */
import { type ZipMember, zipOf } from './zip.ts'

const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'

export interface WorkbookParts {
  /** What stands in each sheet behind `<worksheet>`; rows alone are put into `sheetData`. */
  readonly sheets: { readonly [name: string]: string }
  /** What stands in `<si>` of each shared string. */
  readonly strings?: readonly string[]
  /** Codes of the number formats of cell formats 1, 2, … */
  readonly formats?: readonly string[]
  readonly is_1904?: boolean
  /** Other members, or others in place of those. */
  readonly more?: readonly ZipMember[]
}

export function workbookOf({ sheets, strings = [], formats = [], is_1904 = false, more = [] }: WorkbookParts): Buffer {
  const names = Object.keys(sheets)
  const relation = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`
  const parts: { [name: string]: string | Uint8Array } = {
    '[Content_Types].xml': '<Types/>',
    '_rels/.rels': relations(relation('r', 'officeDocument', 'xl/workbook.xml')),
    'xl/workbook.xml': `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><workbookPr date1904="${Number(is_1904)}"/><sheets>${names
      .map((name, i) => `<sheet name="${name}" sheetId="${i + 1}" r:id="s${i}"/>`)
      .join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations(
      ...names.map((_, i) => relation(`s${i}`, 'worksheet', `worksheets/sheet${i + 1}.xml`)),
      relation('styles', 'styles', 'styles.xml'),
      relation('strings', 'sharedStrings', '/xl/sharedStrings.xml'),
    ),
    'xl/styles.xml': `<styleSheet xmlns="${MAIN}"><numFmts>${formats
      .map((code, i) => `<numFmt numFmtId="${200 + i}" formatCode="${code.replaceAll('"', '&quot;')}"/>`)
      .join(
        '',
      )}</numFmts><cellXfs><xf numFmtId="0"/>${formats.map((_, i) => `<xf numFmtId="${200 + i}"/>`).join('')}</cellXfs></styleSheet>`,
    'xl/sharedStrings.xml': `<sst xmlns="${MAIN}">${strings.map(each => `<si>${each}</si>`).join('')}</sst>`,
  }
  for (const [i, content] of Object.values(sheets).entries())
    parts[`xl/worksheets/sheet${i + 1}.xml`] =
      `<worksheet xmlns="${MAIN}">${content.startsWith('<row') ? `<sheetData>${content}</sheetData>` : content}</worksheet>`
  const members = new Map(
    Object.entries(parts).map(([name, content]): [string, ZipMember] => [name, { name, content }]),
  )
  for (const member of more) members.set(member.name, member)
  return zipOf([...members.values()])
}

const relations = (...all: readonly string[]) => `<Relationships>${all.join('')}</Relationships>`
