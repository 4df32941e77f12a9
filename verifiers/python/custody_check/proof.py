"""Proofs of one row, custody-proof/1 (docs/proof-format.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Iterator

from . import claims
from .canonical import NotCanonical, canonical, parse
from .entries import (
    IDS_OF_PART,
    UUID,
    FormatError,
    SubjectEntry,
    entry_in,
    hash_of,
    is_of_subject,
    listed,
    obj,
    parse_body,
    subject_entry,
    text,
    whole,
)
from .ledger_log import LedgerLog, Run
from .merkle import commitment, leaf_hash, root_before, root_from, root_with
from .notes import Checkpoint, NoteError, parse_checkpoint, parse_note, parse_proof
from .report import Report
from .run_entries import fits_its_key, run_entry, values_named
from .story import Story
from .topology import Topology
from .trust import Reader, judge, older_head, signed_head

FORMAT = "custody-proof/1"
SALT = re.compile("[0-9a-f]{32}")
IN_BATCH, IN_JOIN = 23, 24
"""Fates."""


class Unreadable(Exception):
    """The file isn't what it should be at all."""


def check_proof(file: str, reader: Reader) -> Report:
    proof = _read(file)
    report = Report("row", run=proof["run"]["run"], row=proof["subjects"][0]["number"])
    try:
        _check(proof, reader, report)
    except (FormatError, NoteError, NotCanonical) as error:
        report.problems.append(str(error))
    if report.problems:
        report.proven.clear()
    return report


def _read(file: str) -> dict[str, Any]:
    if not file.endswith("\n"):
        raise Unreadable("it doesn't end in a newline")
    try:
        proof = parse(file[:-1])
        obj(proof, "proof", {"format", "ledger", "log", "run", "subjects"}, {"timestamps"})
        if proof["format"] != FORMAT:
            raise Unreadable(f"its format is {proof['format']}, not {FORMAT}")
        text(proof["ledger"], "ledger")
        for each in listed(proof["log"], "log"):
            obj(each, "log", {"body", "proof"})
            text(each["body"], "body"), text(each["proof"], "proof")
        run = obj(proof["run"], "run", {"run", "log", "entries"}, {"split"})
        text(run["run"], "run", UUID), whole(run["log"], 1, "log")
        if "split" in run:
            split = obj(run["split"], "split", {"part", "close", "path"})
            whole(split["part"], 1, "part"), text(split["close"], "close"), _path(split["path"])
        subjects = listed(proof["subjects"], "subjects")
        for each in subjects:
            obj(each, "subject", {"kind", "number", "entries", "path"}, {"members"})
            if each["kind"] not in ("row", "batch"):
                raise Unreadable(f"a subject is no {each['kind']}")
            whole(each["number"], 1, "number")
            _path(each["path"])
            if "members" in each:
                _read_members(each["members"])
        if not proof["log"] or not subjects or subjects[0]["kind"] != "row":
            raise Unreadable("it is of no row")
        for entries in (run["entries"], *(each["entries"] for each in subjects)):
            for entry in listed(entries, "entries"):
                _read_entry(entry)
            _must_rise([entry["seq"] for entry in entries], "entries")
        for each in listed(proof.get("timestamps", [""]), "timestamps"):
            text(each, "timestamps")
        if proof.get("timestamps") == []:
            raise Unreadable("a list of timestamps is empty")
    except (NotCanonical, FormatError) as error:
        raise Unreadable(str(error)) from error
    return proof


def _read_members(members: Any) -> None:
    for member in listed(members, "members"):
        if len(listed(member, "members")) != 2:
            raise Unreadable("a member is a token and a row")
        whole(member[0], 1, "members"), whole(member[1], 1, "members")
    _must_rise([token for token, _ in members], "members")


def _must_rise(numbers: list[int], what: str) -> None:
    if not numbers or any(a >= b for a, b in zip(numbers, numbers[1:])):
        raise Unreadable(f"`{what}` is empty, or not in order")


def _read_entry(entry: Any) -> None:
    obj(entry, "entry", {"seq", "body", "path"}, {"values"})
    whole(entry["seq"], 0, "seq"), text(entry["body"], "body"), _path(entry["path"])
    if entry.get("values") == []:
        raise Unreadable("a list of values is empty")
    before = 0
    for value in listed(entry.get("values", []), "values"):
        before = read_value(value, before)


def read_value(value: Any, before: int) -> int:
    """The form of a value that is shown; its number, which is larger than that of the one before it."""
    obj(value, "value", {"number", "salt", "value"})
    text(value["salt"], "salt", SALT)
    return whole(value["number"], before + 1, "number")


def _path(value: Any) -> list[bytes]:
    return [hash_of(each, "path") for each in listed(value, "path")]


def _check(proof: dict[str, Any], reader: Reader, report: Report) -> None:
    log, run = _log_part(proof, reader, report)
    opening, publish, seal, shown = _run_part(proof["run"], run, report)
    topology = Topology(opening["topology"])
    rows = _rows_part(proof["run"], run, opening, seal)
    stories = [_subject(subject, rows, topology, report) for subject in proof["subjects"]]
    report.problems += _places(stories)
    report.proven += claims.of_opening(opening, topology, shown)
    split = (rows.part, rows.run.size) if rows.part else None
    report.proven += claims.of_row_run(log.keys.ledger, opening, seal, run.size, topology, publish, split)


def logged(entries: list[dict[str, Any]]) -> tuple[str, list[tuple[int, bytes, str]]]:
    """Entries of log 0 by their proofs: the checkpoint that all end in, and of each its index, the root before it, and its text."""
    checkpoint: str | None = None
    found = []
    for each in entries:
        inclusion, body = parse_proof(each["proof"]), each["body"]
        if checkpoint not in (None, inclusion.checkpoint):
            raise FormatError("its proofs lead to several checkpoints")
        checkpoint = inclusion.checkpoint
        size, root = _head_of(checkpoint)
        if root_from(leaf_hash(body.encode()), inclusion.index, size, inclusion.path) != root:
            raise FormatError(f"entry {inclusion.index} isn't in the log that the checkpoint is of")
        found.append((inclusion.index, root_before(inclusion.index, size, inclusion.path), body))
    if checkpoint is None or found[0][0] != 0:
        raise FormatError("it doesn't begin with the birth of the ledger")
    return checkpoint, found


def _log_part(proof: dict[str, Any], reader: Reader, report: Report) -> tuple[LedgerLog, Run]:
    run_log, name = proof["run"]["log"], proof["run"]["run"]
    checkpoint, entries = logged(proof["log"])
    log = LedgerLog(entries[0][2])
    for index, before, body in entries[1:]:
        log.take(index, before, body)
        facts = parse_body(body)
        is_of_run = facts.get("log", run_log) == run_log or (facts["k"] == "erase" and facts.get("run") == name)
        if facts["k"] not in ("key", "opened", "sealed", "erase") or not is_of_run:
            raise FormatError(f"entry {index} of the ledger's log isn't one that belongs here")
    if log.keys.ledger != proof["ledger"]:
        raise FormatError(f"it isn't the log of ledger {proof['ledger']}")
    head = signed_head(checkpoint, log.keys)
    judge(head, log.keys, proof.get("timestamps", []), reader, report)
    check_since(head.checkpoint, proof["log"], log, reader)
    run = log.runs.get(proof["run"]["log"])
    if run is None or run.run != proof["run"]["run"] or run.size == 0:
        raise FormatError("the ledger's log doesn't say that the run was opened and sealed")
    return log, run


def check_since(head: Checkpoint, entries: list[dict[str, Any]], log: LedgerLog, reader: Reader) -> None:
    """The roots that an inclusion proof shows are those before and with its entry."""
    since = older_head(reader, log.keys, head.size)
    if since is None:
        return
    roots = {head.size: head.root}
    for each in entries:
        inclusion, leaf = parse_proof(each["proof"]), leaf_hash(each["body"].encode())
        roots[inclusion.index] = root_before(inclusion.index, head.size, inclusion.path)
        roots[inclusion.index + 1] = root_with(leaf, inclusion.index, head.size, inclusion.path)
    if since.size not in roots:
        raise FormatError(f"it has no entry beside the {since.size} of the head that you have, so it can't show that it extends it")
    if roots[since.size] != since.root:
        raise FormatError("it has another history than the head that you have")


def _head_of(note: str) -> tuple[int, bytes]:
    head = parse_checkpoint(parse_note(note).text)
    return head.size, head.root


def _held(entry: dict[str, Any], run: Run) -> dict[str, Any]:
    """The facts of an entry that is in the run's tree."""
    body = entry["body"]
    if root_from(leaf_hash(body.encode()), entry["seq"], run.size, _path(entry["path"])) != run.root:
        raise FormatError(f"entry {entry['seq']} isn't in the run's tree")
    return parse_body(body)


def _run_part(
    part: dict[str, Any], run: Run, report: Report
) -> tuple[dict[str, Any], dict[str, Any] | None, dict[str, Any], set[int]]:
    """Opening, what was published, seal, and the numbers of the values that are shown."""
    entries = part["entries"]
    if not 2 <= len(entries) <= 3 or entries[0]["seq"] != 0 or entries[-1]["seq"] != run.size - 1:
        raise FormatError("it lacks the run's opening, or its seal")
    facts = [_held(each, run) for each in entries]
    opening, seal = facts[0], facts[-1]
    if opening.get("k") != "open" or opening.get("run") != run.run or seal.get("k") != "seal":
        raise FormatError("the run's opening or its seal isn't one")
    if len(facts) == 3 and facts[1].get("k") != "publish":
        raise FormatError("an entry of the run is none that belongs here")
    if opening["t"] != run.opened_time or seal["t"] > run.sealed_time:
        raise FormatError("the run's opening or its seal has another time than the ledger's log says")
    if leaf_hash(entries[0]["body"].encode()) != run.first_root:
        raise FormatError("the run was opened with another entry")
    numbers: set[int] = set()
    for entry, found in zip(entries, facts):
        first, commitments = run_entry(found)
        fitting, _ = _values(entry, first, commitments, run, "the run", report)
        numbers |= fitting
        named = {each.number: each.key for each in values_named(found)}
        for value in entry.get("values", []):
            if value["number"] in fitting and not fits_its_key(named.get(value["number"], ""), value["value"]):
                raise FormatError(f"value {value['number']} of the run isn't what its name asks for")
    return opening, facts[1] if len(facts) == 3 else None, seal, numbers


@dataclass(frozen=True)
class _Rows:
    """The log in which the rows are: the run's, or that of a split, as far as its close goes."""

    run: Run
    subjects: dict[str, Any]
    part: int = 0


def _rows_part(part: dict[str, Any], run: Run, opening: dict[str, Any], seal: dict[str, Any]) -> _Rows:
    parts = seal.get("parts", {"size": 0, "root": ""})
    if not run.splits == opening.get("splits", 0) == parts["size"]:
        raise FormatError("the run's entries tell of another number of splits than the ledger's log says")
    split = part.get("split")
    if split is None and run.splits == 0:
        return _Rows(run, seal["subjects"])
    if split is None or run.splits == 0:
        raise FormatError("it doesn't say in which split the row is, or the run has none")
    leaf = leaf_hash(split["close"].encode())
    if root_from(leaf, split["part"] - 1, parts["size"], _path(split["path"])) != bytes.fromhex(parts["root"]):
        raise FormatError(f"the end of split {split['part']} isn't the one that the seal names")
    close = parse_body(split["close"])
    run_entry(close)
    if close["k"] != "close":
        raise FormatError(f"split {split['part']} isn't closed")
    return _Rows(run.split(split["part"], b"", close["size"], bytes.fromhex(close["root"])), close["subjects"], split["part"])


def _values(
    entry: dict[str, Any], first: int, commitments: list[bytes], run: Run, of: str, report: Report
) -> tuple[set[int], set[int]]:
    """The numbers of the values that are shown as they were recorded, and of those that were altered: these aren't withheld."""
    fitting, altered = set(), set()
    for value in entry.get("values", []):
        place = value["number"] - first
        if not 0 <= place < len(commitments):
            raise FormatError(f"entry {entry['seq']} doesn't commit to value {value['number']}")
        number, salt = value["number"], bytes.fromhex(value["salt"])
        if run.is_erased(entry["seq"], place + 1):
            report.problems.append(f"value {number} of {of} is shown, and was erased")
        elif commitment(salt, canonical(value["value"])) == commitments[place]:
            fitting.add(number)
        else:
            altered.add(number)
            report.problems.append(f"value {number} of {of} isn't the one that was recorded")
    return fitting, altered


def _subject(part: dict[str, Any], rows: _Rows, topology: Topology, report: Report) -> Story:
    story, run = Story(part["kind"], part["number"], topology), rows.run
    if rows.part and story.number // IDS_OF_PART != rows.part:
        raise FormatError(f"{story.name} isn't of split {rows.part}")
    number = story.number - rows.part * IDS_OF_PART
    tree = rows.subjects["rows" if story.kind == "row" else "batches"]
    entries = part["entries"]
    if not entries:
        raise FormatError(f"{story.name} has no entry")
    last = leaf_hash(entries[-1]["body"].encode())
    if root_from(last, number - 1, tree["size"], _path(part["path"])) != bytes.fromhex(tree["root"]):
        raise FormatError(f"the last entry of {story.name} isn't the one that the seal names")
    before, values = -1, []
    for entry in entries:
        facts = _held(entry, run)
        if not is_of_subject(facts) or entry["seq"] <= before:
            raise FormatError(f"entry {entry['seq']} is of no row and no batch, or out of order")
        before = entry["seq"]
        decoded: SubjectEntry = entry_in(rows.part, subject_entry(facts))
        report.problems += [f"{story.name}, entry {before}: {each}" for each in story.take(before, decoded)]
        fitting, altered = _values(entry, decoded.first_value, decoded.commitments, run, story.name, report)
        for place, _ in enumerate(decoded.commitments):
            number = decoded.first_value + place
            name = f"value {number:,} of {claims.name_of(story.kind, story.number)}"
            if number in fitting:
                values.append(f"{name} is what was recorded")
            elif run.is_erased(before, place + 1):
                values.append(f"{name} was erased, as the ledger says")
            elif number not in altered:
                report.withheld += 1
    report.problems += [f"{story.name}: {each}" for each in story.unfinished()]
    report.proven += [*claims.of_subject(run.run, story, len(entries)), *values]
    return story


def _places(stories: list[Story]) -> Iterator[str]:
    """Subjects stand where the story of the first one comes to them, each once, and consumed whom they say."""
    rest = stories[1:]
    found = {(stories[0].kind, stories[0].number)}

    def follow(story: Story) -> None:
        for target in _next(story, stories):
            if (target.kind, target.number) in found or not rest or rest[0] is not target:
                continue
            rest.pop(0)
            found.add((target.kind, target.number))
            follow(target)

    follow(stories[0])
    if rest:
        yield f"{rest[0].name} stands where the story doesn't come to it"
    for story in stories:
        for token, ending in story.endings.items():
            for other in stories:
                group = other.groups.get(ending.group)
                if ending.fate == IN_BATCH and group is not None and token not in group.members:
                    yield f"token {token} of {story.name} was consumed by {other.name}, and is none of its members"


def _next(story: Story, stories: list[Story]) -> list[Story]:
    """Batches that consumed its tokens, in the order of these endings, then whose left tokens they were joined with, in order of births."""
    batches = [story.batches.get(ending.group) for ending in story.endings.values() if ending.fate == IN_BATCH]
    found = [other for batch in batches for other in stories if (other.kind, other.number) == ("batch", batch)]
    for token in story.known:
        ending = story.endings.get(token)
        if ending is not None and ending.fate == IN_JOIN and ending.group not in story.groups:
            found += [other for other in stories if ending.group in other.groups]
    return found
