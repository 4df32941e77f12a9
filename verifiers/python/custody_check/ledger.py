"""A whole ledger, as a SQLite file (docs/ledger-format.md): read only, from the page alone."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Any, Iterator

from .canonical import NotCanonical, canonical, parse
from .entries import Ending, FormatError, SubjectEntry
from .ledger_log import LedgerLog, Run, read_log
from .merkle import commitment, leaf_hash
from .notes import NoteError, parse_checkpoint, parse_note, signers
from .report import Report
from .result import SplitResult, result_digest
from .row_keys import RowKeys
from .run import TREES, Entry, RunEntries
from .run_entries import fits_its_key
from .splits import Read, Splits, reads_of
from .story import Story
from .trust import Reader, judge, older_head, signed_head

APPLICATION_ID = 1129665364
SALT_BYTES = 16


def check_ledger(path: Path, reader: Reader) -> Report:
    report = Report("ledger")
    database = sqlite3.connect(f"file:{path.resolve().as_posix()}?mode=ro", uri=True)
    database.text_factory = lambda data: data.decode("utf-8", "strict")
    try:
        # All that is read is of one moment.
        database.execute("BEGIN")
        _check(database, reader, report)
    except (FormatError, NoteError, NotCanonical, UnicodeDecodeError, sqlite3.DatabaseError) as error:
        report.problems.append(str(error))
    finally:
        database.close()
    return report


def _check(database: sqlite3.Connection, reader: Reader, report: Report) -> None:
    if _number(database, "PRAGMA application_id") != APPLICATION_ID or _number(database, "PRAGMA user_version") != 1:
        raise FormatError("the file is no ledger of format 1")
    kept = parse_checkpoint(parse_note(reader.since).text).size if reader.since is not None else 0
    roots: dict[int, bytes] = {}
    log, tree = read_log((body for _, _, _, body in _entries(database, 0)), roots, kept)
    head = signed_head(_note(database, 0), log.keys)
    if (head.checkpoint.size, head.checkpoint.root) != (tree.size, tree.root()):
        raise FormatError("the ledger's own log isn't what its head says")
    judge(head, log.keys, [], reader, report)
    since = older_head(reader, log.keys, tree.size)
    if since is not None and roots.get(since.size) != since.root:
        raise FormatError("it has another history than the head that you have")
    if _tiles(database, 0) != {(0, *place): root for place, root in tree.tiles.items()}:
        report.problems.append("the tiles of the ledger's own log aren't what its entries give")
    if any(row is not None or batch is not None for _, row, batch, _ in _entries(database, 0)):
        report.problems.append("an entry of the ledger's own log is listed as one of a row or a batch")
    of_runs = {each.log + part: (each.run, part) for each in log.runs.values() for part in range(each.splits + 1)}
    for table in ("entries", "payloads", "endings", "open_tokens", "tiles", "heads"):
        logs = {log for (log,) in database.execute(f"SELECT DISTINCT log FROM {table}")}
        if logs - {0, *of_runs} or (table in ("payloads", "endings", "open_tokens") and 0 in logs):
            report.problems.append(f"{table} has records of a log that it can't have any of")
    listed = {number: (run, part) for number, run, part in database.execute("SELECT log, run, part FROM logs")}
    if listed != {0: (None, 0), **of_runs}:
        report.problems.append("the list of logs isn't what the ledger's own log says")
    for run in log.runs.values():
        splits, problems, results = _splits(database, log, run) if run.splits else (None, [], [])
        checked = _Run(database, log, RunEntries(run) if splits is None else splits.coordinator(), run.size != 0)
        problems += checked.problems()
        if splits is not None:
            problems += [*splits.problems(), *splits.hash_problems(checked.read(), checked.own_values())]
            problems += checked.result_problems(_of_run(checked, results))
        report.problems += [f"run {run.run}: {each}" for each in problems]
        if not report.problems:
            report.proven.append(
                f"run {run.run} has {checked.entries.totals.rows} rows, and each of its {checked.entries.totals.born} tokens one ending at most"
            )


def _splits(database: sqlite3.Connection, log: LedgerLog, run: Run) -> tuple[Splits, list[str], list[bytes | None]]:
    """Looks at the splits of a run, before its coordinator's log; what was wrong with them, and the digests of what they came to."""
    splits = Splits(run, [body for _, _, _, body in _entries(database, run.log)])
    problems: list[str] = []
    results: list[bytes | None] = []
    for part in range(1, run.splits + 1):
        bodies = [body for _, _, _, body in _entries(database, run.log + part)]
        if not bodies:
            continue
        entries = splits.entries_of(part, len(bodies) if '"k":"close"' in bodies[-1] else 0)
        checked = _Run(database, log, entries, run.size != 0)
        problems += [f"split {part}: {each}" for each in checked.problems()]
        results.append(checked.result.digest())
        problems += [f"split {part}: {each}" for each in checked.result_problems(results[-1])]
        splits.take(part, entries, leaf_hash(bodies[-1].encode()), checked.read())
    return splits, problems, results


def _of_run(checked: _Run, splits: list[bytes | None]) -> bytes | None:
    """The result digest of a run, by those of its splits; None if it can't be known."""
    files: dict[str, list[dict[str, Any]]] = {}
    for each in (checked.entries.published or {"artifacts": []})["artifacts"]:
        if "contents" in each:
            contents = checked.own_values().get(each["contents"])
            if contents is None:
                return None
            files[checked.entries.topology.name(each["sink"])] = contents
    known = [each for each in splits if each is not None]
    return result_digest(known, files) if len(known) == checked.run.splits else None


def _number(database: sqlite3.Connection, pragma: str) -> int:
    return int(database.execute(pragma).fetchone()[0])


def _note(database: sqlite3.Connection, log: int) -> str:
    found = database.execute("SELECT note FROM heads WHERE log = ?", (log,)).fetchone()
    if found is None:
        raise FormatError(f"log {log} has no head")
    return str(found[0])


def _tiles(database: sqlite3.Connection, log: int) -> dict[tuple[int, int, int], bytes]:
    """By tree, level and index."""
    found = database.execute("SELECT tree, level, idx, hash FROM tiles WHERE log = ?", (log,))
    return {(tree, level, index): root for tree, level, index, root in found}


def _entries(database: sqlite3.Connection, log: int) -> Iterator[tuple[int, int | None, int | None, str]]:
    expected = 0
    for seq, row, batch, body in database.execute(
        'SELECT seq, "row", batch, body FROM entries WHERE log = ? ORDER BY seq', (log,)
    ):
        if seq != expected:
            raise FormatError(f"entry {expected} of log {log} is missing")
        expected += 1
        yield seq, row, batch, body


class _Run:
    """What its entries don't say by themselves: values and tables."""

    def __init__(self, database: sqlite3.Connection, log: LedgerLog, entries: RunEntries, is_sealed: bool) -> None:
        """`is_sealed`: whether the run is, of which this may be a split."""
        self.database, self.log, self.run = database, log, entries.run
        self.entries, self.is_sealed = entries, is_sealed
        self.values: dict[tuple[str, int], dict[int, Any]] = {}
        self.ended: dict[int, tuple[Any, ...]] = {}
        self.keys = RowKeys(self.entries.topology)
        self.result = SplitResult(self.entries.topology)

    def problems(self) -> Iterator[str]:
        payloads = self.database.execute(
            "SELECT seq, salts, body FROM payloads WHERE log = ? ORDER BY seq", (self.run.log,)
        )
        payload = payloads.fetchone()
        for seq, row, batch, body in _entries(self.database, self.run.log):
            entry, problems = self.entries.take(body)
            yield from problems
            if (entry.facts.get("r"), entry.facts.get("b")) != (row, batch):
                yield f"entry {seq}: its columns say otherwise than its text"
            own = None
            if payload is not None and payload[0] == seq:
                own, payload = payload, payloads.fetchone()
            if entry.of_subject is not None and entry.story is not None:
                self._endings(seq, entry.of_subject, entry.story)
            yield from self._payload(entry, own)
            yield from (f"entry {seq}: {each}" for each in [*self._row_keys(entry), *self._deal_key(entry)])
            if self.entries.split is not None and entry.of_subject is not None and entry.story is not None:
                self.result.take(entry.of_subject, self.values.get(entry.subject, {}), entry.story.is_over)
            if entry.story is not None and entry.story.is_over:
                self.values.pop(entry.subject, None)
        if payload is not None:
            yield f"there is a payload of entry {payload[0]}, which commits to none or isn't there"
        yield from self.entries.end()
        yield from self._head()
        yield from self._tables()

    def result_problems(self, made: bytes | None) -> Iterator[str]:
        """`made`: the digest of what it came to; None if it can't be known."""
        said = self.own_values().get((self.entries.seal or {}).get("digest"))
        if said is not None and made is not None and said != made.hex():
            yield f"what it came to has the digest {made.hex()}, and {said} is on record"

    def own_values(self) -> dict[int, Any]:
        """Those of the log's own entries, by number, as far as they are there."""
        return self.values.get(("run", 0), {})

    def read(self) -> dict[int, Read]:
        return reads_of(self.entries, self.own_values())

    def _deal_key(self, entry: Entry) -> Iterator[str]:
        """A row is in the split that its value in the field says, by which it was dealt; of a record that was rejected that isn't on record."""
        split, of = self.entries.split, entry.of_subject
        if split is None or of is None or of.origin is None or of.origin.source not in split.dealt:
            return
        if not of.visits or of.visits[0].is_error:
            return
        row = self.values.get(entry.subject, {}).get(1)
        if not isinstance(row, dict):
            return
        digest = hashlib.sha256(canonical(row.get(split.dealt[of.origin.source].by)).encode()).digest()
        own = int.from_bytes(digest, "big") % split.count + 1
        if own != split.part:
            yield f"row {entry.subject[1]} was dealt to split {own}, and is in {split.part}"

    def _row_keys(self, entry: Entry) -> Iterator[str]:
        if entry.of_subject is not None:
            yield from self.keys.take(entry.of_subject, self.values.get(entry.subject, {}), self.entries.topology)
        elif entry.facts["k"] == "open":
            self.keys = RowKeys(self.entries.topology)
        elif entry.facts["k"] == "commit":
            yield from self.keys.commit()

    def _endings(self, seq: int, entry: SubjectEntry, story: Story) -> None:
        for ending in entry.endings:
            last = next((v for v in reversed(entry.visits) if v.token == ending.token), None)
            recorded = entry.time if last is None else entry.time + last.start + last.duration + last.stood
            row, batch = (entry.number, None) if entry.kind == "row" else (None, entry.number)
            code = ending.error[0] if ending.error else None
            self.ended[ending.token] = (
                *(seq, row, batch, ending.fate, ending.node, ending.sink or None, ending.group or None),
                *(code, _error_hash(story, ending), recorded),
            )

    def _payload(self, entry: Entry, payload: Any) -> Iterator[str]:
        seq, first, commitments = entry.seq, entry.first_value, entry.commitments
        if (payload is not None) != bool(commitments):
            yield f"entry {seq}: its payload is missing, or is one too many"
            return
        if payload is None:
            return
        _, salts, body = payload
        stored = parse(body)
        if not isinstance(stored, list) or len(stored) != len(commitments) or len(salts) != SALT_BYTES * len(stored):
            yield f"entry {seq}: its payload has another number of values"
            return
        known = self.values.setdefault(entry.subject, {})
        for place, each in enumerate(stored):
            salt = salts[SALT_BYTES * place : SALT_BYTES * (place + 1)]
            number = first + place
            erased = self.run.is_erased(seq, place + 1)
            if each is None:
                if not erased or any(salt):
                    yield f"entry {seq}: value {number} is erased, and nothing says so"
                continue
            if erased:
                yield f"entry {seq}: value {number} was erased, and is there"
            value = self._value(each, known)
            if value is None or commitment(salt, canonical(value[0])) != commitments[place]:
                yield f"entry {seq}: value {number} isn't what was committed to"
                continue
            if entry.of_subject is None and not fits_its_key(self.entries.named[number].key, value[0]):
                yield f"entry {seq}: value {number} isn't what its name asks for"
            known[number] = value[0]

    @staticmethod
    def _value(stored: Any, known: dict[int, Any]) -> tuple[Any] | None:
        """In a tuple, as null is a value, too; None if it can't be put together."""
        if isinstance(stored, list) and len(stored) == 1:
            return (stored[0],)
        if not isinstance(stored, list) or len(stored) != 3:
            return None
        base, changed, gone = stored
        before = known.get(base)
        if not isinstance(before, dict) or not isinstance(changed, dict) or not isinstance(gone, list):
            return None
        return ({**{key: value for key, value in before.items() if key not in gone}, **changed},)

    def _head(self) -> Iterator[str]:
        tree = self.entries.tree
        note = parse_note(_note(self.database, self.run.log))
        head = parse_checkpoint(note.text)
        if head.origin != f"custody/{self.log.keys.ledger}/{self.run.log}":
            yield f"its head is that of {head.origin}"
        if (head.size, head.root) != (tree.size, tree.root()):
            yield "its entries aren't what its head says"
        since = self.run.opened_at if self.run.is_split else self.run.mentioned_at
        keys = self.log.keys.good_for_run(self.run.mentioned_at, self.is_sealed, since)
        if not signers(note, keys):
            yield "its head isn't signed by a key that is good for it"

    def _tables(self) -> Iterator[str]:
        columns = 'token, seq, "row", batch, fate, node, sink, grp, error_code, error_hash, recorded_us'
        stored = {
            token: tuple(rest)
            for token, *rest in self.database.execute(
                f"SELECT {columns} FROM endings WHERE log = ?", (self.run.log,)
            )
        }
        if stored != self.ended:
            yield "the table of endings isn't what its entries say"
        open_tokens = set(
            self.database.execute(
                'SELECT token, "row", batch, node, seq FROM open_tokens WHERE log = ?', (self.run.log,)
            )
        )
        if open_tokens != {tuple(each) for each in self.entries.open_tokens()}:
            yield "the table of open tokens isn't what its entries say"
        tiles = {(0, *place): root for place, root in self.entries.tree.tiles.items()}
        if self.entries.seal is not None:
            for number, kind in TREES.items():
                tiles |= {(number, *place): root for place, root in self.entries.tree_of(kind).tiles.items()}
        if _tiles(self.database, self.run.log) != tiles:
            yield "the table of tiles isn't what its entries give"


def _error_hash(story: Story, ending: Ending) -> bytes | None:
    if ending.error is None or ending.error[1] > len(story.commitments):
        return None
    return story.commitments[ending.error[1] - 1]
