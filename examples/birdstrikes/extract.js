/**
 * Makes data/strikes.csv from the npm package vega-datasets: every 12th record of its birdstrikes.csv, unchanged.
 * Needed only to make the file again:  npm install vega-datasets && node extract.js
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const EVERY = 12

const here = dirname(fileURLToPath(import.meta.url))
const library = dirname(dirname(createRequire(import.meta.url).resolve('vega-datasets')))
// No cell of this file has a line break in it, so lines are records.
const [header, ...records] = readFileSync(join(library, 'data', 'birdstrikes.csv'), 'utf8')
  .split(/\r?\n/)
  .filter(line => line !== '')
const chosen = records.filter((_, index) => index % EVERY === 0)
writeFileSync(join(here, 'data', 'strikes.csv'), `${[header, ...chosen].join('\n')}\n`)
