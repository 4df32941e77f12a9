"""Certificates of erasure, custody-erasure/1 (docs/erasing.md, "The certificate")."""

from __future__ import annotations

from typing import Any

from .canonical import NotCanonical, parse
from .claims import counted
from .entries import FormatError, listed, obj, text
from .ledger_log import LedgerLog
from .notes import NoteError
from .proof import Unreadable, check_since, logged
from .report import Report
from .trust import Reader, iso, judge, signed_head

FORMAT = "custody-erasure/1"


def is_erasure(file: str) -> bool:
    return file.startswith('{"format":"' + FORMAT + '"')


def check_erasure(file: str, reader: Reader) -> Report:
    certificate = _read(file)
    report = Report("erasure")
    try:
        checkpoint, entries = logged(certificate["log"])
        log = LedgerLog(entries[0][2], knows_runs=False)
        for index, before, body in entries[1:]:
            log.take(index, before, body)
        if log.keys.ledger != certificate["ledger"]:
            raise FormatError(f"it isn't the log of ledger {certificate['ledger']}")
        head = signed_head(checkpoint, log.keys)
        judge(head, log.keys, [], reader, report)
        check_since(head.checkpoint, certificate["log"], log, reader)
        if log.runs or not log.erasures:
            raise FormatError("it has no erasure, or entries that say nothing of keys or erasures")
        report.proven += [_claim(log.keys.ledger, index, facts) for index, facts in log.erasures]
    except (FormatError, NoteError, NotCanonical) as error:
        report.problems.append(str(error))
    return report


def _read(file: str) -> dict[str, Any]:
    try:
        certificate = parse(file[:-1] if file.endswith("\n") else "")
        obj(certificate, "certificate", {"format", "ledger", "log"})
        text(certificate["ledger"], "ledger")
        for each in listed(certificate["log"], "log"):
            obj(each, "log", {"body", "proof"})
            text(each["body"], "body"), text(each["proof"], "proof")
    except (NotCanonical, FormatError) as error:
        raise Unreadable(str(error)) from error
    if certificate["format"] != FORMAT or not certificate["log"]:
        raise Unreadable("it is no certificate of an erasure")
    return certificate


def _claim(ledger: str, index: int, facts: dict[str, Any]) -> str:
    values = facts["values"]
    entries = sum(last - first + 1 for first, last, *places in values if not places)
    single = sum(len(places) for _, _, *places in values)
    parts = [f"all values of {counted(entries, 'entry', 'entries')}"] if entries else []
    parts += [counted(single, "value")] if single else []
    were = "was" if len(values) == 1 and len(values[0]) == 3 else "were"
    return (
        f"ledger {ledger} has on record, in entry {index:,} of its own log, that {' and '.join(parts)} of run {facts['run']} "
        f"{were} erased; the time that stands there is {iso(facts['t'] // 1000)}"
    )
