import { afterAll, test } from 'vitest'
import { ownKeychain } from '../../src/ledger/encryption/keychain.ts'
import { openPostgresStore } from '../../src/ledger/postgres/open.ts'
import { ALL_OF_POSTGRES, newDatabase, postgres } from '../support/postgres.ts'
import { ledgerConformance } from './ledger.ts'
import { type PlaceKind, sqlitePlace, TEST_KEY } from './sqlite-place.ts'
import { type Place, threadsAt } from './stage.ts'

const server = await postgres()

let schemas = 0
/** A schema each: to make a database takes the server much longer. */
async function makePlace(database: string, { threaded, encryption }: PlaceKind): Promise<Place> {
  if (encryption !== undefined) ownKeychain.add(encryption)
  const url = `${database}?schema=s${++schemas}`
  const place: Place = {
    create: birth => openPostgresStore(url, { birth: () => birth, lasting: 'durable', encryption }),
    open: () => openPostgresStore(url, { birth: null, lasting: 'durable', encryption }),
    remove: async () => undefined,
  }
  if (!threaded) return place
  return { ...place, threads: threadsAt(url, encryption) }
}

if (server.url === null) test.skip(`a ledger in PostgreSQL${server.said}`)
else {
  const database = await newDatabase(server.url)
  afterAll(() => database.remove())
  const inFile = () => sqlitePlace({ threaded: false })
  const place = (kind: PlaceKind) => () => makePlace(database.url, kind)
  ledgerConformance('PostgreSQL', place({ threaded: false }), inFile)
  if (ALL_OF_POSTGRES) {
    ledgerConformance('PostgreSQL, written by another thread', place({ threaded: true }), inFile)
    ledgerConformance('PostgreSQL, encrypted', place({ threaded: false, encryption: TEST_KEY }), inFile)
    const both = place({ threaded: true, encryption: TEST_KEY })
    ledgerConformance('PostgreSQL, encrypted by another thread', both, inFile)
  }
}
