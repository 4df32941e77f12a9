/**
 * What the server does for a commit, in one round trip. A function runs with the rights of whoever calls it, but for those of log 0
 * (FUNCTIONS-4).
 *
 * FUNCTIONS-1. The lease's record is locked first, and its epoch compared: a writer that was replaced changes nothing (WRITE-PORT-4).
 * FUNCTIONS-2. A log gets the entry that follows its last one, or nothing (WRITE-PORT-2).
 * FUNCTIONS-3. Log 0 is locked by its head, and after the lease, so that no two writers wait for each other; where a log is begun, first.
 * FUNCTIONS-4. What log 0 gets it gets by a function that runs with the rights of the ledger's owner: so somebody can be allowed to append to it and
 *     to nothing else.
 */

/** Errors by which the functions refuse (SQLSTATE). */
export const LOST = 'CU001'
export const STALE = 'CU002'
export const DEFECT = 'CU003'

/** The parameters that say what a batch does to the lease of its run: names and types, in their order. */
const LEASE_PARAMETERS = {
  ...{ p_log: 'bigint', p_change: 'text', p_run: 'text', p_splits: 'bigint', p_size: 'bigint', p_epoch: 'bigint' },
  ...{ p_from: 'bigint', p_holder: 'text', p_expires: 'bigint' },
}

/** Those of log 0. */
export const ZERO_PARAMETERS = {
  ...{ z_first: 'bigint', z_body: 'text[]', z_level: 'bigint[]', z_idx: 'bigint[]', z_hash: 'bytea[]' },
  z_head: 'text',
}

/** All that `write_batch` is given. */
export const BATCH_PARAMETERS = {
  ...LEASE_PARAMETERS,
  ...{ p_first: 'bigint', e_row: 'bigint[]', e_batch: 'bigint[]', e_body: 'text[]' },
  ...{ p_seq: 'bigint[]', p_salts: 'bytea[]', p_body: 'text[]' },
  ...{ s_first: 'bigint[]', s_last: 'bigint[]', s_entries: 'text[]', s_key: 'text[]', s_wrapped: 'bytea[]' },
  s_message: 'bytea[]',
  ...{ d_token: 'bigint[]', d_seq: 'bigint[]', d_row: 'bigint[]', d_batch: 'bigint[]', d_fate: 'bigint[]' },
  ...{ d_node: 'bigint[]', d_sink: 'bigint[]', d_grp: 'bigint[]', d_code: 'text[]', d_hash: 'bytea[]' },
  ...{ d_us: 'bigint[]', c_token: 'bigint[]' },
  ...{ o_token: 'bigint[]', o_row: 'bigint[]', o_batch: 'bigint[]', o_node: 'bigint[]', o_seq: 'bigint[]' },
  ...{ t_tree: 'bigint[]', t_level: 'bigint[]', t_idx: 'bigint[]', t_hash: 'bytea[]', p_head: 'text' },
  ...ZERO_PARAMETERS,
}

type Parameters = { readonly [name: string]: string }
const listed = (parameters: Parameters) =>
  Object.entries(parameters)
    .map(each => each.join(' '))
    .join(', ')
const passed = (parameters: Parameters) => Object.keys(parameters).join(', ')

/** What every function begins and ends with: names mean this schema, whoever calls. */
const plpgsql = (name: string, parameters: string, returns: string, body: string, rights = '') =>
  `CREATE FUNCTION ${name}(${parameters}) RETURNS ${returns} LANGUAGE plpgsql${rights} SET search_path FROM CURRENT AS $$
${body} $$`
const OF_OWNER = ' SECURITY DEFINER'

const fail = (code: string, message: string) => `RAISE EXCEPTION '${message}' USING ERRCODE = '${code}'`
/** The statement before must have changed so many records (STORE-2). */
const exactly = (expected: string) => `GET DIAGNOSTICS changed = ROW_COUNT;
  IF changed <> ${expected} THEN
    RAISE EXCEPTION 'a statement changed % rows, not %', changed, ${expected} USING ERRCODE = '${DEFECT}';
  END IF;`

const APPEND_LOG_ZERO = plpgsql(
  'append_log_zero',
  listed(ZERO_PARAMETERS),
  'void',
  `DECLARE
  changed bigint;
BEGIN
  PERFORM FROM heads WHERE log = 0 FOR UPDATE;
  IF (SELECT max(seq) + 1 FROM entries WHERE log = 0) IS DISTINCT FROM z_first THEN
    ${fail(STALE, 'log 0 has gone on')};
  END IF;
  INSERT INTO entries (log, seq, body)
    SELECT 0, z_first + n - 1, u.body FROM unnest(z_body) WITH ORDINALITY AS u (body, n);
  INSERT INTO tiles (log, tree, level, idx, hash) SELECT 0, 0, * FROM unnest(z_level, z_idx, z_hash);
  UPDATE heads SET note = z_head WHERE log = 0;
  ${exactly('1')}
END`,
  OF_OWNER,
)

/** To wait for whoever is about to append to it. */
const LOCK_LOG_ZERO = plpgsql(
  'lock_log_zero',
  '',
  'void',
  `BEGIN
  PERFORM FROM heads WHERE log = 0 FOR UPDATE;
END`,
  OF_OWNER,
)

/** What a batch does to the lease of its run. */
const CHANGE_LEASE = plpgsql(
  'change_lease',
  listed(LEASE_PARAMETERS),
  'void',
  `DECLARE
  held bigint;
BEGIN
  IF p_change = 'open' THEN
    PERFORM FROM heads WHERE log = 0 FOR UPDATE;
    IF EXISTS (SELECT FROM logs WHERE log = p_log) THEN
      ${fail(STALE, 'the number of the log is taken')};
    END IF;
    INSERT INTO logs (log, run, part) SELECT p_log + part, p_run, part FROM generate_series(0, p_splits) AS part;
    INSERT INTO leases (log, epoch, holder, expires_us) VALUES (p_log, 1, p_holder, p_expires);
    INSERT INTO leases (log, epoch, holder, expires_us)
      SELECT p_log + part, 1, '', 0 FROM generate_series(1, p_splits) AS part;
    RETURN;
  END IF;
  SELECT epoch INTO held FROM leases WHERE log = p_log FOR UPDATE;
  IF p_change = 'take' AND (SELECT coalesce(max(seq) + 1, 0) FROM entries WHERE log = p_log) <> p_size THEN
    ${fail(STALE, 'the log has gone on')};
  END IF;
  IF held IS DISTINCT FROM p_from THEN
    ${fail(LOST, 'another process has taken over the log')};
  END IF;
  CASE p_change
    WHEN 'take' THEN
      UPDATE leases SET epoch = p_epoch, holder = p_holder, expires_us = p_expires WHERE log = p_log;
    WHEN 'keep' THEN UPDATE leases SET expires_us = p_expires WHERE log = p_log;
    WHEN 'release' THEN UPDATE leases SET holder = '', expires_us = 0 WHERE log = p_log;
    WHEN 'end' THEN DELETE FROM leases WHERE log = p_log;
  END CASE;
END`,
)

const WRITE_BATCH = plpgsql(
  'write_batch',
  listed(BATCH_PARAMETERS),
  'void',
  `DECLARE
  changed bigint;
BEGIN
  IF p_change IS NOT NULL THEN
    PERFORM change_lease(${passed(LEASE_PARAMETERS)});
  END IF;
  IF cardinality(e_body) > 0 THEN
    IF (SELECT coalesce(max(seq) + 1, 0) FROM entries WHERE log = p_log) <> p_first THEN
      ${fail(LOST, 'the log doesn’t end where the writer left it')};
    END IF;
    INSERT INTO entries (log, seq, row, batch, body)
      SELECT p_log, p_first + n - 1, u.r, u.b, u.body
      FROM unnest(e_row, e_batch, e_body) WITH ORDINALITY AS u (r, b, body, n);
  END IF;
  IF cardinality(p_seq) > 0 THEN
    INSERT INTO payloads (log, seq, salts, body) SELECT p_log, * FROM unnest(p_seq, p_salts, p_body);
  END IF;
  IF cardinality(s_first) > 0 THEN
    INSERT INTO sealed (log, first, last, entries, key_id, data_key, message)
      SELECT p_log, * FROM unnest(s_first, s_last, s_entries, s_key, s_wrapped, s_message);
  END IF;
  IF cardinality(d_token) > 0 THEN
    INSERT INTO endings (log, token, seq, row, batch, fate, node, sink, grp, error_code, error_hash, recorded_us)
      SELECT p_log, * FROM unnest(d_token, d_seq, d_row, d_batch, d_fate, d_node, d_sink, d_grp, d_code, d_hash, d_us);
  END IF;
  IF cardinality(c_token) > 0 THEN
    DELETE FROM open_tokens WHERE log = p_log AND token = ANY (c_token);
    ${exactly('cardinality(c_token)')}
  END IF;
  IF cardinality(o_token) > 0 THEN
    INSERT INTO open_tokens (log, token, row, batch, node, seq)
      SELECT p_log, * FROM unnest(o_token, o_row, o_batch, o_node, o_seq)
      ON CONFLICT (log, token) DO UPDATE SET node = excluded.node, seq = excluded.seq;
  END IF;
  IF cardinality(t_tree) > 0 THEN
    INSERT INTO tiles (log, tree, level, idx, hash) SELECT p_log, * FROM unnest(t_tree, t_level, t_idx, t_hash);
  END IF;
  IF p_head IS NOT NULL THEN
    INSERT INTO heads (log, note) VALUES (p_log, p_head) ON CONFLICT (log) DO UPDATE SET note = excluded.note;
  END IF;
  IF z_head IS NOT NULL THEN
    PERFORM append_log_zero(${passed(ZERO_PARAMETERS)});
  END IF;
END`,
)

/** As many nulls as there are values, which the salts count; null: the payload isn't there. */
const BLANK_PAYLOADS = plpgsql(
  'blank_payloads',
  'p_log bigint, p_first bigint, p_last bigint',
  'void',
  `BEGIN
  WITH gone AS (DELETE FROM payloads WHERE log = p_log AND seq BETWEEN p_first AND p_last RETURNING seq, length(salts) AS size)
  INSERT INTO payloads (log, seq, salts, body)
    SELECT p_log, seq, decode(repeat('00', size), 'hex'), '[null' || repeat(',null', size / 16 - 1) || ']' FROM gone;
END`,
)

const PUT_PAYLOAD = plpgsql(
  'put_payload',
  'p_log bigint, p_seq bigint, p_salts bytea, p_body text',
  'void',
  `DECLARE
  changed bigint;
BEGIN
  DELETE FROM payloads WHERE log = p_log AND seq = p_seq;
  ${exactly('1')}
  INSERT INTO payloads (log, seq, salts, body) VALUES (p_log, p_seq, p_salts, p_body);
END`,
)

export function functionStatements(): readonly string[] {
  return [APPEND_LOG_ZERO, LOCK_LOG_ZERO, CHANGE_LEASE, WRITE_BATCH, BLANK_PAYLOADS, PUT_PAYLOAD]
}

/** Those of FUNCTIONS-4, for GRANT and REVOKE. */
export function ownersFunctions(schema: string): string {
  return `FUNCTION ${schema}.append_log_zero, ${schema}.lock_log_zero`
}
