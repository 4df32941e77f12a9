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
    not_proven: list[str] = field(default_factory=list)
    signed_by: list[str] = field(default_factory=list)
    trust: str = "none"
    withheld: int = 0
    head: dict[str, object] | None = None
    values: dict[int, Any] = field(default_factory=dict)
    """What a record discloses, by number."""

    @property
    def ok(self) -> bool:
        return not self.problems and not self.file_problems and self.trust != "none"

    def json(self) -> dict[str, object]:
        by = ", ".join(self.signed_by)
        return {
            "ok": self.ok,
            "trust": self.trust,
            "head": self.head,
            "kind": self.kind,
            "run": self.run,
            **({} if self.row is None else {"row": self.row}),
            "proven": [{"what": what, "by": by} for what in self.proven] if self.trust != "none" else [],
            "not_proven": self.not_proven,
            "withheld": self.withheld,
            "signed_by": self.signed_by,
            "checks": [
                {"name": self.kind, "ok": not self.problems, "problems": self.problems},
                *([{"name": "files", "ok": False, "problems": self.file_problems}] if self.file_problems else []),
            ],
        }
