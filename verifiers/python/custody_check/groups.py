"""What ties tokens of several rows together, batches, joins and sorts, and numbers that count across a run (docs/ledger-format.md, section 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterator

from .entries import BATCH, HELD, JOIN, MERGE, OK, Closed, Hold, Opened, SubjectEntry
from .topology import Topology

IN_BATCH, IN_JOIN, BATCH_FAILED = 23, 24, 9
"""Fates."""


class Dense:
    """Numbers from 1, each once, in any order within a commit."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.next = 1
        self._ahead: set[int] = set()

    def take(self, number: int) -> Iterator[str]:
        if number < self.next or number in self._ahead:
            yield f"{self.what} {number} is there twice"
        self._ahead.add(number)
        while self.next in self._ahead:
            self._ahead.remove(self.next)
            self.next += 1

    def gaps(self) -> Iterator[str]:
        if self._ahead:
            yield f"there is no {self.what} {self.next}, and there are ones behind it"
            self._ahead.clear()


@dataclass
class _Group:
    opened: Opened
    batch: int
    """The batch that it is, or 0."""
    held: dict[int, int] = field(default_factory=dict)
    """Tokens by their ordinals."""


@dataclass
class _Place:
    """A join or a sort: how many came there, and how many a sort has passed on."""

    came: Dense
    released: Dense


class Groups:
    """Takes the entries of rows and batches; what only a commit as a whole shows is said at its end."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._numbers = {name: Dense(name) for name in ("token", "group", "call")}
        self._open: dict[int, _Group] = {}
        self._places: dict[int, _Place] = {}
        self._batches_of: dict[int, int] = {}
        self._in_join: dict[int, int] = {}
        """Right tokens, by the first group that had them."""
        self._begin_commit()

    def _begin_commit(self) -> None:
        self._entries: list[SubjectEntry] = []
        self._ended: dict[int, tuple[int, int]] = {}
        self._passed: set[int] = set()
        """Tokens with a visit that isn't held."""

    def take(self, entry: SubjectEntry) -> Iterator[str]:
        for birth in entry.births:
            yield from self._numbers["token"].take(birth.token)
        for call in entry.calls:
            yield from self._numbers["call"].take(call.call)
        for opened in entry.opened:
            yield from self._numbers["group"].take(opened.group)
            self._open.setdefault(opened.group, _Group(opened, entry.number if opened.kind == BATCH else 0))
        if entry.kind == "batch" and entry.origin is not None:
            node, which = entry.origin.source, entry.origin.index
            expected = self._batches_of.get(node, 0) + 1
            if self.topology.kind(node) != "aggregate" or (which, entry.origin.line) != (expected, 0):
                yield f"batch {entry.number} is said to be batch {which} of {self.topology.name(node)}"
            self._batches_of[node] = which
        held = {visit.token for visit in entry.visits if visit.status == HELD}
        yield from (f"token {h.token} is held, and no visit of it is" for h in entry.holds if h.token not in held)
        passed = {v.token for v in entry.visits if v.status == OK and self.topology.kind(v.node) == "sort"}
        if passed != {release.token for release in entry.releases}:
            yield "a sort passes something on, and no visit says so, or the other way round"
        self._passed |= {visit.token for visit in entry.visits if visit.status != HELD}
        self._ended.update({each.token: (each.fate, each.group) for each in entry.endings})
        self._entries.append(entry)

    def called(self, number: int) -> Iterator[str]:
        """A source's call has a number among those of all calls."""
        yield from self._numbers["call"].take(number)

    def commit(self) -> Iterator[str]:
        """All of the commit is there."""
        for entry in self._entries:
            for hold in entry.holds:
                yield from self._hold(hold)
        for entry in self._entries:
            for release in entry.releases:
                yield from self._place(release.node).released.take(release.place)
        members: dict[int, set[int]] = {}
        for entry in self._entries:
            for each in entry.closed:
                members[each.group] = set(each.members)
                yield from self._close(each)
        for token, (fate, group) in self._ended.items():
            first = group if fate in (IN_BATCH, BATCH_FAILED) else self._in_join.get(token, group)
            if fate in (IN_BATCH, IN_JOIN, BATCH_FAILED) and (first != group or token not in members.get(group, ())):
                yield f"token {token} ends with group {group}, which doesn't have it, or doesn't close with it"
        for numbers in self._numbers.values():
            yield from numbers.gaps()
        for place in self._places.values():
            yield from place.came.gaps()
            yield from place.released.gaps()
        self._begin_commit()

    def _place(self, node: int) -> _Place:
        name = self.topology.name(node)
        made = _Place(Dense(f"arrival at {name}"), Dense(f"release of {name}"))
        return self._places.setdefault(node, made)

    def _hold(self, hold: Hold) -> Iterator[str]:
        kind, at = self.topology.kind(hold.node), f"token {hold.token} at {self.topology.name(hold.node)}"
        if kind in ("join", "sort"):
            if hold.group or hold.batch:
                yield f"{at}: it is held for a group, where there is none"
            place = self._place(hold.node)
            if kind == "sort" and place.released.next > 1:
                yield f"{at}: it comes after the sort has passed on others"
            yield from place.came.take(hold.ordinal + 1)
            return
        group = self._open.get(hold.group)
        if group is None or group.opened.node != hold.node or group.batch != hold.batch:
            yield f"{at}: it is held for group {hold.group}, which isn't open there"
            return
        if hold.ordinal in group.held:
            yield f"{at}: place {hold.ordinal} of group {hold.group} is taken"
        group.held[hold.ordinal] = hold.token

    def _close(self, closed: Closed) -> Iterator[str]:
        group = self._open.pop(closed.group, None)
        if group is None:
            yield f"group {closed.group} closes, and isn't open"
            return
        kind, name = group.opened.kind, f"group {closed.group}"
        if kind in (MERGE, BATCH):
            held = [group.held[ordinal] for ordinal in sorted(group.held)]
            # The one that came last to a merge may have closed it, without being held.
            came, last = list(closed.members[: len(held)]), closed.members[len(held) :]
            if sorted(group.held) != list(range(len(held))) or came != held or len(last) > (kind == MERGE):
                yield f"{name} has other members than were held for it"
        elif kind == JOIN:
            yield from self._joined(closed)
        elif closed.members:
            yield f"{name} lists members, and has children"
        for member in closed.members:
            if member not in self._passed and member not in self._ended:
                yield f"token {member} is a member of {name}, which closes without it"

    def _joined(self, closed: Closed) -> Iterator[str]:
        for member in closed.members:
            if member in self._in_join:
                yield f"token {member} is a member of group {closed.group}, and of one before"
            self._in_join[member] = closed.group
            if self._ended.get(member) != (IN_JOIN, closed.group):
                yield f"token {member} is a member of group {closed.group}, and doesn't end with it"

    def end(self) -> Iterator[str]:
        """The run is sealed."""
        yield from (f"group {number} never closed" for number in self._open)
