"""Log 0, the ledger's own, as far as somebody has its entries: keys, runs, and what was erased (docs/ledger-format.md, section 7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, NamedTuple

from .entries import UUID, FormatError, hash_of, listed, obj, parse_body, text, whole
from .keys import KeySet
from .merkle import Tree, leaf_hash


class Bound(NamedTuple):
    """What log 0 says of a run's log at one size."""

    root: bytes
    time: int


@dataclass
class Run:
    log: int
    run: str
    first_root: bytes
    opened_at: int
    opened_time: int
    sealed_time: int = 0
    size: int = 0
    """Of the finished log; 0 while it isn't sealed."""
    root: bytes = b""
    mentioned_at: int = 0
    bound: dict[int, Bound] = field(default_factory=dict)
    """By size."""
    taken_over: dict[int, int] = field(default_factory=dict)
    """When, by epoch."""
    erased: list[list[int]] = field(default_factory=list)
    splits: int = 0
    """How many logs behind this one are its splits'."""
    erased_in: dict[int, list[list[int]]] = field(default_factory=dict)
    """Of its splits, by log."""
    is_split: bool = False

    def has(self, log: int) -> bool:
        return self.log <= log <= self.log + self.splits

    def split(self, part: int, first_root: bytes, size: int, root: bytes) -> Run:
        """One of its splits, of so many entries, as a run of its own."""
        log = self.log + part
        return Run(log, self.run, first_root, self.opened_at, self.opened_time, 0, size, root, self.mentioned_at, erased=self.erased_in.get(log, []), is_split=True)

    def is_erased(self, seq: int, place: int) -> bool:
        """`place` from 1, among the values of the entry."""
        for first, last, *places in self.erased:
            if first <= seq <= last and (not places or place in places):
                return True
        return False


class LedgerLog:
    """Takes entries by ascending index; those in between may be absent, but the birth."""

    def __init__(self, birth: str, knows_runs: bool = True) -> None:
        """`knows_runs`: erasures are of runs whose opening and sealing it was given."""
        self.knows_runs = knows_runs
        self.erasures: list[tuple[int, dict[str, Any]]] = []
        facts = parse_body(birth)
        if facts.get("k") != "birth":
            raise FormatError("it doesn't begin with the birth of a ledger")
        self.keys = KeySet(facts)
        self.runs: dict[int, Run] = {}
        self._last = 0
        self._time: int = facts["t"]

    def take(self, index: int, root_before: bytes, body: str) -> None:
        facts = parse_body(body)
        if index <= self._last:
            raise FormatError(f"entry {index} of log 0 is out of order")
        self._last = index
        kind = facts.get("k")
        if whole(facts.get("t"), 0, "t") < self._time:
            raise FormatError(f"entry {index} of log 0: its time lies before that of the one before it")
        self._time = facts["t"]
        if kind == "key":
            self.keys.change(index, root_before, facts)
        elif kind == "opened":
            self._opened(index, facts)
        elif kind == "moved":
            obj(facts, "moved", {"k", "home", "t", "z"})
            text(facts["home"], "home", UUID)
        elif kind in ("sealed", "taken_over", "progress", "erase"):
            self._of_run(index, kind, facts)
        else:
            raise FormatError(f"entry {index} of log 0 is of a kind that isn't known")

    def _opened(self, index: int, facts: dict[str, Any]) -> None:
        obj(facts, "opened", {"k", "log", "run", "root", "t", "z"}, {"splits"})
        log, splits = whole(facts["log"], 1, "log"), whole(facts["splits"], 1, "splits") if "splits" in facts else 0
        if any(run.has(log) for run in self.runs.values()):
            raise FormatError(f"log {log} is opened twice")
        run = text(facts["run"], "run", UUID)
        self.runs[log] = Run(log, run, hash_of(facts["root"], "root"), index, facts["t"], mentioned_at=index, splits=splits)

    def _of_run(self, index: int, kind: str, facts: dict[str, Any]) -> None:
        more = {"sealed": {"size", "root"}, "progress": {"size", "root"}, "taken_over": {"epoch"}, "erase": {"values"}}
        obj(facts, kind, {"k", "log", "run", "t", "z", *more[kind]})
        if kind == "erase":
            _check_erased(facts["values"])
            self.erasures.append((index, facts))
            if not self.knows_runs:
                whole(facts["log"], 1, "log"), text(facts["run"], "run", UUID)
                return
        log = whole(facts["log"], 1, "log")
        run = self.runs.get(log)
        if kind == "erase" and run is None:
            run = next((each for each in self.runs.values() if each.has(log)), None)
        if run is None or facts["run"] != run.run:
            raise FormatError(f"entry {index} of log 0 speaks of a run that wasn't opened so")
        if (run.size != 0) != (kind == "erase"):
            raise FormatError(f"entry {index} of log 0: {kind} of run {run.run} can't be here")
        if kind == "erase":
            (run.erased if log == run.log else run.erased_in.setdefault(log, [])).extend(facts["values"])
            return
        run.mentioned_at = index
        if kind == "taken_over":
            epoch = whole(facts["epoch"], 2, "epoch")
            if epoch <= max(run.taken_over, default=1):
                raise FormatError(f"entry {index} of log 0: run {run.run} was taken over with a larger epoch before")
            run.taken_over[epoch] = facts["t"]
            return
        size, root = whole(facts["size"], 1, "size"), hash_of(facts["root"], "root")
        if size <= max(run.bound, default=0):
            raise FormatError(f"entry {index} of log 0: run {run.run} was larger before")
        run.bound[size] = Bound(root, facts["t"])
        if kind == "sealed":
            run.size, run.root, run.sealed_time = size, root, facts["t"]


def read_log(bodies: Iterable[str], roots: dict[int, bytes] | None = None, size: int = 0) -> tuple[LedgerLog, Tree]:
    """The whole log 0, with its tree. `roots` gets the root that it had with `size` entries, if it had so many."""
    tree, log = Tree(), None
    for index, body in enumerate(bodies):
        if log is None:
            log = LedgerLog(body)
        else:
            log.take(index, tree.root(), body)
        tree.append(leaf_hash(body.encode()))
        if roots is not None and tree.size == size:
            roots[size] = tree.root()
    if log is None:
        raise FormatError("the ledger's own log is empty")
    return log, tree


def _check_erased(values: Any) -> None:
    """Entries by their first and last, or places within one, from 1; in order, without overlaps."""
    behind = 0
    for part in listed(values, "values"):
        numbers = [whole(each, 0, "values") for each in listed(part, "values")]
        if len(numbers) < 2:
            raise FormatError("what was erased isn't named by first and last")
        first, last, *places = numbers
        rising = [0, *places]
        if first < behind or last < first or (places and first != last) or any(a >= b for a, b in zip(rising, rising[1:])):
            raise FormatError("what was erased isn't named in order")
        behind = last + 1
    if behind == 0:
        raise FormatError("an erasure names nothing")
