/** Opens and creates the SQLite file of a ledger, and refuses what isn't one. */
import { closeSync, existsSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { LEDGER_FORMAT } from '../../format/entry.ts'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { makeFolders } from '../../model/folder.ts'
import type { Lasting } from '../store.ts'
import type { WriteBatch } from '../write-port.ts'
import { asLedgerError } from './errors.ts'
import { APPLICATION_ID, BUSY_TIMEOUT_MS, PAGE_SIZE_BYTES, TABLE_STATEMENTS } from './schema.ts'
import { createLedger } from './store.ts'

/** Nothing is in the file: another process may be about to make a ledger of it. */
export class EmptyLedgerError extends CustodyError {
  constructor(url: string) {
    super('CUSTODY_LEDGER_FORMAT', `${url} is empty: it is no ledger yet`, {
      hint: 'If a run has just begun, try again in a moment; else check the path.',
    })
  }
}

const LASTING: { readonly [lasting in Lasting]: string } = {
  durable: 'PRAGMA synchronous = FULL; PRAGMA secure_delete = ON',
  temporary: 'PRAGMA synchronous = OFF',
}

/**
 * Opens a ledger for writing; with `birth`, makes one where nothing is.
 * @throws CustodyError CUSTODY_LEDGER_NOT_FOUND, CUSTODY_LEDGER_FORMAT, CUSTODY_LEDGER_WRITE, CUSTODY_LEDGER_BUSY.
 */
export function openForWriting(
  path: string,
  url: string,
  birth: (() => WriteBatch) | null,
  lasting: Lasting = 'durable',
): DatabaseSync {
  mustBeFile(path, url, birth !== null)
  try {
    return opening(
      url,
      'write',
      () => {
        if (birth !== null) {
          makeFolder(path, url)
          makePrivate(path, url)
        }
        return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false })
      },
      db => {
        if (birth !== null && isEmpty(db)) create(db, url, birth())
        mustBeLedger(db, url)
        mustHaveTables(db, url)
        db.exec(`${LASTING[lasting]}; PRAGMA cache_size = -${CACHE_KIB}`)
      },
    )
  } catch (error) {
    if (birth === null || !isCustodyError(error) || error.code !== 'CUSTODY_LEDGER_WRITE') throw error
    throw new CustodyError('CUSTODY_LEDGER_WRITE', error.message, { hint: UNBEGUN, cause: error.cause })
  }
}

/** Who may make a ledger is about to begin a run. */
const UNBEGUN = 'No run was begun. Check the disk and the permissions of file and folder, or name another ledger.'

/**
 * Opens a ledger for reading; never makes one.
 * @throws EmptyLedgerError if nothing is in the file;
 * CustodyError CUSTODY_LEDGER_NOT_FOUND, CUSTODY_LEDGER_FORMAT, CUSTODY_LEDGER_READ, CUSTODY_LEDGER_BUSY.
 */
export function openForReading(path: string, url: string): DatabaseSync {
  mustBeFile(path, url)
  const open = (place: string | URL) => () => new DatabaseSync(place, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
  try {
    return opening(url, 'read', open(path), db => mustBeLedger(db, url))
  } catch (error) {
    // In a folder that can't be written SQLite can't share a file with writers; where there are none it needn't.
    if (!isCustodyError(error) || error.code !== 'CUSTODY_LEDGER_READ' || hasLog(path)) throw error
    const place = pathToFileURL(path)
    place.searchParams.set('immutable', '1')
    return opening(url, 'read', open(place), db => mustBeLedger(db, url))
  }
}

/**
 * Makes a ledger that is a copy, to be finished: in the place of one that wasn't, if there is one.
 * @throws CustodyError CUSTODY_LEDGER_EXISTS, and as `openForWriting`.
 */
export function openCopy(path: string, url: string, birth: WriteBatch, home: string): DatabaseSync {
  makeFolder(path, url)
  makePrivate(path, url)
  return opening(
    url,
    'write',
    () => new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false }),
    db => {
      if (isEmpty(db)) db.exec(NEW_FILE)
      else if (unfinished(db) === null)
        throw new CustodyError('CUSTODY_LEDGER_EXISTS', `${url} is there already`, {
          hint: 'A copy is made where nothing is: name another place.',
        })
      // In one transaction: an unfinished copy says where its ledger is going, and is never gone without another one.
      createLedger(db, url, birth, home)
      db.exec(`${LASTING.durable}; PRAGMA cache_size = -${CACHE_KIB}`)
    },
  )
}

/** Of a copy that isn't finished; null if there is none. */
export function unfinishedHome(path: string, url: string): string | null {
  if (!existsSync(path)) return null
  const open = () => new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
  const db = opening(url, 'read', open, () => undefined)
  try {
    return unfinished(db)
  } finally {
    db.close()
  }
}

/** The home of a copy that isn't finished. Of a ledger that has no such table `verify` says so. */
function unfinished(db: DatabaseSync): string | null {
  if (pragma(db, 'application_id') !== APPLICATION_ID) return null
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'home'").get() === undefined) return null
  const home = db.prepare('SELECT id FROM home WHERE finished = 0').get()
  return home === undefined ? null : String(home.id)
}

const NEW_FILE = `PRAGMA page_size = ${PAGE_SIZE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`

/** All that a run writes is appended, so that a small cache has the pages that are needed. */
const CACHE_KIB = 8 * 1024

function opening(
  url: string,
  doing: 'read' | 'write',
  open: () => DatabaseSync,
  prepare: (db: DatabaseSync) => void,
): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    db = open()
    prepare(db)
    return db
  } catch (error) {
    if (db?.isOpen) db.close()
    throw asLedgerError(error, url, doing)
  }
}

function create(db: DatabaseSync, url: string, birth: WriteBatch): void {
  db.exec(NEW_FILE)
  try {
    createLedger(db, url, birth)
  } catch (error) {
    // Another process may have been first: then its ledger is the one.
    if (isEmpty(db)) throw error
  }
}

function isEmpty(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined && pragma(db, 'application_id') === 0
}

function makeFolder(path: string, url: string): void {
  try {
    makeFolders(dirname(path))
  } catch (cause) {
    throw new CustodyError('CUSTODY_LEDGER_WRITE', `no folder can be made for ${url}`, { cause })
  }
}

/** A ledger holds all data of its runs: it is its user's alone. The files that SQLite puts beside it get the same mode. */
function makePrivate(path: string, url: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (cause) {
    // It is there already, or another process was first.
    if (existsSync(path)) return
    throw new CustodyError('CUSTODY_LEDGER_WRITE', `${url} can't be made`, { cause })
  }
}

function mustBeFile(path: string, url: string, or_missing = false): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined && or_missing) return
  if (stat === undefined) throw new CustodyError('CUSTODY_LEDGER_NOT_FOUND', `there is no ledger ${url}`)
  if (!stat.isFile())
    throw new CustodyError('CUSTODY_LEDGER_FORMAT', `${url} ${stat.isDirectory() ? 'is a folder' : 'isn’t a file'}`, {
      hint: 'Name the ledger’s file, as in --ledger sqlite:./custody.db',
    })
}

function mustBeLedger(db: DatabaseSync, url: string): void {
  if (isEmpty(db)) throw new EmptyLedgerError(url)
  if (pragma(db, 'application_id') !== APPLICATION_ID) {
    throw new CustodyError('CUSTODY_LEDGER_FORMAT', `${url} is a SQLite database, but not a Custody ledger`)
  }
  const format = pragma(db, 'user_version')
  if (format !== LEDGER_FORMAT) {
    throw new CustodyError(
      'CUSTODY_LEDGER_FORMAT',
      `${url} has format ${format}; this version reads format ${LEDGER_FORMAT}`,
    )
  }
  if (unfinished(db) !== null)
    throw new CustodyError('CUSTODY_LEDGER_FORMAT', `${url} is a copy that isn’t finished`, {
      hint: '`custody ledger copy FROM TO`, as it was begun, makes it anew; it may also be under way.',
    })
}

/** Of readers `verify` names what is otherwise, and all others show what holds. */
function mustHaveTables(db: DatabaseSync, url: string): void {
  const has = new Set(
    db
      .prepare("SELECT sql FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map(each => each.sql),
  )
  if (TABLE_STATEMENTS.every(each => has.has(each))) return
  throw new CustodyError(
    'CUSTODY_LEDGER_FORMAT',
    `${url} has other tables than this version of Custody makes: an earlier one made it, or it was altered`,
    {
      hint: '`custody verify` names what is otherwise. Move it away to begin a new one, or name another with --ledger.',
    },
  )
}

function pragma(db: DatabaseSync, name: 'application_id' | 'user_version'): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name]
}

function hasLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
}
