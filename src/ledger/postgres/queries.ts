/** What is read of a ledger, as SQL: all but the views for auditors. */
import { large } from './cells.ts'
import { LOG_SPOKEN_OF } from './schema.ts'

const BODY = large('body')
const ENTRY = `seq, row, batch, ${BODY}`
const PAYLOAD = `seq, ${large('salts')}, ${BODY}`
const ENDING = `token, seq, row, batch, fate, node, sink, grp, error_code, error_hash, recorded_us`
const FULL_ENTRY = `SELECT e.seq, e.row, e.batch, ${large('e.body')}, p.seq AS paid, ${large('p.salts', 'payload_salts')}, ${large('p.body', 'payload')}
    FROM entries e LEFT JOIN payloads p ON p.log = e.log AND p.seq = e.seq`
/** Said of both, so that both are read side by side, in their order. */
const OF_PAGE = `AND p.log = $1 AND p.seq >= $2 AND p.seq < $3 WHERE e.log = $1 AND e.seq >= $2 AND e.seq < $3`
/** Of a chunk all but what is encrypted; and all. */
const CHUNK_HEAD = `first, last, ${large('entries')}, ${large('key_id')}, ${large('data_key')}`
const CHUNK = `${CHUNK_HEAD}, ${large('message')}`
/** Nulls are no equality to the planner: only an order that names the index's columns is read off the index. */
const BY_SUBJECT = 'ORDER BY row, batch, seq'
const LAST_OF_SUBJECT = 'ORDER BY row DESC, batch DESC, seq DESC'

const SOME_TILES = `idx, hash FROM tiles WHERE log = $1 AND tree = $2 AND level = $3 AND idx >= $4 ORDER BY idx LIMIT $5`

/**
 * Hashes one behind the other; and whether one is missing between the first and the last. As long as they combine to a root that was signed it is
 * all one who has made them.
 */
const hashes = (
  place: string,
  hash: string,
  select: string,
) => `SELECT min(${place}) AS first, max(${place}) AS last, count(*) AS count,
    string_agg(${hash}, '' ORDER BY ${place}) AS hashes FROM (${select}) found`

const LEAF = `pg_catalog.sha256('\\x00'::bytea || pg_catalog.convert_to(body, 'UTF8'))`

/** Each finds what it reads by an index, in its order, but that those that failed are sorted. */
export const QUERIES = {
  logs: `SELECT log, run, part FROM logs WHERE part = 0 ORDER BY log`,
  all_logs: `SELECT log, run, part FROM logs ORDER BY log`,
  extents: `SELECT l.log, l.run, ${large('h.note', 'head')}, s.epoch AS lease,
      (SELECT coalesce(max(seq) + 1, 0) FROM entries WHERE log = l.log) AS size,
      (SELECT ${large('body', 'opening')} FROM entries WHERE log = l.log AND seq = 0) AS opening
    FROM logs l LEFT JOIN heads h ON h.log = l.log LEFT JOIN leases s ON s.log = l.log WHERE l.log > 0 ORDER BY l.log`,
  log_of: `SELECT log FROM logs WHERE run = $1 AND part = 0`,
  logs_of: `SELECT log, run, part FROM logs WHERE run = $1 ORDER BY log`,
  newest_logs: `SELECT log, run, part FROM logs WHERE log > 0 AND part = 0 ORDER BY log DESC`,
  logs_between: `SELECT log, run, part FROM logs WHERE run >= $1 AND run < $2 AND part = 0 ORDER BY run LIMIT $3`,
  size: `SELECT coalesce(max(seq) + 1, 0) AS size FROM entries WHERE log = $1`,
  ends: `SELECT l.log, e.seq + 1 AS size, pg_catalog.encode(${LEAF}, 'hex') AS leaf
    FROM pg_catalog.generate_series($1::bigint, $2::bigint) AS l (log)
    CROSS JOIN LATERAL (SELECT seq, body FROM entries WHERE log = l.log ORDER BY seq DESC LIMIT 1) e ORDER BY l.log`,
  first_row_from: `SELECT row FROM entries WHERE log = $1 AND row > 0 AND seq >= $2 ORDER BY row LIMIT 1`,
  count_entries: `SELECT count(*) AS count FROM entries WHERE log = $1`,
  count_payloads: `SELECT count(*) AS count FROM payloads WHERE log = $1`,
  count_endings: `SELECT count(*) AS count FROM endings WHERE log = $1`,
  count_open_tokens: `SELECT count(*) AS count FROM open_tokens WHERE log = $1`,
  entry: `SELECT ${ENTRY} FROM entries WHERE log = $1 AND seq = $2`,
  entries: `SELECT ${ENTRY} FROM entries WHERE log = $1 AND seq >= $2 ORDER BY seq`,
  some_bodies: `SELECT seq, ${BODY} FROM entries WHERE log = $1 AND seq >= $2 ORDER BY seq LIMIT $3`,
  leaves: hashes('seq', LEAF, `SELECT seq, body FROM entries WHERE log = $1 AND seq >= $2 ORDER BY seq LIMIT $3`),
  entries_of_row: `SELECT ${ENTRY} FROM entries WHERE log = $1 AND row = $2 AND batch IS NULL ${BY_SUBJECT}`,
  page: `${FULL_ENTRY} ${OF_PAGE} ORDER BY e.seq`,
  short_log: `${FULL_ENTRY} WHERE e.log = $1 AND (SELECT max(seq) FROM entries WHERE log = $1) < $2 ORDER BY e.seq`,
  stray_payloads: `SELECT seq FROM payloads p WHERE p.log = $1
    AND NOT EXISTS (SELECT FROM entries e WHERE e.log = p.log AND e.seq = p.seq) ORDER BY p.seq`,
  entries_of_rows: `${FULL_ENTRY} WHERE e.log = $1 AND e.row BETWEEN $2 AND $3 ORDER BY e.row, e.batch, e.seq`,
  entries_of_run: `SELECT ${ENTRY} FROM entries WHERE log = $1 AND row IS NULL AND batch IS NULL ${BY_SUBJECT}`,
  entries_about: `SELECT ${ENTRY} FROM entries WHERE log = 0 AND ${LOG_SPOKEN_OF} = to_jsonb($1::bigint) ORDER BY seq`,
  entry_with_value: `SELECT ${ENTRY} FROM entries WHERE log = $1 AND row IS NULL AND batch IS NULL
    AND CASE WHEN body IS JSON THEN body::json -> 'w' IS NOT NULL AND (body::json ->> 'w')::numeric <= $2 END
    ${LAST_OF_SUBJECT} LIMIT 1`,
  by_row: `SELECT ${ENTRY} FROM entries WHERE log = $1 AND row BETWEEN $2 AND $3 ${BY_SUBJECT}`,
  by_batch: `SELECT ${ENTRY} FROM entries WHERE log = $1 AND row IS NULL AND batch BETWEEN $2 AND $3 ${BY_SUBJECT}`,
  entries_of_batch: `SELECT ${ENTRY} FROM entries WHERE log = $1 AND row IS NULL AND batch = $2 ${BY_SUBJECT}`,
  payload: `SELECT ${PAYLOAD} FROM payloads WHERE log = $1 AND seq = $2`,
  payloads: `SELECT ${PAYLOAD} FROM payloads WHERE log = $1 ORDER BY seq`,
  /** The only one that can have the values of an entry. */
  chunk_before: `SELECT ${CHUNK} FROM sealed WHERE log = $1 AND first <= $2 ORDER BY first DESC LIMIT 1`,
  first_chunk: `SELECT ${CHUNK_HEAD} FROM sealed WHERE log = $1 ORDER BY first LIMIT 1`,
  chunks: `SELECT ${CHUNK} FROM sealed WHERE log = $1 ORDER BY first`,
  chunk_heads: `SELECT ${CHUNK_HEAD} FROM sealed WHERE log = $1 ORDER BY first`,
  entries_between: `SELECT seq FROM entries WHERE log = $1 AND seq BETWEEN $2 AND $3`,
  payloads_between: `SELECT seq FROM payloads WHERE log = $1 AND seq BETWEEN $2 AND $3`,
  ending: `SELECT ${ENDING} FROM endings WHERE log = $1 AND token = $2`,
  endings: `SELECT ${ENDING} FROM endings WHERE log = $1 ORDER BY token`,
  endings_between: `SELECT ${ENDING} FROM endings WHERE log = $1 AND token BETWEEN $2 AND $3 ORDER BY token`,
  failed_endings: `SELECT ${ENDING} FROM endings WHERE log = $1 AND error_code IS NOT NULL ORDER BY token`,
  error_counts: `SELECT node, error_code, count(*) AS count FROM endings WHERE log = $1 AND error_code IS NOT NULL
    GROUP BY node, error_code ORDER BY count DESC, node, error_code`,
  open_tokens: `SELECT token, row, batch, node, seq FROM open_tokens WHERE log = $1 ORDER BY token`,
  open_token: `SELECT token, row, batch, node, seq FROM open_tokens WHERE log = $1 AND token = $2`,
  tile_roots: `SELECT ${SOME_TILES}`,
  tile_hashes: hashes('idx', 'hash', `SELECT ${SOME_TILES}`),
  tiles: `SELECT tree, level, idx, hash FROM tiles WHERE log = $1 ORDER BY tree, level, idx`,
  head: `SELECT ${large('note')} FROM heads WHERE log = $1`,
  heads: `SELECT log, ${large('note')} FROM heads ORDER BY log`,
  heads_between: `SELECT log, ${large('note')} FROM heads WHERE log BETWEEN $1 AND $2 ORDER BY log`,
  witnessed: `SELECT size, ${large('note')} FROM witnessed WHERE size >= $1 ORDER BY size, came`,
  newest_witnessed: `SELECT size, ${large('note')} FROM witnessed ORDER BY size DESC, came DESC`,
  timestamps: `SELECT size, ${large('note')}, ${large('token', 'stamp')} FROM timestamps WHERE size >= $1 ORDER BY size, came`,
  newest_timestamps: `SELECT size, ${large('note')}, ${large('token', 'stamp')} FROM timestamps ORDER BY size DESC, came DESC`,
  newest_timestamp: `SELECT coalesce(max(size), 0) AS size FROM timestamps`,
  home: `SELECT id FROM home`,
  database: `SELECT current_setting('server_encoding') AS encoding, ledger_format() AS format`,
  now: `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us`,
  /** Below 0 are no leases: shared-record.ts. */
  leases: `SELECT log, epoch, ${large('holder')}, expires_us FROM leases WHERE log > 0 ORDER BY log`,
  leases_between: `SELECT log, epoch, ${large('holder')}, expires_us FROM leases WHERE log BETWEEN $1 AND $2 ORDER BY log LIMIT $3`,
  lease: `SELECT log, epoch, ${large('holder')}, expires_us FROM leases WHERE log = $1`,
}

/** Logs that a table has records of, and that aren't there. Each step is one look into the index. */
const logsIn = (table: string, log: string) => `WITH RECURSIVE found (log) AS (
    SELECT min(log) FROM ${table}
    UNION ALL SELECT (SELECT min(log) FROM ${table} t WHERE t.log > found.log) FROM found WHERE found.log IS NOT NULL)
  SELECT log::text AS name FROM found
  WHERE log IS NOT NULL AND NOT EXISTS (SELECT FROM logs l WHERE l.log = ${log}) LIMIT $1`

export const STRAY_LOGS = [
  ...['entries', 'payloads', 'sealed', 'endings', 'open_tokens', 'tiles', 'heads'].map(table => ({
    table,
    query: logsIn(table, 'found.log'),
  })),
  // A run may have a shared record, too.
  { table: 'leases', query: logsIn('leases', 'abs(found.log)') },
]

/** What a store reads before it changes it, within its own transaction. */
export const TO_CHANGE = {
  /** Chunks that may have values of entries between two. */
  chunks_between: `SELECT ${CHUNK} FROM sealed WHERE log = $1 AND first <= $3 AND last >= $2
    AND first >= coalesce((SELECT max(first) FROM sealed WHERE log = $1 AND first <= $2), 0) ORDER BY first FOR UPDATE`,
  /** Of all logs. */
  chunk_heads_after: `SELECT log, ${CHUNK_HEAD} FROM sealed WHERE (log, first) > ($1, $2) ORDER BY log, first LIMIT $3 FOR UPDATE`,
}
