/** What the operating system says about an output, as errors with the path and what to do. */
import { CustodyError, type ErrorCode } from '../../model/error.ts'

/** The sink and the file it is about. */
export interface OutputPlace {
  /** Name of the sink in the pipeline. */
  readonly node: string
  /** For people: an absolute path, or `standard output`. */
  readonly path: string
}

type OutputErrorCode = Extract<
  ErrorCode,
  | 'CUSTODY_SINK'
  | 'CUSTODY_SINK_FULL'
  | 'CUSTODY_TARGET_EXISTS'
  | 'CUSTODY_OUTPUT_HELD'
  | 'CUSTODY_OUTPUT_CHANGED'
  | 'CUSTODY_RUN_LOST'
>

export function outputError(
  code: OutputErrorCode,
  place: OutputPlace,
  message: string,
  hint?: string,
  cause?: unknown,
): CustodyError {
  return new CustodyError(code, message, { where: { node: place.node, path: place.path }, hint, cause })
}

/** The `code` of a system error, or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** @returns a CustodyError of code CUSTODY_SINK_FULL or CUSTODY_SINK; one that is a CustodyError already as it is. */
export function asOutputError(error: unknown, place: OutputPlace): CustodyError {
  if (error instanceof CustodyError) return error
  const { path } = place
  const sink = (message: string, hint?: string) => outputError('CUSTODY_SINK', place, message, hint, error)
  switch (systemCode(error)) {
    case 'ENOSPC':
      return outputError('CUSTODY_SINK_FULL', place, `there is no space left for ${path}`, undefined, error)
    case 'EDQUOT':
      return outputError('CUSTODY_SINK_FULL', place, `the disk quota is used up; ${path} can’t grow`, undefined, error)
    case 'EFBIG': {
      const hint =
        'Raise the limit (`ulimit -f`), or write to a file system for larger files, then resume; nothing is lost.'
      return outputError('CUSTODY_SINK_FULL', place, `${path} is as large as a file may be here`, hint, error)
    }
    case 'EACCES':
    case 'EPERM':
      return sink(`${path} may not be written`, 'Give this user the right to write there, then resume.')
    case 'EROFS':
      return sink(`${path} is on a file system that can only be read`, 'Choose another path, or mount it for writing.')
    case 'EISDIR':
      return sink(`${path} is a folder`, 'Name a file in it.')
    case 'ENOTDIR':
      return sink(`${path}: a part of the path is a file, not a folder`, 'Choose another path.')
    case 'ENAMETOOLONG':
      return sink(`${path}: the name is too long`, 'Choose a shorter one.')
    case 'EPIPE':
      return sink(`nobody reads ${path} any more`, 'Have it read to its end, or give the sink a file.')
    default:
      return sink(`${path} can’t be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}
