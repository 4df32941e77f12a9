"""Entries of a run that are of no row and no batch (docs/ledger-format.md, section 4, "The run"): read strictly, and the values that they name."""

from __future__ import annotations

from typing import Any, Callable, Iterator, NamedTuple

from .canonical import Json
from .entries import UUID, FormatError, call_of, commitments_of, hash_of, listed, number, obj, text, whole

Form = Callable[[Json, str], Any]


def _natural(least: int) -> Form:
    return lambda value, what: whole(value, least, what)


def _one_of(*words: str) -> Form:
    def form(value: Json, what: str) -> None:
        if value not in words or not isinstance(value, str):
            raise FormatError(f"`{what}` is none of {', '.join(words)}")

    return form


def _flag(value: Json, what: str) -> None:
    if not isinstance(value, bool):
        raise FormatError(f"`{what}` is neither true nor false")


def _true(value: Json, what: str) -> None:
    if value is not True:
        raise FormatError(f"`{what}` isn't true")


def _any(value: Json, what: str) -> None:
    return None


def _map(value: Json, what: str) -> None:
    if not isinstance(value, dict):
        raise FormatError(f"`{what}` is not an object")


def _list_of(form: Form, least: int = 0) -> Form:
    def check(value: Json, what: str) -> None:
        if len(listed(value, what)) < least:
            raise FormatError(f"`{what}` is empty")
        for each in value:
            form(each, what)

    return check


def _row_of(*forms: Form) -> Form:
    """A list with these elements."""

    def check(value: Json, what: str) -> None:
        if len(listed(value, what)) != len(forms):
            raise FormatError(f"`{what}` has {len(value)} elements")
        for form, each in zip(forms, value):
            form(each, what)

    return check


def _object(required: dict[str, Form], optional: dict[str, Form] | None = None) -> Form:
    known = {**required, **(optional or {})}

    def check(value: Json, what: str) -> None:
        obj(value, what, set(required), set(known))
        for key, each in value.items():
            known[key](each, key)

    return check


def _or_null(form: Form) -> Form:
    return lambda value, what: None if value is None else form(value, what)


_VALUE = _COUNT_1 = _NODE = _natural(1)
_COUNT = _natural(0)
_HASH: Form = hash_of
_TEXT: Form = text
_UUID: Form = lambda value, what: text(value, what, UUID)
_TIME: Form = _COUNT

_PLUGINS = _list_of(_object({"kind": _TEXT, "name": _TEXT}, {"package": _TEXT, "version": _TEXT, "sha256": _HASH}))
_SORT_KEY = _object(
    {"field": _TEXT, "order": _one_of("asc", "desc"), "nulls": _one_of("first", "last")}, {"as": _one_of("number")}
)
_FIELDS = _list_of(_TEXT, 1)
_TOPOLOGY_NODE = _object(
    {"name": _TEXT, "kind": _one_of("source", "transform", "gate", "fork", "coalesce", "aggregate", "join", "sort", "sink")},
    {
        "plugin": _TEXT,
        "branches": _list_of(_TEXT),
        "policy": _TEXT,
        "per": _FIELDS,
        "keys": _object({"left": _FIELDS, "right": _FIELDS}),
        "by_value": _list_of(_COUNT, 1),
        "sort": _list_of(_SORT_KEY, 1),
        "services": _list_of(_TEXT, 1),
        "determinism": _one_of("external", "random"),
        "ordered": _true,
    },
)


def _edge(value: Json, what: str) -> None:
    edge = listed(value, what)
    if len(edge) not in (3, 4):
        raise FormatError(f"`{what}` has {len(edge)} elements")
    whole(edge[0], 1, what), text(edge[1], what), whole(edge[2], 0, what)
    if len(edge) == 4:
        _one_of("left", "right")(edge[3], what)


_TOPOLOGY = _object({"nodes": _list_of(_TOPOLOGY_NODE), "edges": _list_of(_edge)})
_NODE_VALUES = ("fields", "expressions", "options", "reads", "closes", "files", "path", "intent")
_VALUES = _object(
    {"plan": _VALUE, "folder": _VALUE, "nodes": _list_of(_object({}, {key: _VALUE for key in _NODE_VALUES}))},
    {"arguments": _VALUE},
)
_TOTALS = _object(
    {
        "rows": _object({"read": _COUNT, "ingested": _COUNT, "rejected": _COUNT}),
        "tokens": _object({"born": _COUNT, "ended": _COUNT, "open": _COUNT}),
        "groups": _COUNT,
        "batches": _list_of(_row_of(_NODE, _COUNT)),
        "endings": _list_of(_row_of(_COUNT_1, _COUNT, _COUNT_1)),
        "visits": _list_of(_row_of(_NODE, _COUNT, _COUNT, _COUNT)),
        "edges": _list_of(_row_of(_COUNT_1, _COUNT)),
    },
    {
        "calls": _object(
            {
                key: _COUNT
                for key in ("count", "error", "throttled", "recorded", "input_tokens", "output_tokens", "cost_nusd")
            }
        ),
        "failures": _list_of(_row_of(_NODE, _COUNT, _COUNT), 1),
    },
)
_CURSOR = _object({"source": _NODE, "records": _COUNT, "done": _flag}, {"bytes": _COUNT, "position": _VALUE, "hash": _VALUE})
_RECEIPT = _object({"sink": _NODE, "rows": _COUNT, "bytes": _COUNT}, {"hash": _VALUE, "state": _VALUE})
_ARTIFACT = _object(
    {"sink": _NODE, "rows": _COUNT, "bytes": _COUNT}, {"files": _COUNT, "paths": _VALUE, "contents": _VALUE}
)


def _line(value: Json, what: str) -> None:
    for member in listed(value, what):
        _member(member, what)


def _member(value: Json, what: str) -> None:
    if isinstance(value, list):
        _row_of(_COUNT_1, _NODE, _COUNT)(value, what)
    else:
        whole(value, 1, what)


def _moved_in(value: Json, what: str) -> None:
    behind, *members = listed(value, what) or [None]
    if behind != 0 or isinstance(behind, bool):
        _member(behind, what)
    if not members:
        raise FormatError(f"`{what}` moves nothing")
    _line(members, what)


def _source_call(value: Json, what: str) -> None:
    if call_of(value).token:
        raise FormatError(f"`{what}` is a call of a row")


_HEAD = _object({"size": _COUNT, "root": _HASH})
_SUBJECTS = _object({key: _HEAD for key in ("rows", "batches")})
_RANGE = _object(
    {"part": _COUNT_1, "before": _COUNT, "records": _COUNT, "line": _COUNT, "bytes": _COUNT}, {"files": _COUNT}
)
_JUMPS = _list_of(_row_of(_TIME, _TIME), 1)
_FORMS: dict[str, tuple[dict[str, Form], dict[str, Form]]] = {
    "open": (
        {
            "format": _COUNT_1,
            "run": _UUID,
            "name": _TEXT,
            "plan_hash": _HASH,
            "topology": _TOPOLOGY,
            "custody": _TEXT,
            "plugins": _PLUGINS,
            "values": _VALUES,
        },
        {
            "replays": _UUID,
            "reruns": _object({"run": _UUID, "root": _HASH}),
            "files": _list_of(_object({"source": _NODE, "count": _COUNT}), 1),
            "retention_us": _COUNT_1,
            "splits": _COUNT_1,
        },
    ),
    "commit": (
        {
            "commit": _COUNT_1,
            "cursors": _list_of(_CURSOR),
            "receipts": _list_of(_RECEIPT),
            "totals": _TOTALS,
            "open": _object({"count": _COUNT, "hash": _HASH}),
        },
        {
            "at_risk": _VALUE,
            "line": _line,
            "moved": _object({"in": _list_of(_moved_in), "out": _line}),
            "jumps": _JUMPS,
            "tiles": _list_of(_row_of(_natural(1), _COUNT, _HASH), 1),
        },
    ),
    "stop": ({"status": _one_of("failed", "cancelled"), "reason": _TEXT}, {"error": _VALUE, "jumps": _JUMPS}),
    "resume": ({"epoch": _natural(2), "cut": _list_of(_NODE)}, {"plugins": _PLUGINS}),
    "file": (
        {
            **{key: _COUNT for key in ("records", "bytes")},
            **{key: _VALUE for key in ("source", "file", "from", "name", "position", "hash")},
            "done": _flag,
        },
        {},
    ),
    "calls": ({"from": _COUNT_1, "x": _list_of(_source_call, 1)}, {}),
    "publish": ({"artifacts": _list_of(_ARTIFACT)}, {}),
    "seal": (
        {
            "status": _one_of("completed", "completed_with_failures", "empty", "abandoned"),
            "totals": _TOTALS,
            "subjects": _SUBJECTS,
        },
        {"parts": _HEAD, "digest": _VALUE},
    ),
    "cut": (
        {"source": _NODE, "ranges": _list_of(_RANGE)},
        {
            **{"whole": _COUNT_1, "positions": _VALUE, "hashes": _VALUE, "input": _VALUE},
            "dealt": _object({"by": _TEXT, "epoch": _COUNT_1, "bytes": _COUNT}),
        },
    ),
    "parts": ({"heads": _list_of(_object({"part": _COUNT_1, "size": _COUNT_1, "root": _HASH}), 1)}, {}),
    "part": ({"run": _UUID, "part": _COUNT_1, "opening": _HASH}, {}),
    "close": ({"totals": _TOTALS, "subjects": _SUBJECTS, "size": _COUNT_1, "root": _HASH}, {"digest": _VALUE}),
}
_COMMON = {"k", "c", "w", "z", "t"}

_CONTENT = _object({"rows": _COUNT, "bytes": _COUNT, "sha256": _HASH})
_READ = _object({"path": _TEXT, "bytes": _COUNT, "sha256": _HASH})
_VALUE_FORMS: dict[str, Form] = {
    "plan": _object({"text": _TEXT, "file": _TEXT}),
    "folder": _TEXT,
    "arguments": _object(
        {},
        {
            "set": _list_of(_TEXT),
            "limit": _COUNT,
            "rerun": _object({"where": _or_null(_TEXT), "include_written": _flag, "fresh": _flag}),
        },
    ),
    "fields": _list_of(_object({"name": _TEXT, "schema": _any, "optional": _flag})),
    "expressions": _list_of(
        _object({"for": _TEXT, "source": _TEXT, "reads": _list_of(_list_of(_TEXT))}, {"sees": _object({"fields": _map}, {"rest": _any})})
    ),
    "options": _any,
    "reads": _list_of(_READ),
    "closes": _any,
    "files": _list_of(_TEXT),
    "path": _object({"path": _or_null(_TEXT), "staged": _or_null(_TEXT)}),
    "intent": _object(
        {
            "mode": _TEXT,
            "prior_bytes": _COUNT,
            "prior_sha256": _or_null(_HASH),
            "replaced": _or_null(_object({"bytes": _COUNT, "sha256": _HASH})),
        },
        {"by_value": _true},
    ),
    "position": _any,
    "hash": _HASH,
    "state": _any,
    "at_risk": _COUNT,
    "name": _TEXT,
    "request": _any,
    "response": _any,
    "paths": _list_of(_TEXT),
    "positions": _list_of(_object({"from": _any, "to": _any})),
    "hashes": _list_of(
        _object({"sha256": _HASH}, {"files": _list_of(_object({"records": _COUNT, "bytes": _COUNT, "sha256": _HASH}))})
    ),
    "input": _object({"position": _any, "sha256": _or_null(_HASH), "names": _any}),
    "contents": _list_of(_CONTENT),
    "error": _object({"code": _TEXT, "message": _TEXT}, {"node": _TEXT}),
    "digest": _HASH,
}


VALUES_OF_KINDS = {
    "fields": {"source"},
    "files": {"source"},
    "reads": {"transform", "gate", "aggregate", "sink"},
    "closes": {"coalesce", "aggregate"},
    "path": {"sink"},
    "intent": {"sink"},
}
"""Kinds of nodes that may have such a value; any may have the others."""


class Named(NamedTuple):
    """A value that an entry of the run names: under which key, of which node (0: of the run), and its number."""

    key: str
    node: int
    number: int


def run_entry(facts: dict[str, Json]) -> tuple[int, list[bytes]]:
    """Checks the form; number of the first value, and the commitments."""
    kind = facts.get("k")
    if not isinstance(kind, str) or kind not in _FORMS:
        raise FormatError(f"an entry of the run is none of kind {kind}")
    required, optional = _FORMS[kind]
    obj(facts, kind, {"k", "t", *required}, {*optional, *_COMMON})
    number(facts["t"], "t"), whole(facts["t"], 0, "t")
    for key, value in facts.items():
        if key not in _COMMON:
            (required.get(key) or optional[key])(value, key)
    if kind == "commit" and "line" in facts and "moved" in facts:
        raise FormatError("a commit says its line, and what moved")
    return commitments_of(facts)


def fits_its_key(key: str, value: Json) -> bool:
    """`key`: as in `Named`; nothing fits where there is no such key."""
    try:
        _VALUE_FORMS[key](value, key)
    except (FormatError, KeyError):
        return False
    return True


def values_named(facts: dict[str, Json]) -> Iterator[Named]:
    kind = facts["k"]
    if kind == "open":
        for key in ("plan", "folder", "arguments"):
            if key in facts["values"]:
                yield Named(key, 0, facts["values"][key])
        for node, numbers in enumerate(facts["values"]["nodes"], 1):
            yield from (Named(key, node, each) for key, each in numbers.items())
    elif kind == "commit":
        if "at_risk" in facts:
            yield Named("at_risk", 0, facts["at_risk"])
        for list_of, of, keys in (("cursors", "source", ("position", "hash")), ("receipts", "sink", ("hash", "state"))):
            for each in facts[list_of]:
                yield from (Named(key, each[of], each[key]) for key in keys if key in each)
    elif kind == "stop" and "error" in facts:
        yield Named("error", 0, facts["error"])
    elif kind in ("seal", "close") and "digest" in facts:
        yield Named("digest", 0, facts["digest"])
    elif kind == "cut":
        yield from (Named(key, facts["source"], facts[key]) for key in ("positions", "hashes", "input") if key in facts)
    elif kind == "file":
        yield from (Named(key, facts["source"], facts[key]) for key in ("name", "position", "hash"))
    elif kind == "calls":
        for call in map(call_of, facts["x"]):
            yield from (Named(key, call.node, each) for key, each in (("request", call.request), ("response", call.response)))
    elif kind == "publish":
        for each in facts["artifacts"]:
            yield from (Named(key, each["sink"], each[key]) for key in ("paths", "contents") if key in each)
