/**
 * Whether a value is a JSON Schema, by the meta-schema of draft 2020-12. Ajv takes longer to make the code that decides this than all else that
 * checking a pipeline takes, and it is always the same: the bundle has it ready, as `metaSchemaCode` in scripts/bundle.js makes it.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

const DRAFT = 'https://json-schema.org/draft/2020-12/schema'

export const isJsonSchema = new Ajv2020({ strict: false, validateFormats: false }).getSchema(DRAFT) as ValidateFunction
