"""Which rows belong together and which stand before others, as their values say: joins, batches with a key, and sorts (docs/ledger-format.md,
section 4, and docs/pipeline-file.md, "Joins" and "Sorts"). Rows whose values aren't there are passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Iterator, Mapping

from .canonical import canonical, number_text
from .entries import HELD, OK, SubjectEntry
from .topology import Topology

Values = Mapping[int, Any]
"""Of a subject, by number."""
_ABSENT = object()
_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,9}))?")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?")

Key = tuple
"""One element for each field."""


@dataclass
class _Join:
    keys: dict[int, dict[str, Key | None] | None] = field(default_factory=dict)
    """By token, should it be a left or a right one. A key with a null matches nothing; None if the row isn't there."""
    joined: dict[Key, int] = field(default_factory=dict)
    """With how many right rows each left one with the key was joined."""
    alone: dict[str, set[Key]] = field(default_factory=lambda: {"left": set(), "right": set()})
    """Keys of rows that left as unmatched."""


@dataclass
class _Sort:
    place: int = 0
    """How many it has passed on."""
    early: dict[int, tuple[list[Any] | None, int, int]] = field(default_factory=dict)
    """By place, what entries of a commit say in another order: key (None if it isn't there), ordinal, token."""
    last: tuple[list[Any], int] | None = None
    """The last one whose key is there, with its ordinal."""


class RowKeys:
    def __init__(self, topology: Topology) -> None:
        self._nodes = topology.nodes
        self._joins: dict[int, _Join] = {}
        self._sorts: dict[int, _Sort] = {}
        self._ordinals: dict[tuple[int, int], int] = {}
        """Of tokens that sorts hold."""
        self._batches: dict[int, Key | None] = {}
        """Keys of those that are open, or have closed in this commit; None if it isn't there."""
        self._begin_commit()

    def _begin_commit(self) -> None:
        self._held: list[tuple[int, int, Key]] = []
        self._pairs: list[tuple[int, int, list[int]]] = []
        self._unmatched: list[tuple[int, int, str]] = []
        self._closed: list[int] = []

    def take(self, entry: SubjectEntry, values: Values, ways: Topology) -> Iterator[str]:
        """The next entry, when its values are known."""
        self._batch(entry, values)
        entered = {(v.token, v.node): values.get(v.value_in, _ABSENT) for v in entry.visits}
        for visit in entry.visits:
            fields = self._of(visit.node, "keys")
            if fields is None:
                continue
            if visit.status == HELD:
                row = entered[visit.token, visit.node]
                both = {side: self._key(visit.node, fields[side], row) for side in ("left", "right")}
                self._join(visit.node).keys[visit.token] = None if row is _ABSENT else both
            elif visit.status == OK and ways.label(visit.edge) in ("left", "right"):
                self._unmatched.append((visit.node, visit.token, ways.label(visit.edge)))
        for opened in entry.opened:
            born = [birth.parents for birth in entry.births if birth.group == opened.group and len(birth.parents) == 2]
            if born and self._of(opened.node, "keys") is not None:
                self._pairs.append((opened.node, born[0][0], [right for _, right in born]))
        for hold in entry.holds:
            per, row = self._of(hold.node, "per"), entered.get((hold.token, hold.node), _ABSENT)
            if per is not None and row is not _ABSENT:
                self._held.append((hold.token, hold.batch, self._fields(hold.node, per, row)))
            if self._of(hold.node, "sort") is not None:
                self._ordinals[hold.token, hold.node] = hold.ordinal
        for release in entry.releases:
            keys = self._of(release.node, "sort")
            if keys is None:
                continue
            row, ordinal = entered.get((release.token, release.node), _ABSENT), self._ordinals.pop((release.token, release.node), 0)
            key = None if row is _ABSENT else [_field(row, each["field"]) for each in keys]
            sort = self._sorts.setdefault(release.node, _Sort())
            sort.early[release.place] = (key, ordinal, release.token)
            yield from self._passed(sort, keys, ways.name(release.node))

    def _batch(self, entry: SubjectEntry, values: Values) -> None:
        if entry.kind != "batch":
            return
        for opened in entry.opened:
            per = self._of(opened.node, "per")
            if per is not None:
                key = values.get(1, _ABSENT)
                self._batches[entry.number] = None if key is _ABSENT else self._fields(opened.node, per, key)
        if entry.closed:
            self._closed.append(entry.number)

    def commit(self) -> Iterator[str]:
        """All entries of the commit are in."""
        for token, batch, key in self._held:
            if self._batches.get(batch) not in (None, key):
                yield f"token {token} is held in batch {batch}, whose key is another"
        for batch in self._closed:
            self._batches.pop(batch, None)
        for node, left, rights in self._pairs:
            yield from self._joined(self._join(node), left, rights)
        for node, token, side in self._unmatched:
            yield from self._left_alone(self._join(node), token, side)
        self._begin_commit()

    def _joined(self, join: _Join, left: int, rights: list[int]) -> Iterator[str]:
        own = join.keys.pop(left, None)
        others = [join.keys.get(right) for right in rights]
        if own is None or any(each is None for each in others):
            return
        key = own["left"]
        if key is None or any(each is not None and each["right"] != key for each in others):
            yield f"token {left} is joined with one whose key is another"
            return
        if join.joined.setdefault(key, len(rights)) != len(rights):
            yield f"token {left} is joined with {len(rights)} rows, and another with its key with {join.joined[key]}"
        if any(key in keys for keys in join.alone.values()):
            yield f"token {left} is joined, and a row with its key has left as unmatched"

    @staticmethod
    def _left_alone(join: _Join, token: int, side: str) -> Iterator[str]:
        own = join.keys.pop(token, None)
        key = own[side] if own is not None else None
        if key is None:
            return
        if key in join.joined or key in join.alone["right" if side == "left" else "left"]:
            yield f"token {token} leaves as unmatched, and another row has its key"
        join.alone[side].add(key)

    @staticmethod
    def _passed(sort: _Sort, keys: list[dict[str, Any]], name: str) -> Iterator[str]:
        while sort.place + 1 in sort.early:
            sort.place += 1
            key, ordinal, token = sort.early.pop(sort.place)
            if key is None:
                continue
            if sort.last is not None and not _stands(keys, sort.last, (key, ordinal)):
                yield f"token {token} was passed on by {name} in place {sort.place}, and by its key stands before the one before it"
            sort.last = (key, ordinal)

    def _of(self, node: int, key: str) -> Any:
        return self._nodes[node - 1].get(key) if 1 <= node <= len(self._nodes) else None

    def _join(self, node: int) -> _Join:
        return self._joins.setdefault(node, _Join())

    def _fields(self, node: int, fields: list[str], row: Any) -> Key:
        by_value = self._of(node, "by_value") or []
        return tuple(_comparable(_field(row, each), i in by_value) for i, each in enumerate(fields))

    def _key(self, node: int, fields: list[str], row: Any) -> Key | None:
        """None if a field is missing or null: then it matches nothing."""
        return None if any(_field(row, each) is None for each in fields) else self._fields(node, fields, row)


def _field(row: Any, name: str) -> Any:
    return row.get(name) if isinstance(row, dict) else None


def _comparable(value: Any, by_value: bool) -> object:
    """Equal for what is the same in a key."""
    match = _DECIMAL.fullmatch(value) if by_value and isinstance(value, str) else None
    if match is None:
        return canonical(value)
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4] or "0")
    digits = (whole + fraction).lstrip("0")
    power = exponent - len(fraction) + len(digits) - len(digits.rstrip("0"))
    digits = digits.rstrip("0")
    return (sign, digits, power) if digits else ("", "", 0)


def _stands(keys: list[dict[str, Any]], one: tuple[list[Any], int], other: tuple[list[Any], int]) -> bool:
    """Whether one row stands before another."""
    for key, left, right in zip(keys, one[0], other[0]):
        if left is None or right is None:
            by = (left is None) - (right is None)
            by = by if key["nulls"] == "last" else -by
        else:
            a, b = _ranked(left, "as" in key), _ranked(right, "as" in key)
            by = (a > b) - (a < b)
            by = by if key["order"] == "asc" else -by
        if by != 0:
            return by < 0
    return one[1] < other[1]


def _ranked(value: Any, as_number: bool) -> tuple[int, Any]:
    """Values of several types: booleans, numbers, texts, lists, maps."""
    if isinstance(value, bool):
        return 1, value
    if isinstance(value, (int, float)):
        return 2, Decimal(number_text(value) if isinstance(value, float) else value)
    if isinstance(value, str):
        return (2, Decimal(value)) if as_number and _NUMBER.fullmatch(value) else (3, value)
    return 4 if isinstance(value, list) else 5, canonical(value)
