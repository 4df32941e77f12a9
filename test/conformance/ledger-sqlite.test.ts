import { describe } from 'vitest'
import { ALL_OF_POSTGRES } from '../support/postgres.ts'
import { ledgerConformance } from './ledger.ts'
import { type PlaceKind, sqlitePlace, TEST_KEY } from './sqlite-place.ts'

const place = (kind: PlaceKind) => () => sqlitePlace(kind)
const plain = place({ threaded: false })

ledgerConformance('SQLite', plain)
describe('both', { tags: ['proof'] }, () => {
  ledgerConformance('SQLite, encrypted by another thread', place({ threaded: true, encryption: TEST_KEY }), plain)
})
// One of both at a time, in the long form of this kit.
if (ALL_OF_POSTGRES) {
  ledgerConformance('SQLite, written by another thread', place({ threaded: true }), plain)
  ledgerConformance('SQLite, encrypted', place({ threaded: false, encryption: TEST_KEY }), plain)
}
