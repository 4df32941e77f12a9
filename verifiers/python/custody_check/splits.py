"""A run with splits: what its coordinator says of them, before they are looked at, and what they come to together (docs/ledger-format.md, "Runs with splits")."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, NamedTuple

from .canonical import canonical
from .entries import FormatError, is_of_subject, parse_body
from .ledger_log import Bound, Run
from .merkle import Tree, leaf_hash
from .run import DealtRecords, FilesOfSplit, RunEntries, SplitPlan
from .run_entries import run_entry
from .topology import Topology
from .totals import Totals


class Read(NamedTuple):
    """What a log's last commit has of a source."""

    cursor: dict[str, Any]
    sha256: Any
    position: Any
    """None if they aren't there."""


def reads_of(entries: RunEntries, values: Mapping[int, Any]) -> dict[int, Read]:
    """By source that was read to its end, or still is; `values`: those of the log's own entries, by their numbers."""
    return {
        source: Read(cursor, values.get(cursor.get("hash", 0)), values.get(cursor.get("position", 0)))
        for source, cursor in entries.cursors.items()
        if source not in entries.unread
    }


class Splits:
    """Takes the coordinator's own entries, then one split after another."""

    def __init__(self, run: Run, bodies: list[str]) -> None:
        self.run = run
        self._opening: dict[str, Any] = {}
        self._cuts: list[dict[str, Any]] = []
        self._dealt: dict[int, DealtRecords] = {}
        """By source whose records were dealt."""
        self._read: dict[int, dict[int, Read]] = {}
        """By part and by source."""
        self._heads: dict[int, dict[int, Bound]] = {}
        """By part, and by size."""
        self._wrong: list[str] = []
        self._sums: list[Totals] = []
        self._tree = Tree()
        """Of their last entries."""
        self._all_closed = True
        self._leaf = leaf_hash(bodies[0].encode()) if bodies else b""
        for seq, body in enumerate(bodies):
            facts = parse_body(body)
            if not is_of_subject(facts):
                run_entry(facts)
                self._take(seq, facts)
        if "topology" not in self._opening:
            raise FormatError("the coordinator's log doesn't begin with its opening")

    def _take(self, seq: int, facts: dict[str, Any]) -> None:
        if facts["k"] == "open" and seq == 0:
            self._opening = facts
        elif facts["k"] == "cut":
            self._cuts.append(facts)
            if "dealt" in facts:
                end = facts["ranges"][-1] if facts["ranges"] else {"before": 0, "records": 0}
                self._dealt[facts["source"]] = DealtRecords(facts["dealt"]["by"], end["before"] + end["records"])
        elif facts["k"] == "parts":
            for head in facts["heads"]:
                known = self._heads.setdefault(head["part"], {})
                if head["part"] > self.run.splits or head["size"] <= max(known, default=0):
                    self._wrong.append(f"entry {seq} tells of a split that isn't there, or of fewer entries than before")
                known[head["size"]] = Bound(bytes.fromhex(head["root"]), facts["t"])

    def entries_of(self, part: int, size: int) -> RunEntries:
        """For the log of a split, which has so many."""
        ranges = {cut["source"]: each for cut in self._cuts for each in cut["ranges"] if each["part"] == part}
        whole = {cut["source"] for cut in self._cuts if cut.get("whole") == part}
        run = self.run.split(part, b"", size, b"")
        run.bound = self._heads.get(part, {})
        files = {source: each for source in [*ranges, *whole] if (each := self._files(source, part)) is not None}
        topology = Topology(self._opening["topology"])
        return RunEntries(run, SplitPlan(part, self._leaf, topology, ranges, whole, self._dealt, self.run.splits, files))

    def _listed(self, source: int) -> int | None:
        """How many files it has on its list; None without one."""
        return next((each["count"] for each in self._opening.get("files", []) if each["source"] == source), None)

    def _files(self, source: int, part: int) -> FilesOfSplit | None:
        count = self._listed(source)
        # Files of what was dealt are in the coordinator's log.
        if count is None or source in self._dealt:
            return None
        ranges = [each for cut in self._cuts if cut["source"] == source for each in cut["ranges"]]
        if not ranges:
            return FilesOfSplit(count, 0, count)
        before = sum(each.get("files", 0) for each in ranges if each["part"] < part)
        return FilesOfSplit(count, before, sum(each.get("files", 0) for each in ranges if each["part"] == part))

    def take(self, part: int, entries: RunEntries, last: bytes, read: dict[int, Read]) -> None:
        """The next one, which was read to its end; `last`: leaf of its last entry."""
        self._read[part] = read
        for cut in self._cuts:
            records = sum(each["records"] for each in cut["ranges"] if each["part"] == part)
            if "dealt" in cut and entries.totals.read_of[cut["source"]] > records:
                self._wrong.append(f"split {part} has more rows than it was dealt")
        self._sums.append(entries.totals)
        self._tree.append(last)
        self._all_closed = self._all_closed and entries.seal is not None and entries.seal["k"] == "close"

    def coordinator(self) -> RunEntries:
        """For the coordinator's log, when all splits were read."""
        entries = RunEntries(self.run)
        for each in self._sums:
            entries.totals.add(each)
        for cut in self._cuts:
            end = cut["ranges"][-1] if cut["ranges"] else {"before": 0, "records": 0}
            read = entries.totals.read_of[cut["source"]]
            entries.all_read &= "whole" in cut or read == end["before"] + end["records"]
        entries.dealt = {source: dealt.count for source, dealt in self._dealt.items()}
        entries.cuts = self._cuts
        entries.dealt_bytes = {cut["source"]: cut["dealt"]["bytes"] for cut in self._cuts if "dealt" in cut}
        if self._all_closed and self._tree.size == self.run.splits:
            entries.parts = {"size": self._tree.size, "root": self._tree.root().hex()}
        elif self.run.size:
            self._wrong.append("a split isn't there, or isn't closed")
        return entries

    def problems(self) -> Iterator[str]:
        yield from self._wrong
        seen: set[int] = set()
        for cut in self._cuts:
            name = Topology(self._opening["topology"]).name(cut["source"])
            whole = cut.get("whole", 0)
            dealt, first = cut.get("dealt"), self._cuts[0].get("dealt")
            if (dealt or {}).get("by") != (first or {}).get("by") or (dealt or {}).get("epoch") != (first or {}).get("epoch"):
                yield f"{name} was dealt by another field than the others, at another time, or was cut"
            if dealt is not None and ("positions" in cut or any(each["line"] for each in cut["ranges"])):
                yield f"{name} was dealt, and has places of ranges"
            if (dealt is None) != ("input" not in cut) or (dealt is not None and whole):
                yield f"it isn't said how {name} was read when it was dealt"
            if cut["source"] in seen or (whole and cut["ranges"]) or whole > self.run.splits:
                yield f"{name} was cut twice, or is whole and was cut"
            seen.add(cut["source"])
            count = self._listed(cut["source"]) if dealt is None else None
            if any(("files" in each) != (count is not None) for each in cut["ranges"]):
                yield f"the ranges of {name} don't say how many files end in them, or it has no list"
            if sum(each.get("files", 0) for each in cut["ranges"]) > (count or 0):
                yield f"more files of {name} end in ranges than are on its list"
            before = part = 0
            for each in cut["ranges"]:
                if not part < each["part"] <= self.run.splits:
                    yield f"the ranges of {name} aren't in order of splits"
                if each["before"] != before:
                    yield f"the range of {name} in split {each['part']} begins behind {each['before']} records, and {before} come before it"
                part, before = each["part"], each["before"] + each["records"]

    def hash_problems(self, read: dict[int, Read], values: Mapping[int, Any]) -> Iterator[str]:
        """What splits have read, against the hashes of what they were to read; `read`: of the coordinator, whose values these are."""
        for cut in self._cuts:
            hashes = values.get(cut.get("hashes", 0)) or []
            for each, content in zip(cut["ranges"], hashes):
                own = self._read.get(each["part"], {}).get(cut["source"])
                if own is None or own.sha256 is None or own.sha256 == content["sha256"]:
                    continue
                cursor = own.cursor
                if cursor["done"] and (cursor["records"], cursor.get("bytes", each["bytes"])) == (each["records"], each["bytes"]):
                    yield f"split {each['part']} has read other bytes of node {cut['source']} than those that it was to read"
            whole, whole_input = read.get(cut["source"]), values.get(cut.get("input", 0))
            if whole is None or whole_input is None:
                continue
            hashes_differ = None not in (whole.sha256, whole_input["sha256"]) and whole.sha256 != whole_input["sha256"]
            if hashes_differ or (whole.position is not None and canonical(whole.position) != canonical(whole_input["position"])):
                yield f"node {cut['source']} was dealt as it was read, and the coordinator says that it was read otherwise"
