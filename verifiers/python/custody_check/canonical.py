"""Canonical JSON (RFC 8785) as the ledger has it: one value has one text, and any other text is refused.

A value is None, a bool, a str, an int within ±(2^53 − 1), a float, a list or a dict.
"""

from __future__ import annotations

import json
import math
from typing import Any

Json = Any

MAX_DEPTH = 200
MAX_INTEGER = 2**53 - 1


class NotCanonical(Exception):
    """The text isn't strict JSON, or isn't its own canonical re-encoding."""


def parse(text: str) -> Json:
    """The value of a text that equals its own canonical text."""
    if _depth(text) > MAX_DEPTH:
        raise NotCanonical(f"it is nested deeper than {MAX_DEPTH}")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)
    except ValueError as error:
        raise NotCanonical(f"it is not strict JSON: {error}") from error
    if canonical(value) != text:
        raise NotCanonical("it is not its own canonical re-encoding")
    return value


def canonical(value: Json) -> str:
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise NotCanonical(f"{value} isn't exact in a double")
        return str(value)
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        # By UTF-16 code units: which is not the order of code points.
        fields = sorted(value.items(), key=lambda each: each[0].encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_text(key)}:{canonical(each)}" for key, each in fields) + "}"
    raise NotCanonical(f"{value!r} is no JSON")


def number_text(number: float) -> str:
    """ECMAScript's Number::toString, which RFC 8785 (3.2.2.3) prescribes: the shortest digits that give the double again."""
    if not math.isfinite(number):
        raise NotCanonical(f"{number} is no JSON")
    if number == 0:
        return "0"
    if number < 0:
        return "-" + number_text(-number)
    # Python's repr has the same shortest digits, in another notation.
    mantissa, _, exponent = repr(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    if fraction == "0":
        fraction = ""
    leading = (whole + fraction).lstrip("0")
    # The value is 0.DIGITS × 10^point.
    point = len(whole) + int(exponent or "0") - (len(whole + fraction) - len(leading))
    digits = leading.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    sign = "+" if point > 0 else "-"
    return f"{digits[0]}{'.' + digits[1:] if count > 1 else ''}e{sign}{abs(point - 1)}"


_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def _text(text: str) -> str:
    parts = []
    for char in text:
        if char in _ESCAPES:
            parts.append(_ESCAPES[char])
        elif char < " ":
            parts.append(f"\\u{ord(char):04x}")
        elif "\ud800" <= char <= "\udfff":
            raise NotCanonical("it has half of a surrogate pair")
        else:
            parts.append(char)
    return '"' + "".join(parts) + '"'


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("an object has a key twice")
    return fields


def _integer(digits: str) -> int | float:
    # Longer ones are no double's canonical text; Python itself refuses very long ones.
    if len(digits) > 22:
        raise ValueError("a number has too many digits")
    number = int(digits)
    return number if abs(number) <= MAX_INTEGER else float(number)


def _constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


def _depth(text: str) -> int:
    """How deep brackets are nested outside of strings; found without recursion, before the parser recurses."""
    depth = deepest = 0
    inside = escaped = False
    for char in text:
        if inside:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                inside = False
        elif char == '"':
            inside = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest
