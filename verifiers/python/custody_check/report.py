"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Report:
    kind: str
    run: str | None = None
    row: int | None = None
    problems: list[str] = field(default_factory=list)
    file_problems: list[str] = field(default_factory=list)
    """Of files that a record was compared with."""
    proven: list[str] = field(default_factory=list)
    attested: list[tuple[str, str]] = field(default_factory=list)
    """What others than the ledger say, and who."""
    as_of: str | None = None
    as_of_by: list[str] = field(default_factory=list)
    not_proven: list[str] = field(default_factory=list)
    rests_on: list[tuple[str, int]] = field(default_factory=list)
    """Revoked keys on which alone its trust rests, and the entries that revoked them."""
    signed_by: list[str] = field(default_factory=list)
    trust: str = "none"
    withheld: int = 0
    head: dict[str, object] | None = None
    values: dict[int, Any] = field(default_factory=dict)
    """What a record discloses, by number."""

    @property
    def ok(self) -> bool:
        return not self.problems and not self.file_problems and self.trust != "none"

    def attest(self, what: str, by: str) -> None:
        if (what, by) not in self.attested:
            self.attested.append((what, by))

    def claims(self) -> list[tuple[str, str]]:
        """What is proven, and by whom."""
        if self.problems or self.trust == "none":
            return []
        by = ", ".join(self.signed_by)
        return [*((what, by) for what in self.proven), *self.attested]

    def json(self) -> dict[str, object]:
        dated: dict[str, object] = {"as_of": self.as_of, "as_of_by": self.as_of_by} if self.as_of and self.claims() else {}
        if self.rests_on and self.trust != "none":
            dated["rests_on"] = [{"key": key, "entry": entry} for key, entry in self.rests_on]
        return {
            "ok": self.ok,
            "trust": self.trust,
            "head": self.head,
            **dated,
            "kind": self.kind,
            "run": self.run,
            **({} if self.row is None else {"row": self.row}),
            "proven": [{"what": what, "by": by} for what, by in self.claims()],
            "not_proven": self.not_proven,
            "withheld": self.withheld,
            "signed_by": self.signed_by,
            "checks": [
                {"name": self.kind, "ok": not self.problems, "problems": self.problems},
                *([{"name": "files", "ok": False, "problems": self.file_problems}] if self.file_problems else []),
            ],
        }
