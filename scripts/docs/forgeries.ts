/**
 * What somebody could make up who has the signing key, and who would notice: a line of docs/evidence.md each. test/forgeries.test.ts
 * carries each of them out, and asks everybody who is named here.
 */
import { table } from './markdown.ts'

/** Who can be asked, by the columns of the table. */
export const OBSERVERS = {
  verify: '`verify`',
  decisions: '`verify --decisions --files`',
  proof: '`check` of the row’s proof',
  record: '`check` of a record',
  head: 'who holds an older head',
  witness: 'a witness',
} as const
export type Observer = keyof typeof OBSERVERS

export interface Forgery {
  readonly what: string
  /** Whether somebody held a head when it was made up: one of the honest ledger. */
  readonly when: 'after a head was given away' | 'before'
  readonly noticed_by: readonly Observer[]
}

const AFTER = 'after a head was given away'
const OUTSIDE: readonly Observer[] = ['head', 'witness']
const LEDGER: readonly Observer[] = ['verify', 'decisions']

export const FORGERIES = {
  value: {
    what: 'a value of a row is another, with its commitment',
    when: AFTER,
    noticed_by: ['decisions', ...OUTSIDE],
  },
  quiet_value: {
    what: 'a value is another that nothing was decided by, and that is in no output file',
    when: AFTER,
    noticed_by: OUTSIDE,
  },
  rule: { what: 'the expression of a gate is another', when: AFTER, noticed_by: ['decisions', ...OUTSIDE] },
  time: { what: 'something happened at another time', when: AFTER, noticed_by: OUTSIDE },
  output: {
    what: 'an output file is said to have had another hash',
    when: AFTER,
    noticed_by: ['decisions', ...OUTSIDE],
  },
  ending: {
    what: 'a row is said to have ended otherwise',
    when: AFTER,
    noticed_by: [...LEDGER, 'proof', 'record', ...OUTSIDE],
  },
  way: {
    what: 'a row is said to have left a node by another way',
    when: AFTER,
    noticed_by: [...LEDGER, 'proof', 'record', ...OUTSIDE],
  },
  second_story: {
    what: 'a row has a second story, beside the one that the seal names',
    when: AFTER,
    noticed_by: [...LEDGER, 'record', ...OUTSIDE],
  },
  row_left_out: {
    what: 'another row of the run is left out',
    when: AFTER,
    noticed_by: [...LEDGER, 'record', ...OUTSIDE],
  },
  member: {
    what: 'a batch is said not to have had the row among its members',
    when: AFTER,
    noticed_by: [...LEDGER, 'proof', 'record', ...OUTSIDE],
  },
  count: {
    what: 'a count of the run’s totals is another',
    when: AFTER,
    noticed_by: [...LEDGER, 'record', ...OUTSIDE],
  },
  value_gone: {
    what: 'a value is gone, and no erasure is on record',
    when: AFTER,
    noticed_by: [...LEDGER],
  },
  run_cut_out: {
    what: 'another run is cut out of the ledger’s own log',
    when: AFTER,
    noticed_by: [...LEDGER, 'record', ...OUTSIDE],
  },
  last_run_cut_off: { what: 'the newest run is cut off', when: AFTER, noticed_by: OUTSIDE },
  revoked_above: {
    what: 'a thief of a key that was revoked goes on above the revocation, and signs with it',
    when: AFTER,
    noticed_by: [...LEDGER, 'proof', 'record', 'witness'],
  },
  revoked_below: {
    what: 'a thief of a key that was revoked writes another history below the revocation',
    when: AFTER,
    noticed_by: OUTSIDE,
  },
  second_ledger: {
    what: 'another ledger is shown in the place of this one, begun with the same key',
    when: AFTER,
    noticed_by: ['head'],
  },
  input: {
    what: 'the file that the run read was made up, or rows were taken out of it before',
    when: 'before',
    noticed_by: [],
  },
} as const satisfies { readonly [name: string]: Forgery }
export type ForgeryName = keyof typeof FORGERIES

export function forgeriesTable(): string {
  const observers = Object.keys(OBSERVERS) as readonly Observer[]
  return table(
    ['what is made up', ...observers.map(each => OBSERVERS[each]), 'nobody'],
    Object.values<Forgery>(FORGERIES).map(({ what, when, noticed_by }) => [
      when === 'before' ? `${what} (before anybody held a head)` : what,
      ...observers.map(each => (noticed_by.includes(each) ? '✓' : '')),
      noticed_by.length === 0 ? '✗' : '',
    ]),
  )
}
