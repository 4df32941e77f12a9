/**
 * Writes data/applications.csv: 2,400 invented loan applications. The same numbers come out each time, so the file can
 * be made again and compared. Run it with:  node generate.js
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const RECORDS = 2400
const HEADER = 'id,submitted_on,applicant,loan_type,amount,term_months,income,credit_score,note'

const FIRST = 'Ada Bela Carl Dana Emil Fay Gus Hana Ivo Jana Karl Lena Marc Nora Omar Pia Quinn Rene Sven Tara'.split(
  ' ',
)
const LAST =
  'Abel Brandt Costa Diaz Eden Falk Grant Hurst Ivers Jansen Keller Lund Mori Nunes Oduya Price Quade Reyes Stahl Tran'.split(
    ' ',
  )
const NOTES = [
  'call after 5',
  'existing customer',
  'co-signed by spouse',
  'second application',
  'self-employed, seasonal income',
  'says "rate was promised by phone"',
  'moved here in spring',
  'prefers e-mail',
]
/** What must not travel on: credentials and card numbers that people put into notes. */
const SECRETS = [
  'my password is sunflower7',
  'online banking Password: tulip-22',
  'charge card 4000 1234 5678 9010',
  'login anna / PASSWORD anna1',
]
/** By record: lines as a hurried clerk typed them. The first has a cell too few, the second a text for a number. */
const BROKEN = new Map([
  [702, record => record.filter((_, column) => column !== 7)],
  [1833, record => record.with(4, 'about 9000')],
])

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function randomFrom(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const random = randomFrom(20260301)
const pick = list => list[Math.floor(random() * list.length)]
const between = (low, high) => low + random() * (high - low)
const rounded = (value, step) => Math.round(value / step) * step

/** Loan types with their share, amounts and terms. */
const TYPES = [
  { name: 'personal', share: 0.42, amount: [800, 24000], terms: [12, 24, 36, 48] },
  { name: 'auto', share: 0.27, amount: [3000, 48000], terms: [36, 48, 60] },
  { name: 'home', share: 0.19, amount: [40000, 420000], terms: [180, 240, 300, 360] },
  { name: 'business', share: 0.12, amount: [2000, 150000], terms: [24, 60, 84, 120] },
]

function pickType() {
  let at = random()
  for (const type of TYPES) {
    at -= type.share
    if (at < 0) return type
  }
  return TYPES[0]
}

function noteOf() {
  const at = random()
  if (at < 0.025) return pick(SECRETS)
  return at < 0.3 ? pick(NOTES) : ''
}

function application(id) {
  const type = pickType()
  const day = new Date(Date.UTC(2026, 0, 5) + Math.floor(((id - 1) * 60) / RECORDS) * 86_400_000)
  // Small amounts are more frequent than large ones.
  const amount = rounded(type.amount[0] + (type.amount[1] - type.amount[0]) * random() ** 2, 50)
  const income = rounded(18000 + 90000 * random() ** 1.7, 100)
  const score = random() < 0.012 ? '' : Math.round(between(520, 850) * 0.55 + between(560, 850) * 0.45)
  return [
    id,
    day.toISOString().slice(0, 10),
    `${pick(FIRST)} ${pick(LAST)}`,
    type.name,
    amount,
    pick(type.terms),
    income,
    score,
    noteOf(),
  ]
}

const cell = value => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value))

const lines = [HEADER]
for (let id = 1; id <= RECORDS; id++) {
  let record = application(id)
  // Row 17 is the one in the documentation.
  if (id === 17) record = [17, record[1], 'Quinn Reyes', 'auto', 62000, 60, 41000, 655, 'call after 5']
  const damage = BROKEN.get(id)
  lines.push((damage === undefined ? record : damage(record)).map(cell).join(','))
}
const folder = join(dirname(fileURLToPath(import.meta.url)), 'data')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'applications.csv'), `${lines.join('\n')}\n`)
