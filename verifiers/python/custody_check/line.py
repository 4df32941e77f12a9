"""The line of a run: in which order nodes will take what is under way (docs/ledger-format.md, section 4, `line`)."""

from __future__ import annotations

from typing import Any, Iterable, Iterator


class Line:
    def __init__(self) -> None:
        self._members: list[Any] = []

    def take(self, commit: dict[str, Any]) -> Iterator[str]:
        if "moved" in commit:
            yield from self._move(commit["moved"])
        else:
            self._members = [_member(each) for each in commit.get("line", [])]
        if len(set(self._members)) != len(self._members):
            yield "something is in line twice"

    def _move(self, moved: dict[str, Any]) -> Iterator[str]:
        gone = {_member(each) for each in moved["out"]}
        if not gone <= set(self._members):
            yield "something leaves the line, and wasn't in it"
        rest = [each for each in self._members if each not in gone]
        known = set(rest)
        behind: dict[Any, list[Any]] = {}
        for first, *members in moved["in"]:
            place = _member(first)
            if (place != 0 and place not in known) or place in behind:
                yield "something is put into the line behind what isn't there"
            behind[place] = [_member(each) for each in members]
        self._members = behind.get(0, [])
        for each in rest:
            self._members += [each, *behind.get(each, [])]

    def tokens(self) -> Iterable[int]:
        return (each for each in self._members if isinstance(each, int))


def _member(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
