/** Which files are of one shape, so that one source reads them: the same plugin, the same options, the same fields. */
import type { Found } from './finding.ts'
import { findAll } from './infer-file.ts'
import type { Look } from './look.ts'
import { type Place, placeOfAll, placeOfOne } from './place.ts'

/** One file, with what is in it. */
interface Seen {
  readonly look: Look
  readonly place: Place
  readonly found: Found
}

/** What one source reads. */
export interface Shape {
  readonly looks: readonly [Look, ...Look[]]
  readonly place: Place
  readonly found: Found
}

/** In the order of the first file of each. @throws CustodyError as the sources do. */
export async function shapesOf(looks: readonly Look[], folder: string): Promise<readonly Shape[]> {
  const all: Seen[] = []
  for (const look of looks) {
    const place = await placeOfOne(look.input, folder)
    all.push({ look, place, found: await findAll([look], place, folder) })
  }
  const shapes: Shape[] = []
  for (const alike of grouped(all, shapeKey).flatMap(byEncoding)) shapes.push(...(await together(alike, folder)))
  const order = new Map(looks.map((look, index) => [look, index]))
  return shapes.toSorted((one, two) => (order.get(one.looks[0]) ?? 0) - (order.get(two.looks[0]) ?? 0))
}

/** Options that the values of all files decide, when they are read together. */
const OF_VALUES = ['null_values', 'true_values', 'false_values', 'decimal', 'thousands', 'date_format', 'ragged']
const OF_PLACE = ['path', 'literal', 'members', 'encoding']

/** Columns may stand in another order in each. */
function shapeKey({ look, found }: Seen): string {
  const kept = Object.entries(found.options).filter(([option]) => ![...OF_VALUES, ...OF_PLACE].includes(option))
  return JSON.stringify([look.plugin, kept.sort(), found.mode, found.fields.map(({ field }) => field).sort()])
}

/** A file of nothing but ASCII goes with others, whatever their encoding. */
function byEncoding(alike: readonly Seen[]): readonly (readonly Seen[])[] {
  const encodings = grouped(
    alike.filter(({ look }) => !look.ascii),
    ({ look }) => String(look.written.encoding ?? ''),
  )
  const plain = alike.filter(({ look }) => look.ascii)
  if (encodings.length < 2) return [alike]
  return plain.length === 0 ? encodings : [...encodings, plain]
}

/** One shape if values of all of them are of types that each has by itself; else those whose types are the same, and others alone. */
async function together(alike: readonly Seen[], folder: string): Promise<readonly Shape[]> {
  const joined = await join(alike, folder)
  if (joined !== null) return [joined]
  const shapes: Shape[] = []
  for (const same of grouped(alike, typesKey)) {
    const some = same.length < alike.length ? await join(same, folder) : null
    shapes.push(...(some === null ? same.map(alone) : [some]))
  }
  return shapes
}

async function join(alike: readonly Seen[], folder: string): Promise<Shape | null> {
  const [first, ...others] = alike
  if (first === undefined) return null
  if (others.length === 0) return alone(first)
  const looks: Shape['looks'] = [first.look, ...others.map(({ look }) => look)]
  const inputs = looks.map(({ input }) => input)
  const place = await placeOfAll(inputs, folder)
  if (place === null) return null
  const found = await findAll(looks, place, folder)
  return alike.every(each => agrees(each.found, found)) ? { looks, place, found } : null
}

const alone = ({ look, place, found }: Seen): Shape => ({ looks: [look], place, found })

/** Whether nothing that is known of a file by itself is lost. */
function agrees(own: Found, all: Found): boolean {
  const fields = new Map(all.fields.map(field => [field.field, field]))
  return own.fields.every(({ field, types, date_format }) => {
    const joint = fields.get(field)
    if (joint === undefined || (date_format !== undefined && joint.date_format !== date_format)) return false
    const text = joint.types.includes('string') && types.length > 0 && !types.includes('string')
    return !text && (joint.types.length <= 1 || joint.types.length <= types.length)
  })
}

function typesKey({ found }: Seen): string {
  const fields = found.fields.map(({ field, types, date_format = null }) => [field, types, date_format])
  return JSON.stringify(fields.map(each => JSON.stringify(each)).sort())
}

function grouped<T>(list: readonly T[], key: (each: T) => string): readonly (readonly T[])[] {
  return [...Map.groupBy(list, key).values()]
}
