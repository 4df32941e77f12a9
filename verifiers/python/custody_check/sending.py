"""Requests of sinks that can't take back what they do: announced, and then answered or in doubt (docs/ledger-format.md, section 4, `y`)."""

from __future__ import annotations

from typing import Iterator

from .entries import FROM_RECORD, HELD, Call, Intent, SubjectEntry
from .topology import Topology

IN_DOUBT = 17
"""A fate."""


class Requests:
    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._announced: dict[int, Intent] = {}
        """By token: what has no call yet."""
        self._shared: dict[tuple[int, int], dict[int, int]] = {}
        """Of this commit, by the node and the first token of a request with several rows: its tokens, by their places."""
        self._rows: dict[tuple[int, int], set[int]] = {}

    def take(self, entry: SubjectEntry) -> Iterator[str]:
        for call in entry.calls:
            yield from self._call(call)
        for visit in entry.visits:
            if visit.status != HELD and visit.token in self._announced and self.topology.kind(visit.node) == "sink" and not visit.is_error:
                yield f"token {visit.token} was taken at {self.topology.name(visit.node)}, and its last request has no answer"
        for ending in entry.endings:
            if self._announced.pop(ending.token, None) is not None and ending.fate != IN_DOUBT:
                yield f"token {ending.token} may have been taken, and doesn't end in doubt"
        for intent in entry.intents:
            self._announced[intent.token] = intent
            if intent.rows:
                request = (intent.node, intent.first)
                places = self._shared.setdefault(request, {})
                if intent.place in places or intent.rows < 2 or (intent.place == 1) != (intent.token == intent.first):
                    yield f"token {intent.token} is announced as row {intent.place} of {intent.rows} of a request"
                places[intent.place] = intent.token
                self._rows.setdefault(request, set()).add(intent.rows)

    def _call(self, call: Call) -> Iterator[str]:
        services = self.topology.services(call.node)
        if not 1 <= call.service <= services:
            yield f"call {call.call} asks service {call.service} of {self.topology.name(call.node)}, which has {services}"
        if self.topology.kind(call.node) != "sink" or call.status in FROM_RECORD:
            return
        announced = self._announced.pop(call.token, None)
        if announced is None or announced[:4] != (call.token, call.node, call.attempt, call.request):
            yield f"call {call.call} was made for another request than was announced"

    def commit(self) -> Iterator[str]:
        for request, places in self._shared.items():
            rows = self._rows[request]
            if rows != {len(places)} or sorted(places) != list(range(1, len(places) + 1)):
                yield f"a request with token {request[1]} has other rows than it is said to have"
        self._shared.clear()
        self._rows.clear()
