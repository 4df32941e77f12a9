/** Every code that Custody itself raises. `docs/errors.md` is generated from this table. */
import { ANSWER_ERRORS } from './answer-error-codes.ts'
import { type ErrorSpec, finalSpec, spec } from './error-table.ts'
import { LEDGER_ERRORS } from './ledger-error-codes.ts'
import { SECRET_ERRORS } from './secret-error-codes.ts'
import { SERVER_ERRORS } from './server-error-codes.ts'

export const ERRORS = {
  // files and YAML
  CUSTODY_FILE_NOT_FOUND: spec(
    2,
    'A file that was named does not exist.',
    'Check the path; paths in a pipeline file are relative to the file’s folder.',
  ),
  CUSTODY_FILE_UNREADABLE: spec(
    2,
    'A file that was named can’t be read as what it should be.',
    'Check that it is a text file, and that you may read it.',
  ),
  CUSTODY_FILE_TOO_LARGE: spec(
    2,
    'A pipeline file is larger than any pipeline needs to be.',
    'Did you name a data file? A pipeline file may have up to 1 MiB.',
  ),
  CUSTODY_YAML: spec(2, 'The file isn’t valid YAML.', 'Fix the syntax at the marked place.'),
  CUSTODY_YAML_DUPLICATE_KEY: spec(2, 'A key stands twice in one map.', 'Remove one of the two, or rename it.'),
  CUSTODY_YAML_ALIASES: spec(2, 'Aliases in the file expand to too much.', 'Write the repeated parts out.'),
  // shape of the pipeline file
  CUSTODY_EMPTY_PIPELINE: spec(
    2,
    'The file has no content.',
    'A pipeline needs a name, sources and sinks; `custody init` writes an example.',
  ),
  CUSTODY_UNKNOWN_KEY: spec(
    2,
    'A key isn’t one that Custody knows at this place.',
    'Remove it, or correct its spelling.',
  ),
  CUSTODY_MISSING_KEY: spec(2, 'A required key is missing.', 'Add it.'),
  CUSTODY_WRONG_TYPE: spec(2, 'A value has the wrong type.', 'Write a value of the type that is named.'),
  CUSTODY_BAD_VALUE: spec(2, 'A value isn’t one of those allowed here.', 'Choose an allowed value.'),
  CUSTODY_BAD_NAME: spec(
    2,
    'A name isn’t well formed.',
    'Names have letters, digits, _ and -, begin with a letter, and are neither `discard` nor `else`.',
  ),
  CUSTODY_DUPLICATE_NAME: spec(2, 'Two sources, nodes or sinks have the same name.', 'Rename one of them.'),
  CUSTODY_DUPLICATE_BRANCH: spec(
    2,
    'Two branches of a pipeline have the same name.',
    'Branch names are unique in a file; rename one.',
  ),
  CUSTODY_RERUN_OPEN: spec(
    2,
    'The run whose rows are to be run again isn’t finished.',
    'Finish it first, with `custody resume` or `custody abandon`.',
  ),
  CUSTODY_ERASE_OPEN: spec(
    2,
    'Values are to be erased of a run that isn’t finished, or that such a run has rows of.',
    'Finish that run first, with `custody resume` or `custody abandon`.',
  ),
  CUSTODY_EXPORT_OPEN: spec(
    1,
    'What is to be exported says what a run came to, and it isn’t finished.',
    'Finish it first, with `custody resume` or `custody abandon`. Tables, prov, openlineage and tiles can be exported of any run.',
  ),
  CUSTODY_EXPORT_ERASED: spec(
    1,
    'What is to be exported was erased.',
    'It is gone for good. Evidence that it was there, and that it was erased, remains: `custody verify`.',
  ),
  CUSTODY_EXPORT_NOTHING: spec(
    1,
    'The run has nothing that an export of this format tells of.',
    'Statements in in-toto’s form are made of output files; a run that was given up, or whose sinks write no files, has none.',
  ),
  CUSTODY_ERASE_PENDING: spec(
    1,
    'The values are erased, and that is on record; the file still has bytes of what they were, because somebody is using it.',
    'When those who read the ledger have finished, `custody erase RUN` brings it to its end and writes the certificate.',
  ),
  CUSTODY_RERUN_SOURCE: spec(
    2,
    'Rows are to be run again that came from a source which the pipeline doesn’t have.',
    'Give the source the name that it had in the other run, or choose other rows with --where.',
  ),
  CUSTODY_VARIABLE_UNSET: spec(
    2,
    'An environment variable that the file uses is not set.',
    'Set it, or give a default: ${NAME:-default}.',
  ),
  CUSTODY_BAD_SET: spec(
    2,
    'A --set argument can’t be applied.',
    'Write --set path.to.key=value with a path that the file’s format has.',
  ),
  CUSTODY_LIMITER: spec(
    1,
    'The file in which runs of a machine keep their limits together can’t be used.',
    'Check `limits.file`: it must be a file that you may write, and one that Custody made.',
  ),
  CUSTODY_SERVICE_AUTH: spec(
    1,
    'A service refuses the key, or who asks: no call of it can succeed, so the run stopped at once.',
    'Set a key that it takes in the environment, or fix what else it names, and resume: rows that wait are open, and no attempt of theirs is used up.',
  ),
  CUSTODY_SERVICE_QUOTA: spec(
    1,
    'What a service lets this account have is used up, so the run stopped at once.',
    'Raise the quota or wait until it is there again, and resume: rows that wait are open.',
  ),
  CUSTODY_SERVICE_MODEL: finalSpec(
    1,
    'A service has no such model, deployment or address: no call can succeed, so the run stopped at once.',
    'Its name is part of the plan: correct it in the pipeline file, `abandon` this run, then `run` the file.',
  ),
  CUSTODY_SERVICE_STATUS: spec(
    1,
    'A service answered with a status that the run stops at (`stop_on`).',
    'Fix what is behind it, and resume: rows that wait are open.',
  ),
  CUSTODY_SERVICE_DOWN: spec(
    1,
    'A service doesn’t answer, and was tried for as long as `give_up_after` of its `breaker` says.',
    'Resume when it is up again: rows that wait are open, and the outage used up no attempt of theirs.',
  ),
  CUSTODY_SERVICE_BUSY: spec(
    1,
    'A service asks to be left alone for longer than its `max_wait`.',
    'Resume then; or say how long to wait, as in `--set limits.services.NAME.max_wait=12h`.',
  ),
  CUSTODY_GUARD_LATE: spec(
    2,
    'A warning: the pipeline has guards, and a sink whose rows others see before these are judged.',
    'Have it replace a file, or make a new one; or live with it.',
  ),
  CUSTODY_UNUSED_LIMIT: spec(
    2,
    'A warning: `limits` names a service that no node calls.',
    'Correct its name, or take the limit out.',
  ),
  CUSTODY_PRICE_UNKNOWN: spec(
    2,
    '`limits.spend` can’t be kept, because it isn’t known what a call may cost.',
    'Say the price among the options of the node, or take `limits.spend` out.',
  ),
  CUSTODY_UNKNOWN_PLUGIN: spec(2, 'No plugin has this name.', 'See `custody plugins` for those there are.'),
  CUSTODY_PLUGIN_KIND: spec(2, 'The plugin exists, but is of another kind.', 'Use it where its kind belongs.'),
  CUSTODY_PLUGIN_OPTIONS: spec(2, 'The options of a plugin are wrong.', 'See `custody plugins NAME` for its options.'),
  CUSTODY_PLUGIN_LOAD: spec(
    2,
    'A plugin file or package can’t be loaded.',
    'Check the path or the package, and that it exports plugins made with custody/sdk.',
  ),
  CUSTODY_PACKAGE_MISSING: spec(
    2,
    'A package that only some pipelines or commands need isn’t installed, and this one needs it.',
    'Install it where Custody is installed.',
  ),
  // wiring
  CUSTODY_UNKNOWN_TARGET: spec(2, 'An edge leads to something that isn’t there.', 'Name a node, a sink or `discard`.'),
  CUSTODY_BAD_TARGET: spec(
    2,
    'An edge leads to something that can’t be its target.',
    'Edges lead to nodes, sinks or `discard`, never to a source; to a join by one of its sides: `NAME.left` or `NAME.right`.',
  ),
  CUSTODY_ERROR_ROUTE_MISSING: spec(
    2,
    'The file doesn’t say where rows go after an error.',
    'Add on_error (or on_invalid for a source), or put it into `defaults`; or fix what the hint says can fail in a gate.',
  ),
  CUSTODY_CYCLE: spec(
    2,
    'The graph has a cycle.',
    'A pipeline is a graph without cycles; break it at one of the edges.',
  ),
  CUSTODY_DEAD_NODE: spec(2, 'No row can ever reach this node.', 'Point something at it, or remove it.'),
  CUSTODY_UNREACHABLE_SINK: spec(2, 'No row can ever reach this sink.', 'Point something at it, or remove it.'),
  CUSTODY_ROUTE_MISSING: spec(2, 'A gate can give a label for which there is no route.', 'Add the route, or `else`.'),
  CUSTODY_ROUTE_SURPLUS: spec(2, 'A gate has a route that it can never take.', 'Remove it.'),
  CUSTODY_GATE_TYPE: spec(
    2,
    'A gate’s expression gives neither true or false nor a text.',
    'Compare something, or choose a text field.',
  ),
  CUSTODY_BRANCH_UNKNOWN: spec(2, 'A coalesce names a branch that no fork makes.', 'Name branches of one fork.'),
  CUSTODY_BRANCH_FORKS: spec(2, 'A coalesce joins branches of different forks.', 'Join branches of one fork only.'),
  CUSTODY_BRANCH_UNREACHABLE: spec(
    2,
    'A branch can’t reach the coalesce that expects it.',
    'Lead the branch to the coalesce, or take it from the list.',
  ),
  CUSTODY_BRANCH_STRAY: spec(
    2,
    'Rows that are on none of its branches can reach a coalesce.',
    'Lead only the branches that it lists there; rows that an expansion or a batch made are on no branch.',
  ),
  CUSTODY_BRANCH_TWICE: spec(
    2,
    'Two rows of one branch, made by an inner fork, can reach a coalesce.',
    'Join the inner fork’s branches before.',
  ),
  CUSTODY_BRANCH_MAY_BE_LOST: spec(
    2,
    'A branch may be lost before a coalesce that requires it.',
    'Rows of the other branches then fail; choose another policy if that isn’t meant.',
  ),
  CUSTODY_DEPENDS_ON_TIMING: spec(
    2,
    'What a quorum merges depends on which branches come first.',
    'Say decide: complete, so that all branches are waited for.',
  ),
  CUSTODY_SCHEMA_MISMATCH: spec(
    2,
    'Ways that meet at a node bring fields of different types.',
    'Make the types the same, for example with coerce.',
  ),
  CUSTODY_ENDLESS_NOT_LAST: spec(2, 'A source that never ends stands before another one.', 'Put it last.'),
  CUSTODY_NO_TRIGGER: spec(
    2,
    'An aggregate on an endless source has no trigger but the end of input, or a join or a sort stands behind one.',
    'Add count or max_age to an aggregate; a join or a sort can’t stand there.',
  ),
  // schemas and expressions
  CUSTODY_SCHEMA: spec(2, 'A schema is wrong.', 'Use a shorthand such as integer or string?, or a JSON Schema.'),
  CUSTODY_UNKNOWN_FIELD: spec(
    2,
    'A field isn’t one that can reach this place.',
    'Check its name against the fields that are declared upstream.',
  ),
  CUSTODY_FIELD_NOT_GUARANTEED: spec(
    2,
    'A plugin requires a field that upstream doesn’t guarantee.',
    'Declare the field in the source’s schema.',
  ),
  CUSTODY_FIELD_TYPE: spec(
    2,
    'A field has another type than a plugin requires.',
    'Declare another type, or convert it with coerce.',
  ),
  CUSTODY_CEL_SYNTAX: spec(2, 'An expression isn’t valid CEL.', 'Fix it at the marked place.'),
  CUSTODY_CEL_TYPE: spec(
    2,
    'An expression doesn’t fit the types of its parts.',
    'Check the declared types of the fields; a CSV without a schema gives texts.',
  ),
  CUSTODY_UNKNOWN_FUNCTION: spec(
    2,
    'No function of expressions has this name.',
    'See `custody functions` for those there are.',
  ),
  CUSTODY_PATTERN: spec(2, 'A pattern isn’t valid RE2 syntax.', 'RE2 has no look-around and no back-references.'),
  // running
  CUSTODY_OUTPUT: spec(
    1,
    'Standard output, or a file that a command writes, can’t be written.',
    'Check where it leads to.',
  ),
  CUSTODY_ARGUMENT: spec(2, 'An argument of the command is wrong.', 'See the command’s --help.'),
  CUSTODY_TEST_ANSWER: spec(
    1,
    'A test case gives no answer to a call that its pipeline makes.',
    'Write it among the answers of the case.',
  ),
  CUSTODY_TARGET_EXISTS: spec(
    2,
    'An output exists already.',
    'Set if_exists: append, replace or number, or move the file away.',
  ),
  CUSTODY_SAME_OUTPUT: spec(
    2,
    'A sink would write to a file that another sink writes, or that the run needs as it is.',
    'Give each its own path.',
  ),
  CUSTODY_SPLITS: spec(
    2,
    'The pipeline has splits, and a part of it needs all rows at once, or would give something else with other splits without saying so.',
    'Say `scope: split` at aggregates; run pipelines with joins and sorts without `splits`.',
  ),
  CUSTODY_SPLITS_IDLE: spec(
    2,
    'The pipeline has splits, and nothing of its input can be cut: one split reads all of a source.',
    'Leave `splits` out, or have the data in several files.',
  ),
  CUSTODY_DISTRIBUTED: spec(
    2,
    'A run is to be worked on by several machines, and it can’t be.',
    'Give the pipeline `splits: { count: … }`, and a ledger in PostgreSQL that all machines reach.',
  ),
  CUSTODY_PIECES_UNSEEN: spec(
    1,
    'The folder in which what splits write is kept isn’t seen on this machine, or can’t be written to.',
    'Name one with `custody run --distributed --pieces FOLDER` that has the same path on all machines, and in which their users may write.',
  ),
  CUSTODY_CODE_CHANGED: spec(
    1,
    'A worker has other code of a plugin, or another version of Custody, than the run has on record.',
    'Install there what the run was begun with.',
  ),
  CUSTODY_GUARD: spec(
    1,
    'A guard broke: too many records were rejected, too many rows failed, or too few came. Nothing was published.',
    'Look at what is wrong with the input. `resume --set guards.…` continues and publishes all the same; `abandon` drops what is staged.',
  ),
  CUSTODY_STRICT: spec(
    3,
    'Some rows ended in failure, and the run was `--strict`. Nothing was published.',
    'Look at the rows that failed. `resume` continues and publishes all the same; `abandon` drops what is staged.',
  ),
  CUSTODY_SOURCE: spec(1, 'A source can’t be read.', 'Check the file and try again; nothing is lost.'),
  CUSTODY_PAGE_LOOP: spec(
    1,
    'A paged answer leads back to a page that was read before.',
    'Look at what `pages` says of the service; `most_pages` ends reading in any case. What was read is kept, and nothing is published.',
  ),
  CUSTODY_REPLAY_MISS: spec(
    1,
    'A source of a replay asks for what the run that is replayed has no answer to.',
    'The pipeline asks for something else now, or what was answered is erased; replay the plan on record, or run the pipeline anew.',
  ),
  CUSTODY_HEADER: spec(
    1,
    'A source’s columns aren’t those of its schema.',
    'Fix the file, then resume; or correct the schema, and begin a new run.',
  ),
  CUSTODY_INPUT_FORMAT: spec(
    1,
    'An input isn’t in the format that its source reads.',
    'Convert the file, or choose the plugin that reads it.',
  ),
  CUSTODY_NOTHING_THERE: spec(
    2,
    'A file has nothing in it from which anything could be inferred.',
    'Name another file.',
  ),
  CUSTODY_UNCLOSED_QUOTE: spec(
    1,
    'A CSV file ends inside of quotes, so that nobody can tell where its last record was to end.',
    'Close the quote in the file, then resume; or begin a new run with on_unclosed_quote: reject, or with recover: line.',
  ),
  CUSTODY_SINK: spec(
    1,
    'A sink can’t be written.',
    'Check the disk and the permissions, then resume; nothing is lost.',
  ),
  CUSTODY_TABLE: spec(1, 'A table isn’t as its sink needs it.', 'Change the table, or the options of the sink.'),
  CUSTODY_SINK_FULL: spec(
    1,
    'There is no space left where a sink writes, or its file may not grow any more.',
    'Make room, then resume; nothing is lost.',
  ),
  CUSTODY_OUTPUT_HELD: spec(
    1,
    'Another run is writing an output.',
    'Wait until that run has ended, or stop it, or give this one another path.',
  ),
  CUSTODY_OUTPUT_CHANGED: spec(
    1,
    'Something else moved, changed, cut, replaced or added to an output while the run was not done with it.',
    'Put it back as the run has left it, then resume; or give the run up with `custody abandon`.',
  ),
  CUSTODY_PLUGIN_DEFECT: spec(
    1,
    'A plugin threw or returned something that isn’t a row.',
    'Fix the plugin, then resume; nothing is lost.',
  ),
  CUSTODY_ENGINE_DEFECT: spec(
    1,
    'Custody itself met a state that can’t be.',
    'Please report it with the ledger’s `verify` output; nothing is lost.',
  ),
  CUSTODY_SOURCE_CHANGED: spec(
    1,
    'A source isn’t any more what it was when the run began to read it.',
    'Put it back as it was and resume; or finish what was read by resume --from-ledger-only, or, if the run has splits, give it up by abandon.',
  ),
  CUSTODY_FILE_CHANGED: spec(
    1,
    'A file that a node reads beside its rows, as a lookup its table, isn’t what it was when the run began.',
    'Put the file back as it was, or give the run up and begin a new one.',
  ),
  CUSTODY_PLAN_CHANGED: spec(
    2,
    'The pipeline isn’t the one that the run began with.',
    'Resume with the pipeline as it was; only limits, retry, guards and ledger may change. Or begin a new run.',
  ),
  CUSTODY_RUN_HELD: spec(1, 'Another process holds the run.', 'Wait until it has finished, or stop it.'),
  CUSTODY_RUN_LOST: spec(
    1,
    'Another process has taken the run over.',
    'This process changed nothing more; look at the run with `custody show`.',
  ),
  CUSTODY_SPILL: spec(
    1,
    'What a sort or a join holds can’t be kept in files beside the ledger, or isn’t there any more as it was written; or `verify` can’t put away what it knows of held rows, or `export` what a server says of a run.',
    'Make room on that disk, or name a ledger elsewhere, and resume: nothing is lost. `verify` and `export` use the folder for temporary files, or SQLITE_TMPDIR.',
  ),
  // readers
  CUSTODY_CHECKPOINT: spec(
    2,
    'A file isn’t a checkpoint that a ledger can be compared with.',
    'Name a file that has what `custody checkpoint` printed: three lines, an empty one, and signatures.',
  ),
  CUSTODY_VALUE_ALTERED: spec(
    1,
    'A value doesn’t fit the commitment to it that was signed, so it isn’t used.',
    'Run `custody verify` to see all that is wrong; then put a sound copy of the ledger in its place.',
  ),
  CUSTODY_OPEN_TOKENS_ALTERED: spec(
    1,
    'The table of open rows isn’t what the last commit says, so it isn’t used.',
    'Run `custody verify` to see all that is wrong; then put a sound copy of the ledger in its place.',
  ),
  CUSTODY_KEY_UNKNOWN: spec(
    1,
    'A ledger is signed with a key that you don’t trust, or that isn’t in force in it.',
    'Get the verifier key from whoever keeps the ledger (`custody key show` prints it), and trust it with `custody key trust FILE`.',
  ),
  CUSTODY_KEY: spec(
    2,
    'The signing key can’t be used.',
    'Check $CUSTODY_KEY, or the key in your configuration folder.',
  ),
  CUSTODY_LEDGER_KEY: spec(
    2,
    'The key that a ledger’s values are encrypted with is missing, or can’t be used.',
    'Name it with --ledger-key, in $CUSTODY_LEDGER_KEY or in the pipeline’s ledger.encryption.key.',
  ),
  CUSTODY_KEY_REQUEST: spec(
    2,
    'A request to add a key to a ledger can’t be followed: it is none, or the ledger is another, or has gone on since.',
    'Make another request on the machine whose key is to be added (`custody key request`), and add it before the next run.',
  ),
  CUSTODY_POLICY: spec(
    2,
    'The policy that names witnesses, or the address or certificates of a timestamp authority, can’t be read.',
    'Write a C2SP policy: a line `witness NAME KEY URL` for each witness, and one `quorum NAME`; docs/witnesses.md shows one.',
  ),
  CUSTODY_WITNESS: spec(
    1,
    'A witness can’t be run here.',
    'Check its folder, its key and its address; nobody’s ledger is touched by that.',
  ),
  CUSTODY_RUN_UNKNOWN: spec(2, 'No run has this id.', 'See `custody runs`.'),
  CUSTODY_RUN_AMBIGUOUS: spec(2, 'Several runs begin with this id.', 'Write more of it.'),
  CUSTODY_ROW_UNKNOWN: spec(2, 'The run has no such row or token.', 'See `custody show` for how many there are.'),
  CUSTODY_PROOF_OPEN: spec(
    2,
    'A proof is asked for of a run that isn’t sealed.',
    'Finish the run first, with `custody resume` or `custody abandon`: only then is it settled that nothing more can happen to a row.',
  ),
  CUSTODY_PROOF_VALUE: spec(
    2,
    'A value that is to be withheld isn’t one of the row.',
    '`custody explain RUN --row N --values` lists the values of a row by their numbers.',
  ),
  CUSTODY_RECORD_VALUE: spec(
    2,
    'A value that a record is to disclose isn’t on record.',
    'Name a source or a sink of the pipeline; what was read from other things than files, or was erased, has no hash on record.',
  ),
  CUSTODY_PROOF_UNREADABLE: spec(
    2,
    'The file isn’t a proof, or not one in the one form that proofs have.',
    'Ask whoever gave it to you for the file as `custody prove` wrote it.',
  ),
  CUSTODY_VERIFY_FAILED: finalSpec(
    1,
    'The ledger doesn’t hold what it should.',
    'Read the problems; each names its place.',
  ),
  CUSTODY_NODE_VERSION: spec(2, 'This Node is too old.', 'Install Node 24.6 or newer.'),
  CUSTODY_INTERNAL: spec(
    1,
    'Something went wrong that Custody didn’t expect.',
    'Run again with CUSTODY_DEBUG=1, and please report it.',
  ),
  ...LEDGER_ERRORS,
  ...SECRET_ERRORS,
  ...ANSWER_ERRORS,
  ...SERVER_ERRORS,
} as const satisfies Record<string, ErrorSpec>
