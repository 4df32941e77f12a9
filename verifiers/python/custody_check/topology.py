"""What a run's topology says: which nodes there are, and where edges lead (docs/ledger-format.md, section 4)."""

from __future__ import annotations

from typing import Any

DISCARD = 0


class Topology:
    def __init__(self, facts: dict[str, Any]) -> None:
        self.nodes: list[dict[str, Any]] = facts["nodes"]
        self.edges: list[list[Any]] = facts["edges"]

    def kind(self, node: int) -> str | None:
        return self.nodes[node - 1]["kind"] if 1 <= node <= len(self.nodes) else None

    def name(self, node: int) -> str:
        if node == DISCARD:
            return "discard"
        return self.nodes[node - 1]["name"] if 1 <= node <= len(self.nodes) else f"node {node}"

    def services(self, node: int) -> int:
        return len(self.nodes[node - 1].get("services", [])) if 1 <= node <= len(self.nodes) else 0

    def branches(self, node: int) -> int:
        return len(self.nodes[node - 1].get("branches", [])) if 1 <= node <= len(self.nodes) else 0

    def has_key(self, aggregate: int) -> bool:
        return 1 <= aggregate <= len(self.nodes) and "per" in self.nodes[aggregate - 1]

    def has_edge(self, edge: int) -> bool:
        return 1 <= edge <= len(self.edges)

    def source_of(self, edge: int) -> int:
        return self.edges[edge - 1][0] if self.has_edge(edge) else 0

    def target_of(self, edge: int) -> int:
        return self.edges[edge - 1][2] if self.has_edge(edge) else DISCARD

    def label(self, edge: int) -> str:
        return self.edges[edge - 1][1] if self.has_edge(edge) else ""

    def is_for_errors(self, edge: int) -> bool:
        """`on_error`, and `on_invalid` of a source."""
        if not self.has_edge(edge):
            return False
        of_source = self.kind(self.source_of(edge)) == "source"
        return self.label(edge) == ("on_invalid" if of_source else "on_error")

    def is_for_flow(self, edge: int) -> bool:
        """A gate may have a route that is named `on_error`, beside the edge for errors."""
        if not self.has_edge(edge):
            return False
        way = self.edges[edge - 1][:2]
        return not self.is_for_errors(edge) or sum(each[:2] == way for each in self.edges) > 1

    def birth_edge(self, node: int, ordinal: int) -> int:
        """The edge onto which what is born at a node is born; 0 if there is none."""
        label = {"fork": None, "join": "matched"}.get(self.kind(node) or "", "to")
        if label is None:
            branches = self.nodes[node - 1].get("branches", [])
            label = branches[ordinal] if ordinal < len(branches) else ""
        for number, each in enumerate(self.edges, 1):
            if each[0] == node and each[1] == label:
                return number
        return 0
