/**
 * Writes data/readings.csv: how long the oldest item of a moderation queue had been waiting, hour by hour, for ten days
 * and a half. Invented, and the same each time. Run it with:  node generate.js
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HOURS = 10 * 24 + 12
/** On this day, from 0, half of the moderators were ill. */
const BAD_DAY = 6

const lines = ['day,hour,waiting,oldest_minutes']
let state = 7
const random = () => {
  state = (state * 1103515245 + 12345) % 2147483648
  return state / 2147483648
}
for (let i = 0; i < HOURS; i++) {
  const day = Math.floor(i / 24)
  const hour = i % 24
  // Few write at night, many in the evening.
  const load = 20 + 30 * (1 - Math.cos(((hour - 4) / 24) * 2 * Math.PI)) + 15 * random()
  const waiting = Math.round(load * (day === BAD_DAY ? 2.2 : 1))
  const minutes = Math.round(waiting * (0.5 + 0.3 * random()))
  const date = new Date(Date.UTC(2026, 1, 9 + day)).toISOString().slice(0, 10)
  lines.push([date, hour, waiting, minutes].join(','))
}
const folder = join(dirname(fileURLToPath(import.meta.url)), 'data')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'readings.csv'), `${lines.join('\n')}\n`)
