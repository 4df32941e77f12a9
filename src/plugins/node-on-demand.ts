/**
 * Node's HTTP clients and compression, loaded when they are first used: most commands use neither. Not by `import`, which reads each
 * export of a built-in module, and so loads all that web sockets need.
 */
type Http = typeof import('node:http')
type Https = typeof import('node:https')
type Zlib = typeof import('node:zlib')

export const http = (): Http => process.getBuiltinModule('node:http')
export const https = (): Https => process.getBuiltinModule('node:https')
export const zlib = (): Zlib => process.getBuiltinModule('node:zlib')
