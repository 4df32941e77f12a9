import { ledgerConformance } from './ledger.ts'
import { sqlitePlace, TEST_KEY } from './sqlite-place.ts'

ledgerConformance('SQLite', () => sqlitePlace({ threaded: false }))
ledgerConformance(
  'SQLite, written by another thread',
  () => sqlitePlace({ threaded: true }),
  () => sqlitePlace({ threaded: false }),
)
ledgerConformance(
  'SQLite, encrypted',
  () => sqlitePlace({ threaded: false, encryption: TEST_KEY }),
  () => sqlitePlace({ threaded: false }),
)
ledgerConformance(
  'SQLite, encrypted by another thread',
  () => sqlitePlace({ threaded: true, encryption: TEST_KEY }),
  () => sqlitePlace({ threaded: false }),
)
