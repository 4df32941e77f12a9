/** Ajv, for whoever compiles a schema: a module of its own, since most commands never do. */
import equality from 'ajv/dist/runtime/equal.js'
import { isSameJson } from '../model/same-json.ts'

// `const`, `enum` and `uniqueItems` compare objects with what stands here. Ajv's own takes objects without a prototype, which rows are
// made of, for others than those that have one, and calls what a row has as `valueOf` or `toString`.
Reflect.set(equality, 'default', Object.assign(isSameJson, { code: 'require("ajv/dist/runtime/equal").default' }))

export { Ajv2020 } from 'ajv/dist/2020.js'
export { isJsonSchema } from './meta-schema.ts'
