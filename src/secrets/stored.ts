/** The value that is meant of what is stored. */
import { nearestNames } from '../model/nearest.ts'
import { keeperOf, type SecretReference } from '../model/secret-reference.ts'
import { objectIn } from './json.ts'
import { SecretProblem, type Stored } from './keeper.ts'

type WithField = Exclude<SecretReference, { readonly kind: 'environment' }>

/** @throws SecretProblem CUSTODY_SECRET_NOT_FOUND, CUSTODY_SECRET_VALUE */
export function valueIn(stored: Stored, reference: WithField): string {
  const value = meantIn(stored, reference)
  if (value !== '') return value
  throw unusable(reference, 'is empty')
}

function meantIn(stored: Stored, reference: WithField): string {
  const { field } = reference
  if (stored.kind === 'text' && field === null) return stored.text
  const fields = stored.kind === 'fields' ? stored.fields : fieldsOf(stored.text, reference)
  const names = Object.keys(fields)
  if (field === null) {
    const [only] = names
    if (only !== undefined && names.length === 1) return textOf(fields[only], reference)
    throw unusable(reference, `has ${names.length} fields`, 'say which, as in vault:MOUNT/PATH#FIELD')
  }
  if (Object.hasOwn(fields, field)) return textOf(fields[field], reference)
  // Names are shown only where they are nearly what was written: some keep secrets as the names of fields.
  const [near] = nearestNames(field, names, 1)
  throw new SecretProblem(
    'CUSTODY_SECRET_NOT_FOUND',
    `${keeperOf(reference)}: the secret has no field \`${field}\``,
    near === undefined ? `it has ${names.length} fields, and none is like it` : `did you mean ${near}?`,
  )
}

function fieldsOf(text: string, reference: WithField): { readonly [name: string]: unknown } {
  const fields = objectIn(text)
  if (fields !== null) return fields
  const message = `${keeperOf(reference)}: the secret isn’t a JSON object, so it has no field \`${reference.field}\``
  throw new SecretProblem('CUSTODY_SECRET_VALUE', message, 'for all of it leave #FIELD out')
}

function textOf(value: unknown, reference: WithField): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw unusable(reference, 'is neither a text nor a number')
}

export function unusable(reference: WithField, what: string, hint?: string): SecretProblem {
  const subject = reference.field === null ? 'the secret' : `the field \`${reference.field}\` of the secret`
  return new SecretProblem('CUSTODY_SECRET_VALUE', `${keeperOf(reference)}: ${subject} ${what}`, hint)
}

/** @throws SecretProblem CUSTODY_SECRET_VALUE if the bytes are no UTF-8 */
export function storedBytes(bytes: Uint8Array, reference: WithField): Stored {
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw unusable(reference, 'isn’t text in UTF-8')
  }
}
