"""The hash of a set of open tokens that a commit states (LtHash16; docs/ledger-format.md, section 4, `open`)."""

from __future__ import annotations

from hashlib import sha256, shake_128

from typing import NamedTuple, Optional

BYTES = 2048
# Lanes of 16 bits, added without a carry from one into the next: the even ones and the odd ones apart.
_EVEN = int.from_bytes(b"\xff\xff\0\0" * (BYTES // 4), "little")
_ODD = _EVEN << 16


class OpenToken(NamedTuple):
    token: int
    row: Optional[int]
    batch: Optional[int]
    node: int
    seq: int

    @property
    def number(self) -> int:
        """Of 1,024 numbers of 16 bits."""
        row = ",".join("null" if each is None else str(each) for each in self)
        return int.from_bytes(shake_128(b"\x03" + f"[{row}]".encode()).digest(BYTES), "little")


class OpenSet:
    """Keeps the sum up with what changes between two commits."""

    def __init__(self) -> None:
        self._rows: dict[int, OpenToken] = {}
        self._sum = 0

    def put(self, token: int, row: OpenToken | None) -> None:
        """How the token stands now; None if it isn't open."""
        before = self._rows.pop(token, None)
        if row is not None:
            self._rows[token] = row
        if before == row:
            return
        if before is not None:
            self._add(_negated(before.number))
        if row is not None:
            self._add(row.number)

    def _add(self, other: int) -> None:
        even = (self._sum & _EVEN) + (other & _EVEN) & _EVEN
        odd = (self._sum & _ODD) + (other & _ODD) & _ODD
        self._sum = even | odd

    def __len__(self) -> int:
        return len(self._rows)

    def hash(self) -> str:
        return sha256(self._sum.to_bytes(BYTES, "little")).hexdigest()


_ONES = int.from_bytes(b"\x01\0" * (BYTES // 2), "little")


def _negated(number: int) -> int:
    """Of each lane its negative, modulo 2^16: all bits turned over, and one added."""
    inverted = number ^ (_EVEN | _ODD)
    return ((inverted & _EVEN) + (_ONES & _EVEN) & _EVEN) | ((inverted & _ODD) + (_ONES & _ODD) & _ODD)
