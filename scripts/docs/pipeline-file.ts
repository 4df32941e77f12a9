/** The tables of docs/pipeline-file.md, from the shapes that the checker of pipeline files reads. */
import { PIPELINE } from '../../src/config/format.ts'
import type { ObjectShape, Shape, TextForm } from '../../src/config/shape.ts'
import { code, table } from './markdown.ts'

/** All objects that a pipeline file has, by what they are: `a source`, `retry`. */
export function objectsOfPipelines(): ReadonlyMap<string, ObjectShape> {
  const found = new Map<string, ObjectShape>()
  const add = (shape: Shape | undefined): void => {
    if (shape === undefined) return
    switch (shape.kind) {
      case 'object':
        if (found.has(shape.what)) return
        found.set(shape.what, shape)
        for (const key of Object.values(shape.keys)) add(key.shape)
        return
      case 'variants':
        for (const each of Object.values(shape.by)) add(each)
        return
      case 'either':
        for (const each of [shape.text, shape.list, shape.map]) add(each)
        return
      case 'list':
      case 'map':
        add(shape.of)
    }
  }
  add(PIPELINE)
  return found
}

export function keysTable(shape: ObjectShape): string {
  return table(
    ['key', 'value', 'default', 'meaning'],
    Object.entries(shape.keys).map(([key, { shape: value, required, doc, default: fallback }]) => [
      code(key),
      valueText(value),
      required === true ? '**required**' : fallback === undefined ? '' : code(String(fallback)),
      doc,
    ]),
  )
}

const TEXTS: { readonly [form in TextForm]: string } = {
  any: 'text',
  'pipeline name': 'text',
  target: 'a node, a sink, or `discard`',
  'sink target': 'a sink, or `discard`',
  expression: 'expression',
  plugin: 'name of a plugin',
  branch: 'name of a branch',
  label: 'text',
  'ledger url': 'URL, or `{ secret: NAME }`',
}

function valueText(shape: Shape): string {
  switch (shape.kind) {
    case 'text':
      return TEXTS[shape.form]
    case 'choice':
      return shape.of.map(code).join(', ')
    case 'integer':
      return `whole number from ${shape.min}`
    case 'number':
      return shape.above === true ? `number above ${shape.min}` : `number from ${shape.min}`
    case 'duration':
      return shape.above_zero ? 'duration above zero' : 'duration'
    case 'threshold':
      return shape.share ? 'number of rows, share (`5%`), or `off`' : 'number of rows, or `off`'
    case 'list':
      return `list: ${valueText(shape.of)}`
    case 'map':
      return `map: ${shape.item} → ${valueText(shape.of)}`
    case 'object':
      return shape.what
    case 'variants':
      return shape.what
    case 'either':
      return [shape.text, shape.list, shape.map]
        .flatMap(each => (each === undefined ? [] : valueText(each)))
        .join('; or ')
    case 'options':
      return 'map: the plugin’s options'
    case 'field':
      return 'a type, or a JSON Schema'
  }
}
