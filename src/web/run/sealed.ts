/** Whether a run is at its end: any other may go on, by whoever resumes it. */
import type { ShownRun } from '../../api/runs.ts'

const SEALED: ReadonlySet<string> = new Set(['completed', 'completed_with_failures', 'empty', 'abandoned'])

export const isSealed = ({ status }: Pick<ShownRun, 'status'>): boolean => SEALED.has(status)
