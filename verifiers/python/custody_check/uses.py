"""What each value of a row or a batch is there for: one thing, which the entry that commits to it says."""

from __future__ import annotations

from typing import Iterator

from .entries import SubjectEntry


class Uses:
    def __init__(self) -> None:
        self._of: dict[int, str] = {}

    def take(self, entry: SubjectEntry, known: int, is_key: bool) -> Iterator[str]:
        """`known`: how many values there were before; `is_key`: whether its first value is the key of a batch."""
        if is_key:
            yield from self._use(1, "a key")
        for number, what in _uses(entry):
            if number:
                yield from self._use(number, what)
        for number in range(known + 1, known + 1 + len(entry.commitments)):
            if number not in self._of:
                yield f"value {number} is there for nothing"

    def _use(self, number: int, what: str) -> Iterator[str]:
        before = self._of.setdefault(number, what)
        if before != what:
            yield f"value {number} is {before}, and {what}"


def _uses(entry: SubjectEntry) -> Iterator[tuple[int, str]]:
    for birth in entry.births:
        yield birth.value, "data"
    for visit in entry.visits:
        yield from ((number, "data") for number in (visit.value_in, visit.value_out))
        if visit.error is not None:
            yield visit.error[1], "an error"
    for ending in entry.endings:
        if ending.error is not None:
            yield ending.error[1], "an error"
    for closed in entry.closed:
        yield closed.detail, "the detail of a merge"
    for call in entry.calls:
        yield call.request, "a request"
        yield call.response, "a response"
    for intent in entry.intents:
        yield intent.request, "a request"
    yield entry.orders, "an order of fields"
