"""How a token can end, and what an ending carries (docs/outcomes.md, "What an ending carries")."""

from __future__ import annotations

from typing import NamedTuple

ALWAYS, NEVER, IF_ANY = "always", "never", "if any"


class Fate(NamedTuple):
    outcome: str
    cause: str
    sink: str
    group: str
    error: str

    @property
    def name(self) -> str:
        return f"{self.outcome} / {self.cause}"

    @property
    def is_failure(self) -> bool:
        return self.error == ALWAYS

    @property
    def passes_on(self) -> bool:
        return self.cause in ("fork", "expand", "merge", "batch", "join")


FATES = {
    1: Fate("COMPLETED", "flow", ALWAYS, NEVER, NEVER),
    2: Fate("ROUTED", "gate", ALWAYS, NEVER, NEVER),
    3: Fate("ROUTED", "error", ALWAYS, NEVER, ALWAYS),
    4: Fate("DISCARDED", "gate", NEVER, NEVER, NEVER),
    5: Fate("DISCARDED", "filter", NEVER, NEVER, NEVER),
    6: Fate("QUARANTINED", "source_invalid", IF_ANY, NEVER, ALWAYS),
    7: Fate("QUARANTINED", "error", NEVER, NEVER, ALWAYS),
    8: Fate("FAILED", "retries_exhausted", IF_ANY, NEVER, ALWAYS),
    9: Fate("FAILED", "batch_failed", IF_ANY, ALWAYS, ALWAYS),
    10: Fate("FAILED", "sink_rejected", IF_ANY, NEVER, ALWAYS),
    11: Fate("FAILED", "late_arrival", IF_ANY, ALWAYS, ALWAYS),
    12: Fate("FAILED", "branch_lost", IF_ANY, ALWAYS, ALWAYS),
    13: Fate("FAILED", "quorum_not_met", IF_ANY, ALWAYS, ALWAYS),
    14: Fate("FAILED", "timeout", IF_ANY, ALWAYS, ALWAYS),
    15: Fate("FAILED", "merge_conflict", IF_ANY, ALWAYS, ALWAYS),
    16: Fate("FAILED", "select_missing", IF_ANY, ALWAYS, ALWAYS),
    17: Fate("FAILED", "in_doubt", NEVER, NEVER, ALWAYS),
    18: Fate("FAILED", "replay_miss", NEVER, NEVER, ALWAYS),
    19: Fate("FAILED", "abandoned", NEVER, NEVER, ALWAYS),
    20: Fate("FORKED", "fork", NEVER, ALWAYS, NEVER),
    21: Fate("EXPANDED", "expand", NEVER, ALWAYS, NEVER),
    22: Fate("COALESCED", "merge", NEVER, ALWAYS, NEVER),
    23: Fate("CONSUMED_IN_BATCH", "batch", NEVER, ALWAYS, NEVER),
    24: Fate("CONSUMED_IN_BATCH", "join", NEVER, ALWAYS, NEVER),
}
