/** Ajv, for whoever compiles a schema: a module of its own, since most commands never do. */
export { Ajv2020 } from 'ajv/dist/2020.js'
export { isJsonSchema } from './meta-schema.ts'
