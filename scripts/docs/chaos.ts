/** docs/chaos-peer.md: the tables of faults and of options, from the code of the chaos peer. */
import { z } from 'zod'
import { FAULTS } from '../../src/chaos/faults.ts'
import { CHAOS_OPTIONS, chaosSettings } from '../../src/chaos/options.ts'
import { type ObjectSchema, typeText } from '../../src/cli/render/plugin.ts'
import { code, table } from './markdown.ts'

export function faultsTable(): string {
  return table(
    ['fault', 'what the client gets'],
    Object.entries(FAULTS).map(([kind, meaning]) => [code(kind), meaning]),
  )
}

export function chaosOptionsTable(): string {
  const { properties = {} } = z.toJSONSchema(CHAOS_OPTIONS, { io: 'input', unrepresentable: 'any' }) as ObjectSchema
  const defaults: { readonly [option: string]: unknown } = chaosSettings({})
  return table(
    ['option', 'type', 'default', 'meaning'],
    Object.entries(properties).map(([name, option]) => [
      code(name),
      // JSON Schema can't express that it may be a function.
      name === 'answer' ? 'text, value or function' : typeText(option),
      defaultText(defaults[name]),
      option.description ?? '',
    ]),
  )
}

function defaultText(value: unknown): string {
  if (value === undefined) return ''
  const isEmpty = typeof value === 'object' && value !== null && Object.values(value).every(each => each === 0)
  return isEmpty && !Array.isArray(value) ? 'all 0' : code(JSON.stringify(value))
}
