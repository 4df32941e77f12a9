/** What is read of a ledger, as SQL: all but the views for auditors (views.ts). */
import { large } from './cells.ts'
import { LOG_SPOKEN_OF } from './schema.ts'

const BODY = large('body')
const ENTRY = `seq, row, batch, ${BODY}`
const PAYLOAD = `seq, ${large('salts')}, ${BODY}`
export const ENDING = `token, seq, row, batch, fate, node, sink, grp, error_code, error_hash, recorded_us`
const FULL_ENTRY = `SELECT e.seq, e.row, e.batch, ${large('e.body')}, p.seq AS paid, ${large('p.salts', 'payload_salts')}, ${large('p.body', 'payload')}
    FROM entries e LEFT JOIN payloads p ON p.log = e.log AND p.seq = e.seq`
/** Of a chunk all but what is encrypted; and all. */
const CHUNK_HEAD = `first, last, ${large('entries')}, ${large('key_id')}, ${large('data_key')}`
const CHUNK = `${CHUNK_HEAD}, ${large('message')}`
/** Each finds what it reads by an index, in its order; `error_counts` looks through a log's endings and sorts the few sums. */
export const QUERIES = {
  logs: `SELECT log, run, part FROM logs WHERE part = 0 ORDER BY log`,
  all_logs: `SELECT log, run, part FROM logs ORDER BY log`,
  extents: `SELECT l.log, l.run, ${large('h.note', 'head')}, s.epoch AS lease,
      (SELECT coalesce(max(seq) + 1, 0) FROM entries WHERE log = l.log) AS size,
      (SELECT ${large('body', 'opening')} FROM entries WHERE log = l.log AND seq = 0) AS opening
    FROM logs l LEFT JOIN heads h ON h.log = l.log LEFT JOIN leases s ON s.log = l.log WHERE l.log > 0 ORDER BY l.log`,
  log_of: `SELECT log FROM logs WHERE run = ? AND part = 0`,
  parts_of: `SELECT part FROM logs WHERE run = ? ORDER BY part`,
  newest_logs: `SELECT log, run, part FROM logs WHERE log > 0 AND part = 0 ORDER BY log DESC`,
  logs_between: `SELECT log, run, part FROM logs WHERE run >= ? AND run < ? AND part = 0 ORDER BY run LIMIT ?`,
  size: `SELECT coalesce(max(seq) + 1, 0) AS size FROM entries WHERE log = ?`,
  // By the index of subjects alone: bodies are long.
  first_row_from: `SELECT row FROM entries WHERE log = ? AND row > 0 AND +seq >= ? ORDER BY row, batch LIMIT 1`,
  count_entries: `SELECT count(*) AS count FROM entries WHERE log = ?`,
  count_payloads: `SELECT count(*) AS count FROM payloads WHERE log = ?`,
  count_endings: `SELECT count(*) AS count FROM endings WHERE log = ?`,
  count_open_tokens: `SELECT count(*) AS count FROM open_tokens WHERE log = ?`,
  entry: `SELECT ${ENTRY} FROM entries WHERE log = ? AND seq = ?`,
  entries: `SELECT ${ENTRY} FROM entries WHERE log = ? AND seq >= ? ORDER BY seq`,
  some_entries: `SELECT ${ENTRY} FROM entries WHERE log = ? AND seq >= ? ORDER BY seq LIMIT ?`,
  /** The last token of one of a run's logs, and its last batch. */
  extent_of_tokens: `SELECT max(coalesce((SELECT max(token) FROM endings WHERE log = l.log), 0),
      coalesce((SELECT max(token) FROM open_tokens WHERE log = l.log), 0)) AS token,
      coalesce((SELECT max(batch) FROM entries WHERE log = l.log AND row IS NULL), 0) AS batch FROM logs l WHERE run = ? AND part = ?`,
  some_bodies: `SELECT seq, ${BODY} FROM entries WHERE log = ? AND seq >= ? ORDER BY seq LIMIT ?`,
  entries_of_row: `SELECT ${ENTRY} FROM entries WHERE log = ? AND row = ? AND batch IS NULL ORDER BY seq`,
  page: `${FULL_ENTRY} WHERE e.log = ? AND e.seq >= ? AND e.seq < ? ORDER BY e.seq`,
  short_log: `${FULL_ENTRY} WHERE e.log = ?1 AND (SELECT max(seq) FROM entries WHERE log = ?1) < ?2 ORDER BY e.seq`,
  stray_payloads: `SELECT seq FROM payloads p WHERE p.log = ?
    AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.log = p.log AND e.seq = p.seq) ORDER BY p.seq`,
  entries_of_rows: `${FULL_ENTRY} WHERE e.log = ? AND e.row BETWEEN ? AND ? ORDER BY e.row, e.batch, e.seq`,
  entries_of_run: `SELECT ${ENTRY} FROM entries WHERE log = ? AND row IS NULL AND batch IS NULL ORDER BY seq`,
  entries_about: `SELECT ${ENTRY} FROM entries WHERE log = 0 AND ${LOG_SPOKEN_OF} = ? ORDER BY seq`,
  entry_with_value: `SELECT ${ENTRY} FROM entries WHERE log = ? AND row IS NULL AND batch IS NULL
    AND CASE WHEN json_valid(body) THEN json_extract(body, '$.w') END <= ? ORDER BY seq DESC LIMIT 1`,
  by_row: `SELECT ${ENTRY} FROM entries WHERE log = ? AND row BETWEEN ? AND ? ORDER BY row, batch, seq`,
  by_batch: `SELECT ${ENTRY} FROM entries WHERE log = ? AND row IS NULL AND batch BETWEEN ? AND ? ORDER BY batch, seq`,
  entries_of_batch: `SELECT ${ENTRY} FROM entries WHERE log = ? AND row IS NULL AND batch = ? ORDER BY seq`,
  payload: `SELECT ${PAYLOAD} FROM payloads WHERE log = ? AND seq = ?`,
  payloads: `SELECT ${PAYLOAD} FROM payloads WHERE log = ? ORDER BY seq`,
  /** The only one that can have the values of an entry. */
  chunk_before: `SELECT ${CHUNK} FROM sealed WHERE log = ? AND first <= ? ORDER BY first DESC LIMIT 1`,
  first_chunk: `SELECT ${CHUNK_HEAD} FROM sealed WHERE log = ? ORDER BY first LIMIT 1`,
  chunks: `SELECT ${CHUNK} FROM sealed WHERE log = ? ORDER BY first`,
  chunks_between: `SELECT ${CHUNK} FROM sealed WHERE log = ? AND first > ? AND first <= ? ORDER BY first`,
  chunk_heads: `SELECT ${CHUNK_HEAD} FROM sealed WHERE log = ? ORDER BY first`,
  /** Of all logs. */
  chunk_heads_after: `SELECT log, ${CHUNK_HEAD} FROM sealed WHERE (log, first) > (?, ?) ORDER BY log, first LIMIT ?`,
  entries_between: `SELECT seq FROM entries WHERE log = ? AND seq BETWEEN ? AND ?`,
  payloads_between: `SELECT seq FROM payloads WHERE log = ? AND seq BETWEEN ? AND ?`,
  ending: `SELECT ${ENDING} FROM endings WHERE log = ? AND token = ?`,
  endings: `SELECT ${ENDING} FROM endings WHERE log = ? ORDER BY token`,
  endings_between: `SELECT ${ENDING} FROM endings WHERE log = ? AND token BETWEEN ? AND ? ORDER BY token`,
  failed_endings: `SELECT ${ENDING} FROM endings WHERE log = ? AND error_code IS NOT NULL ORDER BY token`,
  error_counts: `SELECT node, error_code, count(*) AS count FROM endings WHERE log = ? AND error_code IS NOT NULL
    GROUP BY node, error_code ORDER BY count DESC, node, error_code`,
  open_tokens: `SELECT token, row, batch, node, seq FROM open_tokens WHERE log = ? ORDER BY token`,
  open_token: `SELECT token, row, batch, node, seq FROM open_tokens WHERE log = ? AND token = ?`,
  tile_roots: `SELECT idx, hash FROM tiles WHERE log = ? AND tree = ? AND level = ? AND idx >= ? ORDER BY idx LIMIT ?`,
  tiles: `SELECT tree, level, idx, hash FROM tiles WHERE log = ? ORDER BY tree, level, idx`,
  head: `SELECT ${large('note')} FROM heads WHERE log = ?`,
  heads: `SELECT log, ${large('note')} FROM heads ORDER BY log`,
  heads_between: `SELECT log, ${large('note')} FROM heads WHERE log BETWEEN ? AND ? ORDER BY log`,
  witnessed: `SELECT size, ${large('note')} FROM witnessed WHERE size >= ? ORDER BY size, rowid`,
  newest_witnessed: `SELECT size, ${large('note')} FROM witnessed ORDER BY size DESC, rowid DESC`,
  timestamps: `SELECT size, ${large('note')}, ${large('token', 'stamp')} FROM timestamps WHERE size >= ? ORDER BY size, rowid`,
  newest_timestamps: `SELECT size, ${large('note')}, ${large('token', 'stamp')} FROM timestamps ORDER BY size DESC, rowid DESC`,
  newest_timestamp: `SELECT coalesce(max(size), 0) AS size FROM timestamps`,
  home: `SELECT id FROM home WHERE one = 1`,
  leases: `SELECT log, epoch, ${large('holder')}, expires_us FROM leases ORDER BY log`,
  leases_between: `SELECT log, epoch, ${large('holder')}, expires_us FROM leases WHERE log BETWEEN ? AND ? ORDER BY log LIMIT ?`,
  lease: `SELECT log, epoch, ${large('holder')}, expires_us FROM leases WHERE log = ?`,
  objects: `SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name`,
  integrity: `PRAGMA integrity_check`,
  sizes: `SELECT tbl, idx AS "index", stat FROM sqlite_stat1`,
}
