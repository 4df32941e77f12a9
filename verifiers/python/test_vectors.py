#!/usr/bin/env python3
"""The vectors that all checkers of Custody read (test/vectors in its repository): python3 test_vectors.py FOLDER"""

from __future__ import annotations

import json
import sys
import unittest
import zlib
from pathlib import Path
from typing import Any, Callable

from custody_check import ed25519, mldsa44
from custody_check.canonical import NotCanonical, parse
from custody_check.merkle import is_consistent, root_from
from custody_check.notes import NoteError, parse_checkpoint, parse_key, parse_note, parse_policy, parse_proof, signers, witnessed
from custody_check.proof import Unreadable, check_proof
from custody_check.record import check_record
from custody_check.trust import Reader

FOLDER = Path(sys.argv.pop(1)) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else Path("../../test/vectors")


def stored(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


def is_taken(read: Callable[[], Any], *errors: type[Exception]) -> bool:
    try:
        read()
    except errors:
        return False
    return True


def hashes(of: list[str]) -> list[bytes]:
    return [bytes.fromhex(each) for each in of]


class Vectors(unittest.TestCase):
    maxDiff = None

    def judge(self, vectors: list[dict[str, Any]], is_good: Callable[[dict[str, Any]], bool]) -> None:
        self.assertEqual([each for each in vectors if is_good(each) != each["ok"]], [])

    def test_signatures(self) -> None:
        for kind, verify in (("ed25519", ed25519.verify), ("ml-dsa-44", mldsa44.verify)):
            parts = ("key", "message", "signature")
            self.judge(stored("signatures.json")[kind], lambda each: verify(*(bytes.fromhex(each[part]) for part in parts)))

    def test_canonical_texts(self) -> None:
        self.judge(stored("canonical.json"), lambda each: is_taken(lambda: parse(each["text"]), NotCanonical))

    def test_notes(self) -> None:
        notes = stored("notes.json")
        self.judge(notes["keys"], lambda each: is_taken(lambda: parse_key(each["text"]), NoteError))
        self.judge(notes["checkpoints"], lambda each: is_taken(lambda: parse_checkpoint(each["text"]), NoteError))
        self.judge(notes["proofs"], lambda each: is_taken(lambda: parse_proof(each["text"]), NoteError))
        self.judge(notes["notes"], self.is_signed)

    @staticmethod
    def is_signed(vector: dict[str, Any]) -> bool:
        try:
            return signers(parse_note(vector["note"]), [parse_key(vector["key"])]) != []
        except NoteError:
            return False

    def test_policies(self) -> None:
        policies = stored("policies.json")
        self.judge(policies["policies"], lambda each: is_taken(lambda: parse_policy(each["text"].encode()), NoteError))
        self.judge(policies["verdicts"], self.is_witnessed)

    @staticmethod
    def is_witnessed(vector: dict[str, Any]) -> bool:
        policy = parse_policy(vector["policy"].encode())
        try:
            found = witnessed(policy, parse_note(vector["note"]))
        except NoteError:
            return False
        return policy.is_reached({each.witness for each in found})

    def test_trees(self) -> None:
        trees = stored("trees.json")
        self.judge(
            trees["inclusion"],
            lambda each: root_from(bytes.fromhex(each["leaf"]), each["index"], each["size"], hashes(each["path"]))
            == bytes.fromhex(each["root"]),
        )
        self.judge(
            trees["consistency"],
            lambda each: is_consistent(
                each["old_size"], bytes.fromhex(each["old_root"]), each["size"], bytes.fromhex(each["root"]), hashes(each["proof"])
            ),
        )

    def test_evidence(self) -> None:
        for vector in stored("evidence.json"):
            with self.subTest(vector["what"]):
                said, expected = self.said(vector), vector["expected"]
                if said is not None and expected is not None and "withheld" not in expected:
                    del said["withheld"]
                self.assertEqual(said, expected)

    @staticmethod
    def said(vector: dict[str, Any]) -> dict[str, Any] | None:
        policy = parse_policy(vector["policy"].encode()) if "policy" in vector else None
        reader = Reader([parse_key(each) for each in vector["keys"]], policy)
        try:
            if vector["kind"] == "row":
                report = check_proof(vector["file"], reader)
            else:
                packed = zlib.compressobj(wbits=31)
                report = check_record(packed.compress(vector["file"].encode("utf-8")) + packed.flush(), reader)
        except Unreadable:
            return None
        answer = report.json()
        proven = [each["what"] for each in answer["proven"]] if report.ok else []
        resting = {"rests_on": [entry for _, entry in report.rests_on]} if report.rests_on and answer["trust"] != "none" else {}
        return {"ok": report.ok, "trust": answer["trust"], "proven": proven, "withheld": report.withheld, **resting}


if __name__ == "__main__":
    unittest.main()
