/** What a store says about an output, as errors with its URL and what to do. */
import type { CustodyError } from '../../model/error.ts'
import type { StoreFailure } from '../stores/object-store.ts'
import { type OutputPlace, outputError } from './sink-error.ts'

/** @returns a CustodyError of code CUSTODY_SINK or CUSTODY_OUTPUT_CHANGED. */
export function storeError(place: OutputPlace, failure: StoreFailure): CustodyError {
  const { path } = place
  const { kind, message: said } = failure
  const sink = (message: string, hint?: string) => outputError('CUSTODY_SINK', place, message, hint, failure)
  switch (kind) {
    case 'changed': {
      const message = `${path} isn’t what it was when the run looked: something else wrote it meanwhile (${said})`
      const hint =
        'Move it away, then resume: what the run wrote is complete beside its ledger. Or give the run up with `custody abandon`.'
      return outputError('CUSTODY_OUTPUT_CHANGED', place, message, hint, failure)
    }
    case 'denied':
      return sink(
        `${path} may not be written: ${said}`,
        'Give who asks the right to read and to write there, then resume.',
      )
    case 'no_root':
      return sink(`the store of ${path} does not exist: ${said}`, 'Correct its name, or the endpoint under `storage`.')
    case 'credentials': {
      const hint = 'Set keys under `storage`, or where the store’s own programs look for them: docs/object-stores.md.'
      return sink(`the store of ${path} doesn’t know who asks: ${said}`, hint)
    }
    case 'unavailable': {
      const hint = 'Nothing is lost: resume the run when the store can be reached.'
      return sink(`${path} can’t be written for now: ${said}`, hint)
    }
    default:
      return sink(`${path} can’t be written: ${said}`)
  }
}
