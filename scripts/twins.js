// Modules for browsers: `hash.browser.ts` in the place of `hash.ts`. What only Node has is refused.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A plugin for rolldown and Vite. */
export const browserTwins = { name: 'browser-twins', resolveId: { order: 'pre', handler: twinOf } }

function twinOf(specifier, importer) {
  if (specifier.startsWith('node:')) throw new Error(`${importer} needs ${specifier}, which no browser has`)
  if (importer === undefined || !specifier.startsWith('.') || !specifier.endsWith('.ts')) return null
  const twin = join(dirname(importer), specifier.replace(/\.ts$/, '.browser.ts'))
  return existsSync(twin) ? twin : null
}
