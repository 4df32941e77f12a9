"""The totals of a run, counted again from its entries (docs/ledger-format.md, section 4, `totals`)."""

from __future__ import annotations

from collections import Counter
from typing import Any, Iterable

from .entries import FAILED, FROM_RECORD, HELD, OK, THROTTLED, BATCH, Call, SubjectEntry
from .outcomes import FATES
from .topology import Topology


class Totals:
    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.rows = self.rejected = self.born = self.ended = self.groups = 0
        self.read_of: Counter[int] = Counter()
        self.failures = 0
        self._batches: Counter[int] = Counter()
        self.endings: Counter[tuple[int, int]] = Counter()
        self._visits: Counter[tuple[int, int]] = Counter()
        self._held: dict[int, int] = {}
        self._edges: Counter[int] = Counter()
        self._node_of: dict[int, int] = {}
        """By group."""
        self._calls: Counter[str] = Counter()
        self._rejected_of: Counter[int] = Counter()
        self._failed_of: Counter[int] = Counter()
        self._failed_rows: dict[int, int] = {}
        """Rows that are under way and had an ending in failure."""

    def take(self, entry: SubjectEntry, source: int) -> None:
        """`source`: that of the row."""
        ways = self.topology
        if entry.kind == "row" and entry.origin is not None:
            self.rows += 1
            self.read_of[entry.origin.source] += 1
        self.born += len(entry.births)
        self.groups += len(entry.opened)
        for opened in entry.opened:
            if opened.kind == BATCH:
                self._batches[opened.node] += 1
            self._node_of[opened.group] = opened.node
        for birth in entry.births:
            if birth.group:
                self._edges[ways.birth_edge(self._node_of.get(birth.group, 0), birth.ordinal)] += 1
        for visit in entry.visits:
            if visit.status == HELD:
                self._held[visit.token] = visit.node
            else:
                self._held.pop(visit.token, None)
                self._visits[visit.node, visit.status == OK] += 1
            if visit.edge:
                self._edges[visit.edge] += 1
            if visit.is_error and ways.kind(visit.node) == "source":
                self.rejected += 1
                self._rejected_of[visit.node] += 1
        self._end(entry, source)
        self.called(entry.calls)

    def called(self, made: Iterable[Call]) -> None:
        for call in made:
            calls = self._calls
            calls["count"] += 1
            calls["error"] += call.status == FAILED
            calls["throttled"] += call.status == THROTTLED
            calls["recorded"] += call.status in FROM_RECORD
            calls["input_tokens"] += call.input
            calls["output_tokens"] += call.output
            calls["cost_nusd"] += call.cost

    def _end(self, entry: SubjectEntry, source: int) -> None:
        for ending in entry.endings:
            self.ended += 1
            self._held.pop(ending.token, None)
            self.endings[ending.fate, ending.sink] += 1
            fate = FATES.get(ending.fate)
            if fate is None or not fate.is_failure:
                continue
            self.failures += 1
            if entry.kind == "row" and entry.number not in self._failed_rows:
                self._failed_rows[entry.number] = source
                self._failed_of[source] += 1

    def add(self, other: Totals) -> None:
        """What a split has come to, which is over."""
        for name in ("rows", "rejected", "born", "ended", "groups", "failures"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("read_of", "_batches", "endings", "_visits", "_edges", "_calls", "_rejected_of", "_failed_of"):
            getattr(self, name).update(getattr(other, name))

    def forget(self, row: int) -> None:
        """The row is over."""
        self._failed_rows.pop(row, None)

    def written_to(self, sink: int) -> int:
        return sum(count for (_, into), count in self.endings.items() if into == sink)

    def json(self) -> dict[str, Any]:
        nodes = range(1, len(self.topology.nodes) + 1)
        held = Counter(self._held.values())
        sources = sorted({*self._rejected_of, *self._failed_of})
        return {
            "rows": {"read": self.rows, "ingested": self.rows - self.rejected, "rejected": self.rejected},
            "tokens": {"born": self.born, "ended": self.ended, "open": self.born - self.ended},
            "groups": self.groups,
            "batches": [[node, count] for node, count in sorted(self._batches.items())],
            "endings": [[fate, sink, count] for (fate, sink), count in sorted(self.endings.items())],
            "visits": [[node, self._visits[node, True], self._visits[node, False], held[node]] for node in nodes],
            "edges": [[edge, self._edges[edge]] for edge in range(1, len(self.topology.edges) + 1)],
            **({"calls": dict(self._all_calls())} if self._calls else {}),
            **({"failures": [[s, self._rejected_of[s], self._failed_of[s]] for s in sources]} if sources else {}),
        }

    def _all_calls(self) -> list[tuple[str, int]]:
        names = ("count", "error", "throttled", "recorded", "input_tokens", "output_tokens", "cost_nusd")
        return [(name, self._calls[name]) for name in names]
