/**
 * What a statement would read and call, as PostgreSQL itself understood it: the tree of a view that is made of it. A text can say one thing in
 * many ways; the tree says it in one, with the numbers of all tables, functions, operators and types.
 *
 * SQL-TREE-1. What isn't listed here is refused. A name that somebody chose can add to what is found in a tree, and take nothing away.
 */

/** Kinds of nodes that only compute from what is given to them. Others lock, sample, read settings, or aren't known. */
const NODES = new Set(
  `QUERY RANGETBLENTRY RTEPERMISSIONINFO FROMEXPR RANGETBLREF JOINEXPR TARGETENTRY ALIAS VAR CONST FUNCEXPR OPEXPR BOOLEXPR NULLTEST
   BOOLEANTEST SUBLINK AGGREF WINDOWFUNC WINDOWCLAUSE SORTGROUPCLAUSE GROUPINGSET GROUPINGFUNC CASEEXPR CASEWHEN CASETESTEXPR COALESCEEXPR
   CASE WHEN COALESCE MINMAX MINMAXEXPR ARRAY ARRAYEXPR ARRAYCOERCEEXPR SCALARARRAYOPEXPR RELABELTYPE COERCEVIAIO COLLATE COLLATEEXPR
   COMMONTABLEEXPR SETOPERATIONSTMT DISTINCTEXPR NULLIFEXPR NAMEDARGEXPR SUBSCRIPTINGREF ROW ROWEXPR ROWCOMPARE ROWCOMPAREEXPR
   RANGETBLFUNCTION FIELDSELECT`.split(/\s+/),
)

export interface Tree {
  /** A kind of node that isn't read here; null if there is none. */
  readonly unknown: string | null
  readonly relations: readonly number[]
  readonly functions: readonly number[]
  readonly operators: readonly number[]
  readonly types: readonly number[]
}

/** `text`: what the catalogue has as pg_rewrite.ev_action. */
export function treeOf(text: string): Tree {
  const numbers = (pattern: RegExp) =>
    [...new Set([...text.matchAll(pattern)].flatMap(([, found = '']) => found.match(/\d+/g) ?? []).map(Number))].filter(
      each => each !== 0,
    )
  return {
    unknown: [...text.matchAll(/\{([A-Z_]+)/g)].map(([, kind = '']) => kind).find(kind => !NODES.has(kind)) ?? null,
    relations: numbers(/:relid (\d+)/g),
    functions: numbers(/:(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)/g),
    operators: numbers(/:(?:opno|eqop|sortop) (\d+)|:opnos \(o ([\d ]+)\)/g),
    types: numbers(/:\w*typ(?:e|eid|es|id)? (\d+|\(o [\d ]+\))/g),
  }
}

/**
 * Functions that are read though what they give depends on more than what they are given: on the time zone, the time, or a text's form. All
 * that depends on nothing else may be called.
 */
export const HARMLESS =
  `abs age array_agg array_to_json array_to_string clock_timestamp concat concat_ws date date_part date_trunc extract
  format generate_series json_agg json_agg_strict json_build_array json_build_object json_object_agg jsonb_agg jsonb_agg_strict jsonb_build_array
  jsonb_build_object jsonb_object_agg now quote_literal quote_nullable random row_to_json statement_timestamp string_to_array text time timestamp
  timestamptz timezone to_char to_date to_json to_jsonb to_number to_timestamp transaction_timestamp`
    .trim()
    .split(/\s+/)
