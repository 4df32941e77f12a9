"""The result digest of a run with splits, made from what is on record of its rows, batches and files (docs/ledger-format.md, "The result digest")."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

from .canonical import canonical
from .entries import FORK, MERGE, SubjectEntry, Visit
from .merkle import Tree, leaf_hash
from .outcomes import FATES
from .topology import Topology

BLOCK_LINES = 32
LONGEST_LINE = 8192
"""In UTF-16 units."""


class _Token(NamedTuple):
    path: str
    forks: tuple[tuple[str, str], ...]
    """Branch, and path of what was forked, the outermost first."""
    value: int


class _Lines:
    """Of rows, or of the batches of an aggregate: lines in order, in blocks."""

    def __init__(self) -> None:
        self._count = 0
        self._blocks: dict[int, bytes] = {}
        """Hashes of those of which all lines are known, from 0."""
        self._lines: dict[int, dict[int, str]] = {}
        """Of the others."""

    def put(self, place: int, line: str) -> None:
        """`place`: from 0, without gaps in the end."""
        units = len(line) if line.isascii() else len(line.encode("utf-16-le")) // 2
        block = place // BLOCK_LINES
        lines = self._lines.setdefault(block, {})
        lines[place] = sha256(line.encode()).hexdigest() if units > LONGEST_LINE else line
        self._count += 1
        if len(lines) == BLOCK_LINES:
            self._end(block)

    def _end(self, block: int) -> None:
        lines = self._lines.pop(block)
        self._blocks[block] = leaf_hash("".join(f"{lines[place]}\n" for place in sorted(lines)).encode())

    def digest(self) -> list[Any]:
        for block in list(self._lines):
            self._end(block)
        tree = Tree()
        for block in sorted(self._blocks):
            tree.append(self._blocks[block])
        return [self._count, tree.root().hex()]


class SplitResult:
    """Takes the entries of a split, each with the values that its subject has so far."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._entries: dict[tuple[str, int], list[SubjectEntry]] = {}
        self._rows = _Lines()
        self._batches: dict[str, _Lines] = {}
        self._is_known = True
        """Whether all values are there that it needs."""

    def take(self, entry: SubjectEntry, values: dict[int, Any], is_over: bool) -> None:
        subject = (entry.kind, entry.number)
        entries = self._entries.setdefault(subject, [])
        entries.append(entry)
        if not is_over:
            return
        del self._entries[subject]
        origin = entries[0].origin
        try:
            endings = self._endings(entries, values)
        except KeyError:
            self._is_known = False
            return
        if origin is None:
            return
        name = self._topology.name(origin.source)
        line = f"[{canonical(name)},{origin.index},[{','.join(endings)}]]"
        if entry.kind == "row":
            self._rows.put(entry.number - 1, line)
        else:
            self._batches.setdefault(name, _Lines()).put(origin.index - 1, line)

    def digest(self) -> bytes | None:
        """None if it can't be known: values are gone, or some rows aren't over."""
        if not self._is_known or self._entries:
            return None
        batches = [[name, *self._batches[name].digest()] for name in sorted(self._batches)]
        return leaf_hash(canonical({"batches": batches, "rows": self._rows.digest()}).encode())

    def _endings(self, entries: list[SubjectEntry], values: dict[int, Any]) -> list[str]:
        groups = {each.group: each for entry in entries for each in entry.opened}
        tokens: dict[int, _Token] = {}
        last: dict[int, Visit] = {}
        for entry in entries:
            for birth in entry.births:
                parent = tokens.get(birth.parents[0] if birth.parents else 0, _Token("", (), 0))
                group = groups.get(birth.group)
                path, forks = "", ()
                if group is not None:
                    path, forks = self._lineage(group.kind, group.node, birth.ordinal, parent)
                tokens[birth.token] = _Token(path, forks, birth.value)
            last.update({visit.token: visit for visit in entry.visits})
        found = []
        for entry in entries:
            for ending in entry.endings:
                token, visit = tokens[ending.token], last.get(ending.token)
                number = (visit.value_in or visit.value_out or token.value) if visit is not None else token.value
                fate = FATES[ending.fate]
                code = ending.error[0] if ending.error else None
                names = [self._topology.name(node) if node else None for node in (ending.node, ending.sink)]
                text = canonical([token.path, fate.outcome, fate.cause, *names, code, values[number]])
                found.append((token.path, text))
        return [text for _, text in sorted(found)]

    def _lineage(self, kind: int, node: int, ordinal: int, parent: _Token) -> tuple[str, tuple[tuple[str, str], ...]]:
        branches = self._topology.nodes[node - 1].get("branches", [])
        if kind == FORK:
            return f"{parent.path}/{branches[ordinal]}", (*parent.forks, (branches[ordinal], parent.path))
        if kind != MERGE:
            return f"{parent.path}*{ordinal}", ()
        inside = [place for place, (branch, _) in enumerate(parent.forks) if branch in branches]
        at = inside[-1] if inside else 0
        forked = parent.forks[at][1] if inside else ""
        return f"{forked}/+{self._topology.name(node)}", parent.forks[:at]


def result_digest(splits: list[bytes], files: dict[str, list[dict[str, Any]]]) -> bytes:
    """`files`: by the name of the sink, what its files hold."""
    text = canonical([[name, [[each["rows"], each["bytes"], each["sha256"]] for each in files[name]]] for name in sorted(files)])
    tree = Tree()
    for leaf in [*splits, leaf_hash(text.encode())]:
        tree.append(leaf)
    return tree.root()
