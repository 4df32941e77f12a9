"""Completeness records, custody-record/1 (docs/proof-format.md): read line by line, so that memory holds what is under way."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Iterator

from . import claims
from .canonical import NotCanonical, canonical, parse
from .entries import UUID, FormatError, listed, obj, text, whole
from .ledger_log import LedgerLog, Run, read_log
from .merkle import commitment
from .notes import NoteError, parse_checkpoint, parse_note
from .proof import Unreadable, read_value
from .report import Report
from .run import RunEntries
from .run_entries import fits_its_key
from .splits import Splits
from .trust import Reader, judge, older_head, signed_head

FORMAT = "custody-record/1"
CHUNK = 1 << 20
MAX_LINE = 128 << 20


@dataclass(frozen=True)
class Files:
    """What is to be compared: `(NAME, PATH)` of sources, and of sinks."""

    sources: list[tuple[str, str]] = field(default_factory=list)
    outputs: list[tuple[str, str]] = field(default_factory=list)


def is_packed(beginning: bytes) -> bool:
    return beginning[:2] == b"\x1f\x8b"


def check_record(packed: bytes, reader: Reader, files: Files = Files()) -> Report:
    header, shown = _form(packed)
    report = Report("record", run=header["run"]["run"] if "run" in header else None)
    lines = _lines(packed)
    next(lines)
    try:
        log = _ledger(header, (next(lines) for _ in range(header["ledger_entries"])), reader, report)
        entries = None
        if "run" in header:
            for _ in shown:
                next(lines)
            entries = _run(header["run"], shown, lines, log, report)
    except (FormatError, NoteError, NotCanonical) as error:
        report.problems.append(str(error))
    if report.problems:
        report.proven.clear()
    elif files.sources or files.outputs:
        _files(entries, files, report)
    return report


def _form(packed: bytes) -> tuple[dict[str, Any], dict[int, dict[str, Any]]]:
    """The header, and what is disclosed. What lacks a line, or has one more, can't be read, whatever else is wrong with it."""
    header: dict[str, Any] | None = None
    disclosed: list[str] = []
    count = 0
    for line in _lines(packed):
        if header is None:
            header = _header(line)
        elif 0 <= count - 1 - header["ledger_entries"] < header.get("values", 0):
            disclosed.append(line)
        count += 1
    if header is None:
        raise Unreadable("it has no lines")
    run = header.get("run", {"entries": 0})
    expected = 1 + header["ledger_entries"] + header.get("values", 0) + run["entries"] + sum(run.get("splits", []))
    if count != expected:
        raise Unreadable(f"it has {count} lines, and says that it has {expected}")
    return header, _values(disclosed)


def _lines(packed: bytes) -> Iterator[str]:
    """Of the one member of a gzip file (RFC 1952), without optional fields."""
    if len(packed) < 10 or not is_packed(packed) or packed[3] != 0:
        raise Unreadable("it is no gzip file without optional fields")
    unpacked, given, rest = zlib.decompressobj(wbits=31), packed, b""
    try:
        while not unpacked.eof:
            piece = unpacked.decompress(given, CHUNK)
            given = unpacked.unconsumed_tail
            if not piece and not given and not unpacked.eof:
                raise Unreadable("it ends in the middle of what is packed")
            *whole_lines, rest = (rest + piece).split(b"\n")
            if len(rest) > MAX_LINE:
                raise Unreadable("it has a line that is too long")
            yield from (each.decode("utf-8") for each in whole_lines)
    except (zlib.error, UnicodeDecodeError) as error:
        raise Unreadable(f"it can't be unpacked: {error}") from error
    if unpacked.unused_data:
        raise Unreadable("something stands behind what is packed")
    if rest:
        raise Unreadable("its last line has no end")


def _header(line: str) -> dict[str, Any]:
    try:
        header = parse(line)
        obj(header, "header", {"format", "ledger", "ledger_entries", "checkpoint"}, {"timestamps", "run", "values"})
        if header["format"] != FORMAT:
            raise Unreadable(f"its format is {header['format']}, not {FORMAT}")
        text(header["ledger"], "ledger"), text(header["checkpoint"], "checkpoint")
        whole(header["ledger_entries"], 1, "ledger_entries")
        if "timestamps" in header and not [text(each, "timestamps") for each in listed(header["timestamps"], "timestamps")]:
            raise Unreadable("a list of timestamps is empty")
        if "values" in header:
            whole(header["values"], 1, "values")
        if "run" in header:
            run = obj(header["run"], "run", {"run", "log", "entries"}, {"splits"})
            if "splits" in run and not [whole(each, 1, "splits") for each in listed(run["splits"], "splits")]:
                raise Unreadable("a list of splits is empty")
            text(run["run"], "run", UUID), whole(run["log"], 1, "log"), whole(run["entries"], 2, "entries")
        elif "values" in header:
            raise Unreadable("it discloses values of no run")
    except (NotCanonical, FormatError) as error:
        raise Unreadable(str(error)) from error
    return header


def _ledger(header: dict[str, Any], bodies: Iterator[str], reader: Reader, report: Report) -> LedgerLog:
    kept = parse_checkpoint(parse_note(reader.since).text).size if reader.since is not None else 0
    roots: dict[int, bytes] = {}
    log, tree = read_log(bodies, roots, kept)
    head = signed_head(header["checkpoint"], log.keys)
    if log.keys.ledger != header["ledger"]:
        raise FormatError(f"it isn't the log of ledger {header['ledger']}")
    if (head.checkpoint.size, head.checkpoint.root) != (tree.size, tree.root()):
        raise FormatError("the ledger's own log isn't what the checkpoint says")
    judge(head, log.keys, header.get("timestamps", []), reader, report)
    since = older_head(reader, log.keys, tree.size)
    if since is not None and roots.get(since.size) != since.root:
        raise FormatError("it has another history than the head that you have")
    sealed = sum(run.size != 0 for run in log.runs.values())
    report.proven.append(claims.of_ledger(log.keys.ledger, tree.size, len(log.runs), sealed))
    return log


def _run(
    said: dict[str, Any], shown: dict[int, dict[str, Any]], lines: Iterator[str], log: LedgerLog, report: Report
) -> RunEntries:
    run = log.runs.get(said["log"])
    if run is None or run.run != said["run"]:
        raise FormatError("the ledger's log doesn't say that the run was opened")
    if run.size != said["entries"]:
        raise FormatError("the ledger's log doesn't say that the run was sealed with so many entries")
    sizes = said.get("splits", [])
    if run.splits != len(sizes):
        raise FormatError(f"the ledger's log says that the run has {run.splits} splits, and {len(sizes)} are here")
    own: Iterator[str] = lines
    entries = RunEntries(run)
    if sizes:
        # Its coordinator's entries stand first: what they say of splits is needed for these.
        bodies = [next(lines) for _ in range(said["entries"])]
        splits, own = Splits(run, bodies), iter(bodies)
        for part, size in enumerate(sizes, 1):
            of_split = splits.entries_of(part, size)
            found, last = _log(of_split, {}, lines, size, report, f"split {part}: ")
            splits.take(part, of_split, last, {})
            report.withheld += found.withheld
        entries = splits.coordinator()
        report.problems += splits.problems()
    commitments, _ = _log(entries, shown, own, said["entries"], report)
    report.problems += commitments.problems(entries)
    report.withheld += commitments.withheld
    if not report.problems and entries.commit is not None and entries.seal is not None:
        opening, ways = entries.opening, entries.topology
        report.proven += claims.of_record_run(
            log.keys.ledger, opening, entries.commit, entries.published, entries.seal, said["entries"] + sum(sizes), ways, len(sizes)
        )
        report.proven += claims.of_disclosed(opening, ways, commitments.values)
        report.values = commitments.values
    return entries


def _log(
    entries: RunEntries, shown: dict[int, dict[str, Any]], lines: Iterator[str], size: int, report: Report, where: str = ""
) -> tuple[_Commitments, bytes]:
    """All entries of one log; what they commit to, and the leaf of the last one."""
    commitments, last = _Commitments(entries.run, shown), b""
    for _ in range(size):
        entry, problems = entries.take(next(lines))
        report.problems += (where + each for each in problems)
        last = entry.leaf
        if entry.of_subject is None:
            commitments.take(entry.seq, entry.first_value, entry.commitments)
        else:
            commitments.take_subject(entry.seq, entry.commitments)
    report.problems += (where + each for each in entries.end())
    return commitments, last


def _values(lines: list[str]) -> dict[int, dict[str, Any]]:
    shown: dict[int, dict[str, Any]] = {}
    before = 0
    for line in lines:
        try:
            value = parse(line)
            before = read_value(value, before)
        except (NotCanonical, FormatError) as error:
            raise Unreadable(str(error)) from error
        shown[before] = value
    return shown


class _Commitments:
    """What the run's own entries commit to, and what of that is disclosed."""

    def __init__(self, run: Run, shown: dict[int, dict[str, Any]]) -> None:
        self.run, self.shown = run, shown
        self.values: dict[int, Any] = {}
        """That fit, by number."""
        self.withheld = 0
        self._wrong: list[str] = []

    def take_subject(self, seq: int, commitments: list[bytes]) -> None:
        self.withheld += sum(not self.run.is_erased(seq, place) for place in range(1, len(commitments) + 1))

    def take(self, seq: int, first: int, commitments: list[bytes]) -> None:
        for place, committed in enumerate(commitments):
            number = first + place
            value = self.shown.get(number)
            erased = self.run.is_erased(seq, place + 1)
            if value is None:
                self.withheld += not erased
                continue
            if erased:
                self._wrong.append(f"value {number} of the run is disclosed, and was erased")
            if commitment(bytes.fromhex(value["salt"]), canonical(value["value"])) != committed:
                self._wrong.append(f"value {number} of the run isn't the one that was recorded")
            self.values[number] = value["value"]

    def problems(self, entries: RunEntries) -> Iterator[str]:
        yield from self._wrong
        for number in self.shown:
            named = entries.named.get(number)
            if named is None or number not in self.values:
                yield f"nothing in the run commits to value {number}"
            elif not fits_its_key(named.key, self.values[number]):
                yield f"value {number} of the run isn't what its name asks for"


@dataclass(frozen=True)
class _Part:
    """A file that is disclosed; `whole`: not just its beginning."""

    count: int
    pieces: list[tuple[int, str]]
    """Bytes and hash, one after another."""
    whole: bool

    @property
    def bytes(self) -> int:
        return sum(size for size, _ in self.pieces)

    def fits(self, data: bytes) -> bool:
        at = 0
        for size, expected in self.pieces:
            if sha256(data[at : at + size]).hexdigest() != expected:
                return False
            at += size
        return True


def _files(entries: RunEntries | None, files: Files, report: Report) -> None:
    if entries is None:
        report.file_problems.append("it is of no run, so it discloses no files")
        return
    for name, path in files.sources:
        _compare(path, f"{name} read", "record", list(_read_by(entries, report.values, name)), report)
    for name, path in files.outputs:
        _compare(path, f"{name} published", "row", list(_published_by(entries, report.values, name)), report)


def _read_by(entries: RunEntries, values: dict[int, Any], name: str) -> Iterator[_Part]:
    for each in [*(entries.commit or {"cursors": []})["cursors"], *entries.files]:
        found = values.get(each.get("hash", 0))
        if entries.topology.name(each["source"]) == name and found is not None and "bytes" in each:
            yield _Part(each["records"], [(each["bytes"], found)], each["done"])
    for cut in entries.cuts:
        contents = values.get(cut.get("hashes", 0))
        if entries.topology.name(cut["source"]) == name and contents is not None and "dealt" not in cut:
            read = next((each for each in (entries.commit or {"cursors": []})["cursors"] if each["source"] == cut["source"]), {})
            # Of a run that was given up splits may have read less.
            if all(read.get(key) == sum(each[key] for each in cut["ranges"]) for key in ("records", "bytes")):
                yield from _files_of_cut(cut["ranges"], contents)


def _files_of_cut(ranges: list[dict[str, Any]], contents: list[dict[str, Any]]) -> Iterator[_Part]:
    """Files that ranges have, one after another: of a source without a list one, and of the last file perhaps a part."""
    count, pieces = 0, []
    for each, content in zip(ranges, contents):
        files = content.get("files", [])
        for file in files:
            yield _Part(count + file["records"], [*pieces, (file["bytes"], file["sha256"])], True)
            count, pieces = 0, []
        left = each["bytes"] - sum(file["bytes"] for file in files)
        if left > 0:
            count += each["records"] - sum(file["records"] for file in files)
            pieces.append((left, content["sha256"]))
    if pieces:
        yield _Part(count, pieces, False)


def _published_by(entries: RunEntries, values: dict[int, Any], name: str) -> Iterator[_Part]:
    for each in (entries.published or {"artifacts": []})["artifacts"]:
        if entries.topology.name(each["sink"]) == name:
            for content in values.get(each.get("contents", 0), []):
                yield _Part(content["rows"], [(content["bytes"], content["sha256"])], True)


def _compare(path: str, what: str, unit: str, parts: list[_Part], report: Report) -> None:
    data = Path(path).read_bytes()
    if not parts:
        report.file_problems.append(f"{path}: the record doesn't disclose what {what}")
        return
    for part in parts:
        if part.bytes > len(data) or (part.whole and part.bytes != len(data)):
            continue
        if part.fits(data):
            is_ = "is" if part.bytes == len(data) else "begins with"
            size = f"{claims.counted(part.count, unit)} in {claims.counted(part.bytes, 'byte')}"
            report.proven.append(f"{path} {is_} what {what}: {size}, SHA-256 {sha256(data[: part.bytes]).hexdigest()}")
            return
    report.file_problems.append(f"{path} isn't what {what}")


_NAMED = re.compile(r"([^=]+)=(.+)", re.DOTALL)


def named_file(argument: str) -> tuple[str, str]:
    match = _NAMED.fullmatch(argument)
    if match is None:
        raise Unreadable(f"{argument} isn't NAME=PATH")
    if not Path(match[2]).is_file():
        raise Unreadable(f"{match[2]}, to be compared with what {match[1]} read or published, is no file")
    return match[1], match[2]
