"""DER (X.690): one value has one spelling, but for members of sets, which may stand in any order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fractions import Fraction
import re

BOOLEAN, INTEGER, BITS, OCTETS, OID = 0x01, 0x02, 0x03, 0x04, 0x06
UTF8, PRINTABLE, IA5, UTC_TIME, TIME, SEQUENCE, SET = 0x0C, 0x13, 0x16, 0x17, 0x18, 0x30, 0x31
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class DerError(Exception):
    """It isn't DER, or isn't what it should be."""


def context(number: int, constructed: bool = True) -> int:
    return 0x80 | number | (0x20 if constructed else 0)


@dataclass(frozen=True)
class Value:
    tag: int
    content: bytes
    der: bytes
    """With its head."""

    def of(self, tag: int) -> "Value":
        if self.tag != tag:
            raise DerError(f"there is a {self.tag:#x}, where a {tag:#x} should be")
        return self

    def members(self) -> list["Value"]:
        found, at = [], 0
        while at < len(self.content):
            value, at = _read(self.content, at)
            found.append(value)
        return found

    def inner(self) -> "Value":
        """The one within an explicit tag."""
        found = self.members()
        if len(found) != 1:
            raise DerError("there should be one value")
        return found[0]

    def number(self) -> int:
        data = self.of(INTEGER).content
        if not data or (len(data) > 1 and data[0] in (0, 0xFF) and (data[0] == 0xFF) == (data[1] >= 0x80)):
            raise DerError("a number isn't in its shortest spelling")
        return int.from_bytes(data, "big", signed=True)

    def natural(self) -> int:
        found = self.number()
        if found < 0:
            raise DerError("a number is negative")
        return found

    def flag(self) -> bool:
        if self.of(BOOLEAN).content != b"\xff":
            raise DerError("a flag isn't true, which alone is written")
        return True

    def oid(self) -> str:
        data = self.of(OID).content
        if not data or data[-1] & 0x80:
            raise DerError("an object identifier is cut")
        numbers, value, fresh = [], 0, True
        for byte in data:
            if fresh and byte == 0x80:
                raise DerError("an object identifier isn't in its shortest spelling")
            value, fresh = value << 7 | byte & 0x7F, byte < 0x80
            if fresh:
                numbers.append(value)
                value = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))

    def bits(self) -> bytes:
        """Whole bytes."""
        if not self.of(BITS).content or self.content[0] != 0:
            raise DerError("bits aren't whole bytes")
        return self.content[1:]

    def named_bits(self) -> set[int]:
        data = self.of(BITS).content
        if not data or data[0] > 7:
            raise DerError("bits are malformed")
        return {8 * i + bit for i, byte in enumerate(data[1:]) for bit in range(8) if byte & 0x80 >> bit}

    def time(self) -> Fraction:
        """Seconds since the epoch."""
        text = self.content.decode("ascii", "replace")
        if self.tag == UTC_TIME and re.fullmatch(r"\d{12}Z", text):
            text = ("19" if text[0] >= "5" else "20") + text
        elif self.tag != TIME:
            raise DerError("a time isn't one")
        match = re.fullmatch(r"(\d{14})(?:\.(\d{0,8}[1-9]))?Z", text)
        if match is None:
            raise DerError(f"{text} isn't a time in UTC")
        try:
            found = datetime.strptime(match[1], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
        except ValueError as error:
            raise DerError(f"{text} isn't a time") from error
        fraction = match[2] or ""
        return Fraction((found - EPOCH) // timedelta(seconds=1)) + Fraction(int(fraction or "0"), 10 ** len(fraction))


def parse(data: bytes) -> Value:
    value, end = _read(data, 0)
    if end != len(data):
        raise DerError("something stands behind it")
    return value


def _read(data: bytes, at: int) -> tuple[Value, int]:
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        raise DerError("it is cut, or has a tag that isn't known")
    start, tag, length = at, data[at], data[at + 1]
    at += 2
    if length >= 0x80:
        count = length & 0x7F
        long = data[at : at + count]
        length = int.from_bytes(long, "big")
        if not 1 <= count <= 4 or len(long) != count or long[0] == 0 or length < 0x80:
            raise DerError("a length isn't in its one spelling")
        at += count
    end = at + length
    if end > len(data):
        raise DerError("it is cut")
    return Value(tag, data[at:end], data[start:end]), end
