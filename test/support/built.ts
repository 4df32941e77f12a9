/** Programs of tests, as build.ts has bundled them, for processes of their own. */
import { join } from 'node:path'
import { inject } from 'vitest'

/** The file of a program, by its path below test/ without the ending. */
export const built = (path: string): string => join(inject('built'), 'tests', 'dist', `${path}.js`)

/** What Node compiles of them: most of the time of a short run would be that of compiling. */
export const compiled = (): string => join(inject('built'), 'compiled')
