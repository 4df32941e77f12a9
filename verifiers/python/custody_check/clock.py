"""When the clock of a run stood still: while it was down, and where the time of day jumped (docs/ledger-format.md, section 4, `jumps` and `stood`)."""

from __future__ import annotations

from typing import Any, Iterator

from .entries import SubjectEntry, Visit


class Clock:
    def __init__(self) -> None:
        self._stood: list[tuple[int, int]] = []
        """From when to when, in order."""
        self._until = 0
        """The end of the last of these."""
        self._previous = 0
        """When the run's own entry before was, those aside that stand before the commit that they belong to."""
        self._visits: list[tuple[int, Visit, int]] = []
        """Of the commit that is read: the entry, the visit, and when that began."""

    def take(self, seq: int, entry: SubjectEntry) -> None:
        self._visits += [(seq, visit, entry.time + visit.start) for visit in entry.visits]

    def run(self, facts: dict[str, Any]) -> Iterator[str]:
        """An entry of the run itself."""
        kind, time = facts["k"], facts["t"]
        if kind in ("publish", "file", "calls"):
            return
        if kind == "resume":
            self._stand(self._previous, time)
        for start, end in facts.get("jumps", []):
            if start < max(self._previous, self._until) or end <= start or end > time:
                yield f"the clock can't have jumped from {start} to {end}"
            self._stand(start, end)
        self._previous = time
        for seq, visit, began in self._visits:
            stood = self._within(began, began + visit.duration + visit.stood)
            if stood != visit.stood:
                yield f"entry {seq} says that the clock stood still for {visit.stood} µs of a visit of token {visit.token}, and it did for {stood} µs"
        self._visits.clear()

    def _stand(self, start: int, end: int) -> None:
        self._stood.append((start, end))
        self._until = max(self._until, end)

    def _within(self, start: int, end: int) -> int:
        if start >= self._until:
            return 0
        return sum(max(0, min(to, end) - max(since, start)) for since, to in self._stood)
