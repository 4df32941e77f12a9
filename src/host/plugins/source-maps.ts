/**
 * Stacks that name what authors of plugins wrote: Node follows the source maps of compiled and bundled files, in the file or beside it,
 * installed packages included. TypeScript that Node strips itself keeps its lines anyway.
 */
import { setSourceMapsSupport } from 'node:module'

/** For all that is imported from now on, in the whole process. Can be called again. */
export function followSourceMaps(): void {
  setSourceMapsSupport(true, { nodeModules: true })
}
