"""Entries of rows and batches (docs/ledger-format.md, section 4): read strictly, so that one text has one meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Callable, NamedTuple

from .canonical import MAX_INTEGER, Json, NotCanonical, parse

CODE = re.compile(r"[A-Z0-9_]{1,64}")
VERDICT = re.compile(r"[a-z0-9_]+")
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OK, ERROR, HELD, EXHAUSTED = 0, 1, 2, 3
FORK, EXPAND, MERGE, BATCH, JOIN = range(5)
# Of requests.
ANSWERED, FAILED, THROTTLED, RECORDED, RECORDED_FAILURE, REFUSED, RECORDED_REFUSED = range(7)
FROM_RECORD = (RECORDED, RECORDED_FAILURE, RECORDED_REFUSED)


class FormatError(Exception):
    """A text isn't what the format has."""


class Visit(NamedTuple):
    token: int
    node: int
    attempt: int
    status: int
    value_in: int
    value_out: int
    edge: int
    start: int
    duration: int
    stood: int
    error: tuple[str, int] | None

    @property
    def is_error(self) -> bool:
        return self.status in (ERROR, EXHAUSTED)


class Birth(NamedTuple):
    token: int
    group: int
    ordinal: int
    value: int
    parents: tuple[int, ...]


class Ending(NamedTuple):
    token: int
    fate: int
    node: int
    sink: int
    group: int
    error: tuple[str, int] | None


class Hold(NamedTuple):
    token: int
    node: int
    group: int
    ordinal: int
    batch: int


class Release(NamedTuple):
    token: int
    node: int
    place: int


class Opened(NamedTuple):
    group: int
    kind: int
    node: int
    expected: int


class Closed(NamedTuple):
    group: int
    verdict: str
    detail: int
    members: tuple[int, ...]


class Call(NamedTuple):
    call: int
    token: int
    node: int
    attempt: int
    ordinal: int
    service: int
    status: int
    request: int
    response: int
    start: int
    duration: int
    input: int
    output: int
    cost: int


class Intent(NamedTuple):
    token: int
    node: int
    attempt: int
    request: int
    first: int
    place: int
    rows: int


class Origin(NamedTuple):
    source: int
    index: int
    line: int
    repeats: int


@dataclass(frozen=True)
class SubjectEntry:
    kind: str
    """row or batch"""
    number: int
    time: int
    previous: int | None
    open: int
    origin: Origin | None
    births: list[Birth]
    visits: list[Visit]
    holds: list[Hold]
    releases: list[Release]
    opened: list[Opened]
    closed: list[Closed]
    timed_out: list[int]
    endings: list[Ending]
    calls: list[Call]
    intents: list[Intent]
    orders: int
    first_value: int
    commitments: list[bytes]


IDS_OF_PART = 1 << 32
"""Outside of its log, what has number N in split P is known as P · 2^32 + N."""


def entry_in(part: int, entry: SubjectEntry) -> SubjectEntry:
    """The entry with numbers as they are known outside of the log of that split; 0 changes nothing."""

    def known(number: int) -> int:
        return number and number + part * IDS_OF_PART

    def with_ids(elements: list[Any], *names: str) -> list[Any]:
        return [each._replace(**{name: known(getattr(each, name)) for name in names}) for each in elements]

    if part == 0:
        return entry
    births, closed = with_ids(entry.births, "token", "group"), with_ids(entry.closed, "group")
    return replace(
        entry,
        number=known(entry.number),
        births=[each._replace(parents=tuple(map(known, each.parents))) for each in births],
        visits=with_ids(entry.visits, "token"),
        holds=with_ids(entry.holds, "token", "group", "batch"),
        releases=with_ids(entry.releases, "token"),
        opened=with_ids(entry.opened, "group"),
        closed=[each._replace(members=tuple(map(known, each.members))) for each in closed],
        timed_out=[known(each) for each in entry.timed_out],
        endings=with_ids(entry.endings, "token", "group"),
        calls=with_ids(entry.calls, "call", "token"),
        intents=with_ids(entry.intents, "token", "first"),
    )


def whole(value: Json, least: int, what: str) -> int:
    if type(value) is not int or value < least or value > MAX_INTEGER:
        raise FormatError(f"`{what}` is not a whole number from {least}")
    return value


def number(value: Json, what: str) -> int:
    return whole(value, -MAX_INTEGER, what)


def text(value: Json, what: str, form: re.Pattern[str] | None = None) -> str:
    if not isinstance(value, str) or (form is not None and form.fullmatch(value) is None):
        raise FormatError(f"`{what}` is not a text of its form")
    return value


def hash_of(value: Json, what: str) -> bytes:
    return bytes.fromhex(text(value, what, re.compile("[0-9a-f]{64}")))


def obj(value: Json, what: str, required: set[str], optional: set[str] = frozenset()) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormatError(f"`{what}` is not an object")
    for key in value:
        if key not in required and key not in optional:
            raise FormatError(f"`{key}` isn't a key that is known in `{what}`")
    for key in required:
        if key not in value:
            raise FormatError(f"`{what}` lacks `{key}`")
    return value


def listed(value: Json, what: str) -> list[Json]:
    if not isinstance(value, list):
        raise FormatError(f"`{what}` is not a list")
    return value


def parse_body(body: str) -> dict[str, Json]:
    try:
        facts = parse(body)
    except NotCanonical as error:
        raise FormatError(str(error)) from error
    if not isinstance(facts, dict):
        raise FormatError("it is not an object")
    return facts


def commitments_of(facts: dict[str, Json]) -> tuple[int, list[bytes]]:
    """`w` and `c`; 0 and none where there is a nonce `z` instead."""
    if "c" not in facts:
        text(facts.get("z"), "z", re.compile("[0-9a-f]{32}"))
        if "w" in facts:
            raise FormatError("`w` stands without `c`")
        return 0, []
    if "z" in facts:
        raise FormatError("`z` stands beside `c`")
    found = [hash_of(each, "c") for each in listed(facts["c"], "c")]
    if not found:
        raise FormatError("`c` is empty")
    return whole(facts.get("w"), 1, "w"), found


def _numbers(value: Json, what: str, lengths: tuple[int, ...], least: tuple[int, ...]) -> list[int]:
    """A list of one of these lengths; `least` by place, 0 behind its end, −1 for any number."""
    elements = listed(value, what)
    if len(elements) not in lengths:
        raise FormatError(f"`{what}` has {len(elements)} elements")
    result = []
    for place, each in enumerate(elements):
        lower = least[place] if place < len(least) else 0
        result.append(number(each, what) if lower < 0 else whole(each, lower, what))
    return result


def _error(elements: list[Json], length: int, what: str) -> tuple[str, int] | None:
    if len(elements) == length:
        return None
    if len(elements) != length + 2:
        raise FormatError(f"`{what}` has {len(elements)} elements")
    return text(elements[length], what, CODE), whole(elements[length + 1], 1, what)


def _visit(value: Json) -> Visit:
    v = listed(value, "v")
    if not 9 <= len(v) <= 12:
        raise FormatError(f"`v` has {len(v)} elements")
    stood = 0
    if len(v) % 2 == 0:
        stood, v = whole(v[-1], 1, "v"), v[:-1]
    numbers = _numbers(v[:9], "v", (9,), (1, 1, 1, 0, 0, 0, 0, -1, 0))
    visit = Visit(*numbers, stood, _error(v, 9, "v"))
    if visit.status > EXHAUSTED or visit.is_error != (visit.error is not None):
        raise FormatError("`v` has a status that doesn't fit")
    return visit


def _birth(value: Json) -> Birth:
    n = listed(value, "n")
    if len(n) == 1:
        return Birth(whole(n[0], 1, "n"), 0, 0, 1, ())
    if len(n) < 4:
        raise FormatError("`n` has a list of one element, or of four or more")
    token, group, ordinal, born, *parents = _numbers(n, "n", (len(n),), (1, 1, 0, 1) + (1,) * (len(n) - 4))
    return Birth(token, group, ordinal, born, tuple(parents))


def _ending(value: Json) -> Ending:
    e = listed(value, "e")
    return Ending(*_numbers(e[:5], "e", (5,), (1, 1, 0, 0, 0)), _error(e, 5, "e"))


def _hold(value: Json) -> Hold:
    h = _numbers(value, "h", (4, 5), (1, 1, 0, 0, 1))
    return Hold(h[0], h[1], h[2], h[3], h[4] if len(h) == 5 else 0)


def _opened(value: Json) -> Opened:
    opened = Opened(*_numbers(value, "g", (4,), (1, 0, 1, 0)))
    if opened.kind > JOIN:
        raise FormatError("`g` has a kind that isn't known")
    return opened


def _closed(value: Json) -> Closed:
    d = listed(value, "d")
    if len(d) < 3:
        raise FormatError("`d` has a list of three elements or more")
    members = tuple(whole(each, 1, "d") for each in d[3:])
    return Closed(whole(d[0], 1, "d"), text(d[1], "d", VERDICT), whole(d[2], 0, "d"), members)


def call_of(value: Json) -> Call:
    x = _numbers(value, "x", (11, 14), (1, 0, 1, 1, 1, 1, 0, 1, 1, -1, 0))
    if len(x) == 14 and not any(x[11:]) or x[6] > RECORDED_REFUSED:
        raise FormatError("`x` is out of form")
    return Call(*x, *([0] * (14 - len(x))))


def _intent(value: Json) -> Intent:
    y = _numbers(value, "y", (4, 7), (1, 1, 1, 1, 1, 1, 1))
    return Intent(*y, *([0] * (7 - len(y))))


def _origin(value: Json) -> Origin:
    s = _numbers(value, "s", (3, 4), (1, 1, 0, 1))
    return Origin(s[0], s[1], s[2], s[3] if len(s) == 4 else 0)


_LISTS: dict[str, Callable[[Json], Any]] = {
    "n": _birth,
    "v": _visit,
    "h": _hold,
    "l": lambda value: Release(*_numbers(value, "l", (3,), (1, 1, 1))),
    "g": _opened,
    "d": _closed,
    "u": lambda value: whole(value, 1, "u"),
    "e": _ending,
    "x": call_of,
    "y": _intent,
}
_KEYS = {"b", "c", "f", "o", "p", "r", "s", "t", "w", "z", *_LISTS}


def is_of_subject(facts: dict[str, Json]) -> bool:
    return "r" in facts or "b" in facts


def subject_entry(facts: dict[str, Json]) -> SubjectEntry:
    obj(facts, "entry", {"o", "t"}, _KEYS)
    if ("r" in facts) == ("b" in facts):
        raise FormatError("its subject is neither a row nor a batch, or both")
    lists: dict[str, list[Any]] = {}
    for key, decode in _LISTS.items():
        elements = listed(facts[key], key) if key in facts else []
        if key in facts and not elements:
            raise FormatError(f"`{key}` is empty")
        lists[key] = [decode(each) for each in elements]
    first_value, commitments = commitments_of(facts)
    kind = "row" if "r" in facts else "batch"
    return SubjectEntry(
        kind=kind,
        number=whole(facts[kind[0]], 1, kind[0]),
        time=whole(facts["t"], 0, "t"),
        previous=whole(facts["p"], 0, "p") if "p" in facts else None,
        open=whole(facts["o"], 0, "o"),
        origin=_origin(facts["s"]) if "s" in facts else None,
        births=lists["n"],
        visits=lists["v"],
        holds=lists["h"],
        releases=lists["l"],
        opened=lists["g"],
        closed=lists["d"],
        timed_out=lists["u"],
        endings=lists["e"],
        calls=lists["x"],
        intents=lists["y"],
        orders=whole(facts["f"], 1, "f") if "f" in facts else 0,
        first_value=first_value,
        commitments=commitments,
    )
