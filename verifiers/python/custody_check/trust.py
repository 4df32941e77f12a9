"""Whom the reader trusts, and by when a head existed (docs/proof-format.md, "Whom the reader trusts" and what follows it)."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from .certificates import Certificate
from .claims import counted
from .der import DerError
from .keys import KeySet
from .notes import ED25519, Checkpoint, Cosignature, Key, Note, NoteError, Policy, from_base64, parse_checkpoint, parse_note, signers, witnessed
from .report import Report
from .timestamps import LAST_MS, Timestamp, check_timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Reader:
    """What somebody has from elsewhere than the file."""

    keys: list[Key] = field(default_factory=list)
    policy: Policy | None = None
    authorities: list[Certificate] = field(default_factory=list)
    since: str | None = None
    """An older head, as a note."""


@dataclass(frozen=True)
class Head:
    note: Note
    checkpoint: Checkpoint
    signed_by: list[Key]


def signed_head(text: str, keys: KeySet) -> Head:
    """A head of log 0 of this ledger, signed as it must be."""
    note = parse_note(text)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != f"custody/{keys.ledger}/0":
        raise NoteError(f"the checkpoint is that of {checkpoint.origin}")
    return Head(note, checkpoint, keys.check_head(note, checkpoint.size))


def judge(head: Head, keys: KeySet, tokens: list[str], reader: Reader, report: Report) -> None:
    """Says in the report whether the head is trusted, and by when it existed."""
    checkpoint = head.checkpoint
    report.head = {"ledger": keys.ledger, "size": checkpoint.size, "root": checkpoint.root.hex()}
    report.signed_by = [key.short for key in head.signed_by]
    cosigned = _cosigned(head, keys, reader.policy, report)
    stamps = _stamps(head, keys, tokens, reader.authorities, report)
    report.trust = _trust(head, keys, cosigned, reader)
    report.rests_on = [(term.key.short, term.taken or 0) for term in keys.rests_on(reader.keys)]
    for key, entry in report.rests_on:
        report.not_proven.append(
            f"that nobody who had stolen {key} wrote another history: it was revoked in entry {entry}, and nothing else that you trust leads to the head"
        )
    what = f"the head of {counted(checkpoint.size, 'entry', 'entries')}"
    seen = "all heads of this log that the witness had seen"
    times: list[tuple[int, str]] = []
    for each in cosigned or []:
        by = f"witness {each.witness} ({each.key.short})"
        if has_time(each):
            report.attest(f"{what} existed by {iso(each.seconds * 1000)}, and extended {seen}", by)
        else:
            report.attest(f"{what} extends {seen}", by)
    if cosigned and reader.policy is not None:
        times += _witnessed_by(cosigned, reader.policy)
    for stamp in stamps:
        by = f"timestamp authority {stamp.authority}"
        if stamp.is_trusted:
            report.attest(f"{what} existed by {iso(stamp.milliseconds)}, when its hash was dated", by)
            times.append((stamp.milliseconds, by))
        else:
            report.not_proven.append(f"that it existed by {iso(stamp.milliseconds)}, as {by} says, whom you don't trust")
    if times:
        first = min(ms for ms, _ in times)
        report.as_of = iso(first)
        report.as_of_by = list(dict.fromkeys(by for ms, by in times if ms == first))


def _cosigned(head: Head, keys: KeySet, policy: Policy | None, report: Report) -> list[Cosignature] | None:
    """None if one of them is wrong, or the ledger is to witness itself: then none counts."""
    if policy is None:
        return []
    own = {key.public_key for key in keys.all}
    for name, key in policy.witnesses.items():
        if key.public_key in own:
            report.problems.append(f"witness {name} of the policy has a key of the ledger itself")
            return None
    try:
        return witnessed(policy, head.note)
    except NoteError as error:
        report.problems.append(str(error))
        return None


def _trust(head: Head, keys: KeySet, cosigned: list[Cosignature] | None, reader: Reader) -> str:
    by_keys = keys.trusted_signers(reader.keys) != []
    policy = reader.policy
    if policy is None:
        return "key" if by_keys else "none"
    if cosigned is None or not _names(policy, head.signed_by) or not policy.is_reached({each.witness for each in cosigned}):
        return "none"
    needs_keys = not policy.logs or bool(reader.keys)
    return "policy" if by_keys or not needs_keys else "none"


def _names(policy: Policy, signed_by: list[Key]) -> bool:
    """Whether the policy's log lines name the ledger: of each type that those of one name have a key has signed."""
    signed = {(key.type, key.public_key) for key in signed_by}
    found: dict[str, dict[int, bool]] = {}
    for key in policy.logs:
        types = found.setdefault(key.name, {})
        types[key.type] = types.get(key.type, False) or (key.type, key.public_key) in signed
    return not policy.logs or any(all(types.values()) for types in found.values())


def has_time(cosignature: Cosignature) -> bool:
    return 0 < cosignature.seconds <= LAST_MS // 1000


def _witnessed_by(cosigned: list[Cosignature], policy: Policy) -> list[tuple[int, str]]:
    """The earliest time by which those who had cosigned are enough, and who they are."""
    timed = sorted((each for each in cosigned if has_time(each)), key=lambda each: each.seconds)
    for each in timed:
        there = [other for other in timed if other.seconds <= each.seconds]
        if policy.is_reached({other.witness for other in there}):
            return [(each.seconds * 1000, f"witness {other.witness} ({other.key.short})") for other in there]
    return []


def head_note(head: Head, keys: KeySet) -> bytes:
    """What is dated: the text, and a signature line of each key in force, in their order."""
    good = sorted(keys.good_for(head.checkpoint.size), key=lambda key: (key.type != ED25519, key.text))
    lines = []
    for key in good:
        first = next((signature for _, signature in signers(head.note, [key])), None)
        if first is not None:
            lines.append(f"— {first.name} {base64.b64encode(first.key_id + first.data).decode()}\n")
    return f"{head.note.text}\n{''.join(lines)}".encode()


def _stamps(
    head: Head, keys: KeySet, tokens: list[str], authorities: list[Certificate], report: Report
) -> list[Timestamp]:
    """Those of the file; none if one doesn't hold."""
    try:
        note = head_note(head, keys)
        return [check_timestamp(from_base64(token), note, authorities) for token in tokens]
    except (DerError, NoteError) as error:
        report.problems.append(f"a timestamp doesn't hold: {error}")
        return []


def iso(milliseconds: int) -> str:
    found = EPOCH + timedelta(milliseconds=milliseconds)
    return f"{found:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"


def older_head(reader: Reader, keys: KeySet, size: int) -> Checkpoint | None:
    """The head that the reader has kept, if it is one of this ledger's own log, and not larger than what is there."""
    if reader.since is None:
        return None
    head = signed_head(reader.since, keys)
    if head.checkpoint.size > size:
        raise NoteError(f"the head that you have is of {head.checkpoint.size} entries, and {size} are there")
    return head.checkpoint
