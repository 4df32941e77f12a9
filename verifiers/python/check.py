#!/usr/bin/env python3
"""Checks proofs of rows, letters with such a proof, completeness records, and ledgers, of Custody, from the documentation of its formats alone, with nothing but Python.

    check.py FILE… --key KEYS [--policy FILE] [--tsa PEM] [--since CHECKPOINT] [--source NAME=PATH] [--output NAME=PATH] [--json]

--policy demands what a C2SP tlog-policy says; --tsa trusts timestamp authorities; --since is an older head, which must be extended.
--source and --output compare a file with what a record discloses of what a source read, or a sink published. KEYS has a verifier key a line, as `custody key show` prints them; lines that begin with # don't count.
Exit code: 0 it holds, 1 it doesn't, 2 it can't be read, or the verifier itself has met a defect; of several files the largest.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from pathlib import Path

from custody_check.certificates import parse_pem
from custody_check.claims import counted
from custody_check.der import DerError
from custody_check.erasure import check_erasure, is_erasure
from custody_check.ledger import check_ledger
from custody_check.letter import is_letter, proof_in
from custody_check.notes import Key, NoteError, parse_key, parse_policy
from custody_check.proof import Unreadable, check_proof
from custody_check.record import Files, check_record, is_packed, named_file
from custody_check.report import Report
from custody_check.trust import Reader


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="+")
    parser.add_argument("--key", type=Path, action="append", default=[], help="a file with verifier keys")
    parser.add_argument("--policy", type=Path, help="a C2SP tlog-policy, which must be met")
    parser.add_argument("--tsa", type=Path, action="append", default=[], help="certificates of timestamp authorities, in PEM")
    parser.add_argument("--since", type=Path, help="an older checkpoint")
    parser.add_argument("--source", action="append", default=[], metavar="NAME=PATH", help="of a record")
    parser.add_argument("--output", action="append", default=[], metavar="NAME=PATH", help="of a record")
    parser.add_argument("--json", action="store_true", help="print one JSON value")
    options = parser.parse_args(arguments)
    codes, answers = [], []
    try:
        reader = Reader(
            keys=[key for each in options.key for key in keys_in(each)],
            policy=parse_policy(options.policy.read_bytes()) if options.policy else None,
            authorities=[each for file in options.tsa for each in parse_pem(file.read_text("utf-8"))],
            since=options.since.read_text("utf-8") if options.since else None,
        )
        files = Files(*([named_file(each) for each in given] for given in (options.source, options.output)))
    except (OSError, UnicodeDecodeError, Unreadable, NoteError, DerError) as error:
        print(f"what was given beside the file can't be read: {error}", file=sys.stderr)
        return 2
    for file in options.file:
        try:
            report = _check(file, reader, files)
        except (OSError, UnicodeDecodeError, Unreadable, NoteError) as error:
            unread = f"{file} can't be checked: {error}"
        except Exception as error:  # A defect is no verdict on the file, whatever it is.
            unread = f"{file} wasn't checked, as {_defect(error)}"
        else:
            unread = None
        if unread is not None:
            print(unread, file=sys.stderr)
            codes.append(2)
            answers.append({"ok": False, "error": {"message": unread}})
            continue
        codes.append(0 if report.ok else 1)
        answers.append(report.json())
        if not options.json:
            _tell(report, file if len(options.file) > 1 else None)
    if options.json:
        print(json.dumps(answers[0] if len(answers) == 1 else answers, indent=2, ensure_ascii=False))
    return max(codes)


def _defect(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"this verifier has a defect ({what}, at {Path(frame.filename).name}:{frame.lineno}): please report it to those who make Custody"


def _check(file: Path, reader: Reader, files: Files) -> Report:
    with file.open("rb") as opened:
        beginning = opened.read(16)
        if not is_packed(beginning) and (files.sources or files.outputs):
            raise Unreadable("only the record of a run says something of whole files (--source, --output)")
        if beginning == b"SQLite format 3\0":
            return check_ledger(file, reader)
        data = beginning + opened.read()
    if is_packed(data):
        return check_record(data, reader, files)
    text = data.decode("utf-8")
    if is_erasure(text):
        return check_erasure(text, reader)
    return check_proof(proof_in(text) if is_letter(text) else text, reader)


def keys_in(file: Path) -> list[Key]:
    lines = (line.strip() for line in file.read_text("utf-8").splitlines())
    return [parse_key(line) for line in lines if line and not line.startswith("#")]


def _tell(report: Report, file: Path | None) -> None:
    if file is not None:
        print(f"{file}:")
    who = " and ".join(report.signed_by) or "nobody whose signature holds"
    if report.ok:
        print(f"holds, by {who}")
    elif report.problems or report.file_problems:
        print("doesn't hold")
    else:
        print(f"holds inwardly; it is signed by {who}, and that isn't enough for you")
    for each in [*report.problems, *report.file_problems]:
        print(f"  ✗ {each}")
    for what, by in report.claims():
        print(f"  proven  {what}, by {by}")
    if report.as_of and report.claims():
        print(f"  existed by  {report.as_of}, by {' and '.join(report.as_of_by)}")
    for key, entry in report.rests_on if report.ok else []:
        print(f"  rests on  {key} alone, which was revoked in entry {entry} of the ledger's own log: whoever had stolen it could have written another history below")
    if report.withheld:
        print(f"  withheld  {counted(report.withheld, 'value')}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
