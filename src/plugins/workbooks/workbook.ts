/** What a workbook says of its sheets, and what its cells are written with. */
import { posix } from 'node:path'
import type { InputPlace, RandomAccess } from '../sources/byte-reader.ts'
import { dateKind } from './number-format.ts'
import { broken, PackageFile } from './package-file.ts'
import type { DateKind } from './serial-date.ts'
import { SharedStrings } from './shared-strings.ts'
import { type Attributes, readXml, XmlError } from './xml.ts'

export interface SheetEntry {
  readonly name: string
  readonly hidden: boolean
  readonly part: string
}

export interface Workbook {
  readonly parts: PackageFile
  /** Those with cells, in their order. */
  readonly sheets: readonly SheetEntry[]
  readonly is_1904: boolean
  /** For each format of cells, whether its numbers are dates. */
  readonly kinds: readonly (DateKind | null)[]
  /** To be read, and closed, by whoever reads cells. */
  readonly strings: () => Promise<SharedStrings>
}

interface Relation {
  readonly type: string
  readonly part: string
}

/** @throws CustodyError CUSTODY_INPUT_FORMAT, CUSTODY_SOURCE. */
export async function openWorkbook(access: RandomAccess, place: InputPlace): Promise<Workbook> {
  const parts = await PackageFile.open(access, place)
  try {
    return await workbookIn(parts, place)
  } catch (error) {
    throw error instanceof XmlError ? broken(place, error.message, error) : error
  }
}

async function workbookIn(parts: PackageFile, place: InputPlace): Promise<Workbook> {
  const main = [...(await relationsOf(parts, '')).values()].find(({ type }) => type === 'officeDocument')?.part
  if (main === undefined) throw broken(place, 'it doesn’t say where its list of sheets is')
  const relations = await relationsOf(parts, main)
  const { sheets, is_1904 } = await sheetsIn(parts, main, relations)
  const partOf = (type: string) => [...relations.values()].find(each => each.type === type)?.part
  const [styles, strings] = [partOf('styles'), partOf('sharedStrings')]
  return {
    parts,
    sheets,
    is_1904,
    kinds: styles === undefined || !parts.has(styles) ? [] : await kindsIn(await parts.content(styles)),
    strings: async () =>
      strings === undefined || !parts.has(strings)
        ? SharedStrings.none()
        : SharedStrings.read(await parts.chunks(strings)),
  }
}

/** By their ids. */
async function relationsOf(parts: PackageFile, part: string): Promise<ReadonlyMap<string, Relation>> {
  const folder = posix.dirname(part)
  const list = part === '' ? '_rels/.rels' : posix.join(folder, '_rels', `${posix.basename(part)}.rels`)
  const relations = new Map<string, Relation>()
  if (!parts.has(list)) return relations
  await readXml(await parts.content(list), (name, { Id = '', Type = '', Target = '', TargetMode }) => {
    if (name !== 'Relationship' || TargetMode === 'External') return
    const target = Target.startsWith('/') ? Target.slice(1) : posix.normalize(posix.join(folder, Target))
    relations.set(Id, { type: Type.slice(Type.lastIndexOf('/') + 1), part: target })
  })
  return relations
}

async function sheetsIn(parts: PackageFile, main: string, relations: ReadonlyMap<string, Relation>) {
  const sheets: SheetEntry[] = []
  let is_1904 = false
  await readXml(await parts.content(main), (name, attributes) => {
    if (name === 'workbookPr') is_1904 = isTrue(attributes.date1904)
    if (name !== 'sheet') return
    const relation = relations.get(relationIn(attributes) ?? '')
    // Charts and macros are sheets, too.
    if (relation?.type === 'worksheet')
      sheets.push({
        name: attributes.name ?? '',
        hidden: (attributes.state ?? 'visible') !== 'visible',
        part: relation.part,
      })
  })
  return { sheets, is_1904 }
}

const isTrue = (value = '0') => value === '1' || value === 'true'

/** `r:id`, whatever its prefix. */
function relationIn(attributes: Attributes): string | undefined {
  const name = Object.keys(attributes).find(each => each.endsWith(':id'))
  return name === undefined ? undefined : attributes[name]
}

async function kindsIn(styles: Buffer): Promise<readonly (DateKind | null)[]> {
  const codes = new Map<number, string>()
  const kinds: (DateKind | null)[] = []
  let within = ''
  await readXml(styles, (name, { numFmtId, formatCode }) => {
    if (name === 'cellXfs' || name === 'cellStyleXfs' || name === 'cellStyles' || name === 'dxfs') within = name
    if (name === 'numFmt' && formatCode !== undefined) codes.set(Number(numFmtId), formatCode)
    if (name !== 'xf' || within !== 'cellXfs') return
    const id = Number(numFmtId ?? 0)
    kinds.push(dateKind(id, codes.get(id)))
  })
  return kinds
}
