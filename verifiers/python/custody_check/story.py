"""The story of one subject, a row or a batch, as its entries tell it: followed entry by entry, with what is wrong in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterator

from .entries import BATCH, EXHAUSTED, EXPAND, FORK, HELD, JOIN, MERGE, OK, Birth, Closed, Ending, Opened, SubjectEntry, Visit
from .outcomes import ALWAYS, FATES, NEVER
from .topology import DISCARD, Topology
from .uses import Uses

HOLDING = {"coalesce", "aggregate", "join", "sort"}
MADE_AT = {FORK: "fork", EXPAND: "transform", MERGE: "coalesce", BATCH: "aggregate", JOIN: "join"}
CLOSES_AT_ONCE = {FORK, EXPAND, JOIN}
OF_MANY_ROWS = {"batch", "batch_failed", "join"}


@dataclass
class Token:
    number: int
    node: int
    """Where it stands: the node that it visits next."""
    via: int
    value: int
    attempt: int = 1
    held: bool = False
    last: Visit | None = None
    via_error: tuple[str, int] | None = None
    since: int = 0
    """seq of the entry by which it came to stand there."""

    @property
    def has_left(self) -> bool:
        """Nothing but an ending can follow."""
        return self.node == DISCARD or (self.last is not None and self.last.status == OK and self.last.edge == 0)


@dataclass
class Group:
    opened: Opened
    verdict: str | None = None
    members: tuple[int, ...] = ()


@dataclass
class Story:
    kind: str
    number: int
    topology: Topology
    last_seq: int | None = None
    source: int = 0
    values: int = 0
    """How many values its entries have committed to."""
    commitments: list[bytes] = field(default_factory=list)
    open: dict[int, Token] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    endings: dict[int, Ending] = field(default_factory=dict)
    forked: set[int] = field(default_factory=set)
    batches: dict[int, int] = field(default_factory=dict)
    """By group: the batch that its tokens were held for."""
    known: dict[int, None] = field(default_factory=dict)
    """Its tokens, in order of birth."""
    uses: Uses = field(default_factory=Uses)
    gone: list[int] = field(default_factory=list)
    """Tokens that have ended since somebody emptied the list."""

    @property
    def name(self) -> str:
        return f"{self.kind} {self.number}"

    def take(self, seq: int, entry: SubjectEntry) -> Iterator[str]:
        """Its next entry. Yields what is wrong."""
        first = self.last_seq is None
        if (entry.kind, entry.number) != (self.kind, self.number):
            yield f"it is of {entry.kind} {entry.number}, not of {self.name}"
        if entry.previous != self.last_seq:
            yield f"it follows entry {entry.previous}, and entry {self.last_seq} is the one before it"
        self.last_seq = seq
        if (entry.origin is not None) != first:
            yield "where it comes from stands in its first entry, and only there"
        if entry.origin is not None:
            self.source = entry.origin.source
        if entry.commitments and entry.first_value != self.values + 1:
            yield f"its values begin with {entry.first_value}, where {self.values + 1} comes next"
        before = self.values
        self.values += len(entry.commitments)
        self.commitments += entry.commitments
        for opened in entry.opened:
            yield from self._open(opened)
        for i, birth in enumerate(entry.births):
            yield from self._birth(birth, first and i == 0)
        for visit in entry.visits:
            yield from self._visit(visit, before)
        for call in entry.calls:
            if max(call.request, call.response) > self.values:
                yield f"call {call.call} names a value that isn't there"
        for intent in entry.intents:
            if intent.request > self.values or intent.token not in self.open:
                yield f"a request is announced for token {intent.token} that can't be"
        self.batches.update({hold.group: hold.batch for hold in entry.holds if hold.batch})
        for ending in entry.endings:
            yield from self._end(ending, entry)
        yield from self._close(entry)
        is_key = first and entry.kind == "batch" and self.topology.has_key(self.source)
        yield from self.uses.take(entry, before, is_key)
        if entry.orders > self.values:
            yield f"value {entry.orders} is the order of its fields, and isn't there"
        for number in [each for each in self.open if each in self.endings]:
            del self.open[number]
            self.gone.append(number)
        moved = {birth.token for birth in entry.births} | {visit.token for visit in entry.visits if visit.edge}
        for number in moved & set(self.open):
            self.open[number].since = seq
        if entry.open != len(self.open):
            yield f"it says that {entry.open} tokens are open, and {len(self.open)} are"

    @property
    def is_over(self) -> bool:
        return not self.open and all(group.verdict is not None for group in self.groups.values())

    def in_line(self) -> Iterator[int]:
        """Open tokens that no batch, join or sort holds."""
        for token in self.open.values():
            if not token.held or self.topology.kind(token.node) not in ("aggregate", "join", "sort"):
                yield token.number

    def unfinished(self) -> Iterator[str]:
        """The run is sealed: what is still open."""
        for token in self.open:
            yield f"token {token} has no ending"
        for number, group in self.groups.items():
            if group.verdict is None:
                yield f"group {number} never closed"

    def _open(self, opened: Opened) -> Iterator[str]:
        if opened.group in self.groups:
            yield f"group {opened.group} is opened twice"
        self.groups[opened.group] = Group(opened)
        if self.topology.kind(opened.node) != MADE_AT[opened.kind]:
            yield f"group {opened.group} is of kind {opened.kind} at {self.topology.name(opened.node)}"
        if opened.kind == BATCH and self.kind != "batch":
            yield f"group {opened.group} is a batch's, in the story of a row"
        branches = {FORK: self.topology.branches(opened.node), MERGE: self.topology.branches(opened.node), BATCH: 0}
        if branches.get(opened.kind, opened.expected) != opened.expected:
            yield f"group {opened.group} expects {opened.expected}, where {branches[opened.kind]} can come"

    def _birth(self, birth: Birth, first: bool) -> Iterator[str]:
        token = birth.token
        if token in self.known:
            yield f"token {token} is born twice"
        self.known[token] = None
        if birth.group == 0:
            if not first or self.kind != "row":
                yield f"token {token} is born of nothing"
            self.open[token] = Token(token, self.source, 0, 0)
            return
        if first and self.kind == "row":
            yield f"its first token {token} is born of a group"
        group = self.groups.get(birth.group)
        edge = self.topology.birth_edge(group.opened.node, birth.ordinal) if group else 0
        if edge == 0:
            yield f"token {token} is born where no edge leads from"
        if birth.value > self.values:
            yield f"token {token} is born with a value that isn't there"
        self.open[token] = Token(token, self.topology.target_of(edge), edge, birth.value)

    def _visit(self, visit: Visit, before: int) -> Iterator[str]:
        ways = self.topology
        kind, at = ways.kind(visit.node), f"token {visit.token} at {ways.name(visit.node)}"
        token = self.open.get(visit.token)
        if token is None:
            yield f"{at}: it makes a visit, and isn't open"
            return
        if kind is None or token.has_left or visit.node != token.node:
            yield f"{at}: it stands at {ways.name(token.node)}"
        if visit.attempt != token.attempt:
            yield f"{at}: attempt {visit.attempt}, where {token.attempt} comes next"
        if visit.value_in != token.value:
            yield f"{at}: value {visit.value_in} enters, and it has value {token.value}"
        fresh = before < visit.value_out <= self.values
        unmerged = kind == "coalesce" and visit.value_out in self.forked
        if visit.value_out not in (0, visit.value_in) and not fresh and not unmerged:
            yield f"{at}: value {visit.value_out} leaves, and is neither the one that entered nor a new one"
        if visit.error is not None and not before < visit.error[1] <= self.values:
            yield f"{at}: value {visit.error[1]} is its error, and isn't a new one"
        yield from self._way(visit, kind or "", at)
        if kind == "fork":
            self.forked.add(visit.value_in)
        token.last = visit
        if visit.status == HELD:
            token.held = True
            return
        if visit.edge != 0:
            token.node, token.via, token.attempt = ways.target_of(visit.edge), visit.edge, 1
            token.via_error = visit.error
            token.value = visit.value_out or token.value
        elif visit.is_error:
            token.attempt = visit.attempt + 1
        token.held = False

    def _way(self, visit: Visit, kind: str, at: str) -> Iterator[str]:
        ways, edge = self.topology, visit.edge
        if edge != 0:
            if ways.source_of(edge) != visit.node:
                yield f"{at}: it leaves by edge {edge}, which isn't one of the node"
            elif visit.is_error and not ways.is_for_errors(edge):
                yield f"{at}: it met an error and leaves by an edge that isn't for errors"
            elif visit.status == OK and not ways.is_for_flow(edge):
                yield f"{at}: it met no error and leaves by the edge for errors"
            if visit.value_out == 0 and ways.target_of(edge) != DISCARD:
                yield f"{at}: it leaves with no value"
        if visit.status == EXHAUSTED and edge == 0:
            yield f"{at}: its attempts are exhausted, and it doesn't leave"
        if visit.value_out != 0 and edge == 0 and (kind != "coalesce" or visit.status != OK):
            yield f"{at}: value {visit.value_out} leaves, and goes nowhere"
        if visit.status == HELD and (kind not in HOLDING or edge != 0 or visit.value_out != 0):
            yield f"{at}: it can't be held so"
        keeps = kind in ("gate", "sort") or (kind == "join" and edge != 0)
        if keeps and visit.status == OK and visit.value_out != visit.value_in:
            yield f"{at}: a {kind} changed its value"
        if kind == "source" and (edge == 0 or visit.value_out == 0):
            yield f"{at}: it was read, and doesn't leave"
        if kind == "sink" and visit.status == OK and (edge != 0 or visit.value_out != 0):
            yield f"{at}: it was written, and leaves"

    def _end(self, ending: Ending, entry: SubjectEntry) -> Iterator[str]:
        ways, fate = self.topology, FATES.get(ending.fate)
        token = self.open.get(ending.token)
        who = f"token {ending.token}"
        if token is None or ending.token in self.endings:
            yield f"{who} ends, and isn't open"
            return
        self.endings[ending.token] = ending
        if fate is None:
            yield f"{who} ends with fate {ending.fate}, which the format doesn't have"
            return
        for what, presence, there in (
            ("sink", fate.sink, ending.sink != 0),
            ("group", fate.group, ending.group != 0),
            ("error", fate.error, ending.error is not None),
        ):
            if presence == (NEVER if there else ALWAYS):
                yield f"{who} ends as {fate.name} {'with' if there else 'without'} a {what}"
        if ways.kind(ending.node) is None or (ending.sink != 0 and ways.kind(ending.sink) != "sink"):
            yield f"{who} ends at a node that isn't there, or in one that is no sink"
        if ending.error is not None and ending.error[1] > self.values:
            yield f"{who} ends with an error whose value isn't there"
        last = token.last
        written = last.node if last and last.status == OK and ways.kind(last.node) == "sink" else 0
        if written != ending.sink:
            yield f"{who} ends in {ways.name(ending.sink)}, and {ways.name(written)} has written it"
        if ending.node != _decided_at(token, ending, ways):
            yield f"{who} ends as {fate.name} at {ways.name(ending.node)}, and that was decided elsewhere"
        if fate.passes_on and (last is None or last.status != OK or last.node != ending.node):
            yield f"{who} ends as {fate.name}, and its last visit wasn't there, or did not go well"
        if fate.cause in ("flow", "gate") and (
            not ways.is_for_flow(token.via)
            or (ways.kind(ways.source_of(token.via)) == "gate") != (fate.cause == "gate")
            or (ending.sink == 0 and token.node != DISCARD)
        ):
            yield f"{who} ends as {fate.name}, and didn't come that way"
        if ending.group and fate.cause not in OF_MANY_ROWS and ending.group not in self.groups:
            yield f"{who} ends with group {ending.group}, which isn't here"

    def _children(self, births: list[Birth], closed: Closed, ended: dict[int, Ending], visits: list[Visit]) -> Iterator[str]:
        """Of whom they are born, and with what."""
        group = self.groups[closed.group]
        for birth in births:
            if group.opened.kind in (FORK, EXPAND):
                parent = ended.get(birth.parents[0]) if len(birth.parents) == 1 else None
                if parent is None or parent.group != closed.group:
                    yield f"token {birth.token} is born of group {closed.group}, and its parent doesn't end with it"
            elif group.opened.kind == MERGE and birth.parents != closed.members:
                yield f"token {birth.token} has other parents than the members that merged"
            elif group.opened.kind == BATCH and birth.parents:
                yield f"token {birth.token} is born of a batch, and repeats its parents"
        if closed.verdict != "merged":
            return
        node = group.opened.node
        out = {v.value_out for v in visits if v.token in closed.members and v.node == node and v.status == OK}
        if out | {birth.value for birth in births} != out or len(out) != 1:
            yield f"group {closed.group} merged into several values"

    def _close(self, entry: SubjectEntry) -> Iterator[str]:
        born: dict[int, list[Birth]] = {}
        for birth in entry.births:
            if birth.group:
                born.setdefault(birth.group, []).append(birth)
        ended = {each.token: each for each in entry.endings}
        closed = {each.group for each in entry.closed}
        for each in entry.closed:
            group = self.groups.get(each.group)
            if group is None or group.verdict is not None:
                yield f"group {each.group} closes, and isn't open"
                continue
            group.verdict, group.members = each.verdict, each.members
            if each.detail > self.values or (each.detail and group.opened.kind != MERGE):
                yield f"group {each.group} names a value that isn't there, or can't be"
            yield from self._children(born.get(each.group, []), each, ended, entry.visits)
            if each.verdict == "merged":
                for member in each.members:
                    ending = ended.get(member)
                    if ending is None or ending.group != each.group or FATES[ending.fate].cause != "merge":
                        yield f"token {member} is a member of group {each.group}, and doesn't end with it"
                if len(born.get(each.group, [])) != 1:
                    yield f"group {each.group} merged, and not into one token"
        for opened in entry.opened:
            if opened.kind in CLOSES_AT_ONCE:
                if opened.group not in closed:
                    yield f"group {opened.group} does not close at once"
                if len(born.get(opened.group, [])) != opened.expected:
                    yield f"group {opened.group} has other children than the {opened.expected} that it expects"
        for group, births in born.items():
            if group not in closed:
                yield f"token {births[0].token} is born of group {group}, which doesn't close here"
            if any(birth.ordinal != i for i, birth in enumerate(births)):
                yield f"the children of group {group} aren't numbered in order"


def _decided_at(token: Token, ending: Ending, ways: Topology) -> int:
    """The node that decided how a token ends."""
    last, fate = token.last, FATES[ending.fate]
    if fate.cause == "flow":
        return ending.sink
    if fate.cause == "abandoned" or last is None:
        return token.node if token.node != DISCARD else ways.source_of(token.via)
    written = last.status == OK and ways.kind(last.node) == "sink"
    return ways.source_of(token.via) if written or token.node == DISCARD else last.node
