/** The faults that a chaos peer can make. */

/** What a client then sees, one sentence each. The order is that in which a draw is dealt out. */
export const FAULTS = {
  rate_limited: 'Status 429; a burst of them begins (`burst`), with `Retry-After` as `retry_after` says.',
  server_error: 'One of the statuses in `statuses`, with an error as JSON.',
  reset: 'The connection is reset (RST) in the middle of the body.',
  malformed: 'Status 200, and a body that isn’t JSON: broken off, an HTML page, or nothing at all.',
  cut_body: 'A part of the body, with a `Content-Length` that fits the part.',
  short_body:
    'A part of the body, with the `Content-Length` of all of it, a stream without its end; then the connection is closed.',
  drip: 'The right answer, in small pieces with pauses (`drip`).',
  truncated: 'A part of the model’s answer, with `finish_reason: length`.',
  malformed_answer: 'The model was asked for JSON, and its answer isn’t.',
  wrong_schema:
    'The model’s answer is JSON that the requested schema refuses; without a schema, the response lacks its `choices`.',
  refusal: 'No content, but a `refusal`.',
  content_filter: 'No content, with `finish_reason: content_filter`.',
  odd_finish:
    'A part of the model’s answer, with a `finish_reason` that is no normal end: `error`, `abort`, null, or a word of the server’s own.',
  error_in_body: 'Status 200, with an error inside: of `statuses`, of a limit, or as a text alone.',
  odd_usage: 'The right answer, with a `usage` that is missing, empty, negative, absurd, or of texts.',
  wrapped_answer: 'The model was asked for JSON, and puts it into a fence, behind its thoughts, or among words.',
  unasked_stream: 'The right answer as server-sent events, though one in one piece was asked for.',
  wrong_encoding: 'The right answer with `Content-Encoding: gzip`, which it isn’t.',
  unauthorized: 'Status 401.',
  no_quota: 'Status 429, with the error `insufficient_quota`.',
} as const
export type FaultKind = keyof typeof FAULTS
export const FAULT_KINDS = Object.keys(FAULTS) as readonly FaultKind[]
