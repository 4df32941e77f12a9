/** What simulated file sinks write: a line for each row, and some rows that they refuse. */
import type { RowFormat } from '../../src/plugins/sinks/file-sink.ts'
import type { RowError } from '../../src/sdk/spec.ts'
import { numberOf } from './common.ts'
import type { SinkModel } from './model.ts'

export function formatOf({ rejects }: SinkModel): RowFormat {
  return {
    begin: () => undefined,
    row: (row): string | RowError =>
      rejects > 0 && numberOf(row) % rejects === 0
        ? { kind: 'error', code: 'SIM_REJECTED', message: 'refused', retryable: false }
        : `${JSON.stringify(row)}\n`,
    end: () => '',
    state: () => null,
  }
}
