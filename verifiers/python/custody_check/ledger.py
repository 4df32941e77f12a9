"""A whole ledger, as a SQLite file (docs/ledger-format.md): read only, from the page alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Iterator

from .canonical import NotCanonical, canonical, parse
from .entries import Ending, FormatError, SubjectEntry, commitments_of, is_of_subject, parse_body, subject_entry
from .ledger_log import LedgerLog, Run, read_log
from .merkle import Tree, commitment, leaf_hash
from .notes import Key, NoteError, parse_checkpoint, parse_note, signers
from .outcomes import FATES
from .report import Report
from .story import Story
from .topology import Topology

APPLICATION_ID = 1129665364
SALT_BYTES = 16


def check_ledger(path: Path, trusted: list[Key]) -> Report:
    report = Report("ledger")
    database = sqlite3.connect(f"file:{path.resolve().as_posix()}?mode=ro", uri=True)
    database.text_factory = lambda data: data.decode("utf-8", "strict")
    try:
        # All that is read is of one moment.
        database.execute("BEGIN")
        _check(database, trusted, report)
    except (FormatError, NoteError, NotCanonical, UnicodeDecodeError, sqlite3.DatabaseError) as error:
        report.problems.append(str(error))
    finally:
        database.close()
    return report


def _check(database: sqlite3.Connection, trusted: list[Key], report: Report) -> None:
    if _number(database, "PRAGMA application_id") != APPLICATION_ID or _number(database, "PRAGMA user_version") != 1:
        raise FormatError("the file is no ledger of format 1")
    log, tree = read_log(body for _, _, _, body in _entries(database, 0))
    note = _note(database, 0)
    head, signed, is_trusted = log.check_head(note, trusted)
    if (head.size, head.root) != (tree.size, tree.root()):
        raise FormatError("the ledger's own log isn't what its head says")
    if _tiles(database, 0) != {(0, *place): root for place, root in tree.tiles.items()}:
        report.problems.append("the tiles of the ledger's own log aren't what its entries give")
    if any(row is not None or batch is not None for _, row, batch, _ in _entries(database, 0)):
        report.problems.append("an entry of the ledger's own log is listed as one of a row or a batch")
    for table in ("entries", "payloads", "endings", "open_tokens", "tiles", "heads"):
        logs = {log for (log,) in database.execute(f"SELECT DISTINCT log FROM {table}")}
        if logs - {0, *log.runs} or (table in ("payloads", "endings", "open_tokens") and 0 in logs):
            report.problems.append(f"{table} has records of a log that it can't have any of")
    report.head = {"ledger": log.keys.ledger, "size": head.size, "root": head.root.hex()}
    report.signed_by = [key.short for key in signed]
    report.trust = "key" if is_trusted else "none"
    listed = {number: (run, part) for number, run, part in database.execute("SELECT log, run, part FROM logs")}
    if listed != {0: (None, 0), **{each.log: (each.run, 0) for each in log.runs.values()}}:
        report.problems.append("the list of logs isn't what the ledger's own log says")
    for run in log.runs.values():
        checked = _Run(database, log, run)
        report.problems += [f"run {run.run}: {each}" for each in checked.problems()]
        if not report.problems:
            report.proven.append(f"run {run.run} has {checked.rows} rows, and each of its {checked.born} tokens one ending at most")


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
    def __init__(self, database: sqlite3.Connection, log: LedgerLog, run: Run) -> None:
        self.database, self.log, self.run = database, log, run
        self.rows = self.born = 0
        self.topology = Topology({"nodes": [], "edges": []})
        self.stories: dict[tuple[str, int], Story] = {}
        self.values: dict[tuple[str, int], dict[int, Any]] = {}
        self.ended: dict[int, tuple[Any, ...]] = {}
        self.seal: dict[str, Any] | None = None
        self.last: dict[str, dict[int, bytes]] = {"row": {}, "batch": {}}
        self.run_values = 0
        self.tree = Tree()

    def problems(self) -> Iterator[str]:
        tree = self.tree
        payloads = self.database.execute(
            "SELECT seq, salts, body FROM payloads WHERE log = ? ORDER BY seq", (self.run.log,)
        )
        payload = payloads.fetchone()
        for seq, row, batch, body in _entries(self.database, self.run.log):
            leaf = leaf_hash(body.encode())
            tree.append(leaf)
            if tree.size in self.run.bound and self.run.bound[tree.size] != tree.root():
                yield f"its first {tree.size} entries aren't those that the ledger's own log names"
            if seq == 0 and leaf != self.run.first_root:
                yield "its first entry isn't the one that it was opened with"
            facts = parse_body(body)
            if (facts.get("r"), facts.get("b")) != (row, batch):
                yield f"entry {seq}: its columns say otherwise than its text"
            own = None
            if payload is not None and payload[0] == seq:
                own, payload = payload, payloads.fetchone()
            yield from self._entry(seq, leaf, facts, own)
        if payload is not None:
            yield f"there is a payload of entry {payload[0]}, which commits to none or isn't there"
        yield from self._head(tree)
        yield from self._end()

    def _entry(self, seq: int, leaf: bytes, facts: dict[str, Any], payload: Any) -> Iterator[str]:
        if is_of_subject(facts):
            entry = subject_entry(facts)
            subject = (entry.kind, entry.number)
            story = self.stories.get(subject)
            if story is None:
                yield from self._begin(seq, entry)
                story = self.stories[subject] = Story(entry.kind, entry.number, self.topology)
            yield from (f"entry {seq} ({story.name}): {each}" for each in story.take(seq, entry))
            self.last[entry.kind][entry.number] = leaf
            self.born += len(entry.births)
            yield from self._endings(seq, entry)
            first, commitments = entry.first_value, entry.commitments
        else:
            subject = ("run", 0)
            first, commitments = commitments_of(facts)
            if commitments and first != self.run_values + 1:
                yield f"entry {seq}: its values begin with {first}, where {self.run_values + 1} comes next"
            self.run_values += len(commitments)
            if facts.get("k") == "open":
                self.topology = Topology(facts["topology"])
            if facts.get("k") == "seal":
                self.seal = facts
        yield from self._payload(seq, subject, first, commitments, payload)
        story = self.stories.get(subject)
        if story is not None and not story.open and all(group.verdict for group in story.groups.values()):
            self.values.pop(subject, None)

    def _begin(self, seq: int, entry: SubjectEntry) -> Iterator[str]:
        expected = sum(1 for kind, _ in self.stories if kind == entry.kind) + 1
        if entry.number != expected:
            yield f"entry {seq}: {entry.kind} {entry.number} begins, where {expected} comes next"
        if entry.kind == "row":
            self.rows += 1

    def _endings(self, seq: int, entry: SubjectEntry) -> Iterator[str]:
        for ending in entry.endings:
            if ending.token in self.ended:
                yield f"entry {seq}: token {ending.token} ends a second time"
            last = next((v for v in reversed(entry.visits) if v.token == ending.token), None)
            recorded = entry.time if last is None else entry.time + last.start + last.duration + last.stood
            row, batch = (entry.number, None) if entry.kind == "row" else (None, entry.number)
            code = ending.error[0] if ending.error else None
            self.ended[ending.token] = (
                *(seq, row, batch, ending.fate, ending.node, ending.sink or None, ending.group or None),
                *(code, self._error_hash(entry, ending), recorded),
            )

    def _error_hash(self, entry: SubjectEntry, ending: Ending) -> bytes | None:
        if ending.error is None:
            return None
        commitments = self.stories[entry.kind, entry.number].commitments
        return commitments[ending.error[1] - 1] if ending.error[1] <= len(commitments) else None

    def _payload(
        self, seq: int, subject: tuple[str, int], first: int, commitments: list[bytes], payload: Any
    ) -> Iterator[str]:
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
        known = self.values.setdefault(subject, {})
        for place, each in enumerate(stored):
            salt = salts[SALT_BYTES * place : SALT_BYTES * (place + 1)]
            erased = self.run.is_erased(seq, place + 1)
            if each is None:
                if not erased or any(salt):
                    yield f"entry {seq}: value {first + place} is erased, and nothing says so"
                continue
            if erased:
                yield f"entry {seq}: value {first + place} was erased, and is there"
            value = self._value(each, known)
            if value is None or commitment(salt, canonical(value[0])) != commitments[place]:
                yield f"entry {seq}: value {first + place} isn't what was committed to"
                continue
            known[first + place] = value[0]

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

    def _head(self, tree: Tree) -> Iterator[str]:
        note = parse_note(_note(self.database, self.run.log))
        head = parse_checkpoint(note.text)
        if head.origin != f"custody/{self.log.keys.ledger}/{self.run.log}":
            yield f"its head is that of {head.origin}"
        if (head.size, head.root) != (tree.size, tree.root()):
            yield "its entries aren't what its head says"
        keys = self.log.keys.good_for_run(self.run.mentioned_at, self.run.size != 0)
        if not signers(note, keys):
            yield "its head isn't signed by a key that is good for it"
        if max(self.run.bound, default=0) > tree.size or self.run.size not in (0, tree.size):
            yield "it has another number of entries than the ledger's own log says"
        if (self.seal is not None) != (self.run.size != 0):
            yield "it has a seal and the ledger's own log doesn't say so, or the other way round"

    def _end(self) -> Iterator[str]:
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
        if open_tokens != set(self._open()):
            yield "the table of open tokens isn't what its entries say"
        trees = {kind: self._tree(kind) for kind in ("row", "batch")}
        tiles = {(0, *place): root for place, root in self.tree.tiles.items()}
        if self.seal is not None:
            for number, kind in ((1, "row"), (2, "batch")):
                tiles |= {(number, *place): root for place, root in trees[kind].tiles.items()}
        if _tiles(self.database, self.run.log) != tiles:
            yield "the table of tiles isn't what its entries give"
        if self.seal is None:
            return
        for story in self.stories.values():
            yield from (f"{story.name}: {each}" for each in story.unfinished())
        for kind, name in (("row", "rows"), ("batch", "batches")):
            tree = trees[kind]
            said = self.seal["subjects"][name]
            if (tree.size, tree.root().hex()) != (said["size"], said["root"]):
                yield f"the seal's tree of {name} isn't that of their last entries"
        yield from self._totals(self.seal["totals"])

    def _open(self) -> Iterator[tuple[int, int | None, int | None, int, int]]:
        for story in self.stories.values():
            row, batch = (story.number, None) if story.kind == "row" else (None, story.number)
            for token in story.open.values():
                yield token.number, row, batch, token.node, token.since

    def _tree(self, kind: str) -> Tree:
        """Of the last entries of rows, or of batches."""
        tree = Tree()
        for number in sorted(self.last[kind]):
            tree.append(self.last[kind][number])
        return tree

    def _totals(self, totals: dict[str, Any]) -> Iterator[str]:
        """Rows, tokens and endings, counted again."""
        counts: dict[tuple[int, int], int] = {}
        for _, _, _, fate, _, sink, *_ in self.ended.values():
            key = (fate, sink or 0)
            counts[key] = counts.get(key, 0) + 1
        said = {(fate, sink): count for fate, sink, count in totals["endings"]}
        if said != counts or any(fate not in FATES for fate, _ in counts):
            yield "the totals of endings aren't what its entries add up to"
        if totals["rows"]["read"] != self.rows or totals["rows"]["ingested"] + totals["rows"]["rejected"] != self.rows:
            yield "the totals of rows aren't what its entries add up to"
        born, ended = totals["tokens"]["born"], totals["tokens"]["ended"]
        if (born, ended, totals["tokens"]["open"]) != (self.born, len(self.ended), self.born - len(self.ended)):
            yield "the totals of tokens aren't what its entries add up to"
