"""Which keys are in force in a ledger, by its log 0, and which of its heads are good (docs/ledger-format.md, sections 3 and 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import ed25519, mldsa44
from .canonical import canonical
from .entries import FormatError, hash_of, listed, obj, text, whole
from .notes import ED25519, MLDSA44_COSIGNATURE, Key, Note, NoteError, parse_key, parse_signature, signers


@dataclass
class Term:
    key: Key
    added: int
    taken: int | None = None
    revoked: bool = False


class KeySet:
    """The keys of a ledger, as its birth and each `key` entry after it say."""

    def __init__(self, birth: dict[str, Any]) -> None:
        obj(birth, "birth", {"k", "format", "ledger", "keys", "signatures", "t", "z"}, {"recovery", "succeeds"})
        if birth["format"] != 1:
            raise FormatError(f"format {birth['format']} isn't known here")
        self.ledger: str = text(birth["ledger"], "ledger")
        keys = _keys(birth["keys"])
        self.recovery = _keys(birth["recovery"]) if "recovery" in birth else []
        if "succeeds" in birth:
            succeeds = obj(birth["succeeds"], "succeeds", {"ledger", "size", "root"})
            text(succeeds["ledger"], "ledger"), whole(succeeds["size"], 1, "size"), hash_of(succeeds["root"], "root")
        whole(birth["t"], 0, "t")
        facts = {key: value for key, value in birth.items() if key not in ("k", "signatures", "z")}
        signed = _signers(f"custody birth\n{canonical(facts)}\n", birth["signatures"], keys)
        if signed != set(keys):
            raise FormatError("a key of the birth hasn't signed it")
        types = {key.type for key in keys}
        if ED25519 not in types:
            raise FormatError("the birth names no key of Ed25519")
        if set(self.recovery) & set(keys) or self.recovery and types - {key.type for key in self.recovery}:
            raise FormatError("the recovery keys don't fit the keys of the birth")
        self.terms = [Term(key, 0) for key in keys]

    @property
    def all(self) -> list[Key]:
        """Those that are or were in force, and recovery keys."""
        return [*(term.key for term in self.terms), *self.recovery]

    def change(self, index: int, root: bytes, entry: dict[str, Any]) -> None:
        """A `key` entry at `index`, behind entries with this root."""
        obj(entry, "key", {"k", "change", "keys", "signatures", "t", "z"})
        kind, named = entry["change"], _keys(entry["keys"])
        if kind not in ("add", "retire", "revoke"):
            raise FormatError(f"a change of keys is no {kind}")
        facts = {"change": kind, "index": index, "keys": entry["keys"], "ledger": self.ledger, "root": root.hex()}
        before = [term.key for term in self.terms if term.taken is None]
        added = named if kind == "add" else []
        voices = list(dict.fromkeys([*before, *added, *self.recovery]))
        signed = _signers(f"custody key change\n{canonical(facts)}\n", entry["signatures"], voices)
        stay = [key for key in before if kind == "add" or key not in named]
        types = {key.type for key in before}
        by_kept = types <= {key.type for key in stay if key in signed}
        by_recovery = types <= {key.type for key in self.recovery if key in signed}
        if not by_kept and not by_recovery:
            raise FormatError("the change of keys isn't signed by keys of each type that is in force and stays so")
        if kind == "add":
            known = {term.key for term in self.terms if term.taken is None or term.revoked} | set(self.recovery)
            if not set(added) <= signed or known & set(added):
                raise FormatError("a key is added that hasn't signed it, or can't be")
            self.terms += [Term(key, index) for key in added]
            return
        if not set(named) <= set(before) or types - {key.type for key in stay}:
            raise FormatError("keys are taken away that aren't in force, or the last of a type")
        for term in self.terms:
            if term.taken is None and term.key in named:
                term.taken, term.revoked = index, kind == "revoke"

    def good_for(self, size: int) -> list[Key]:
        """For a head of log 0 with so many entries."""
        return [t.key for t in self.terms if t.added < size and (t.taken is None or size <= t.taken)]

    def good_for_run(self, seq: int, sealed: bool, since: int) -> list[Key]:
        """For the head of a run of which log 0 spoke last at `seq`. `since` is that, too; of a split, where its run was opened."""
        return [
            t.key
            for t in self.terms
            if t.key.type == ED25519
            and t.added <= seq
            and (t.taken is None or since < t.taken)
            and (sealed or not t.revoked)
        ]

    def trusted_signers(self, trusted: list[Key]) -> list[list[Key]]:
        """Of each signer all of whose trusted types have a key that was named by the birth, or added later: these keys."""
        known = {term.key for term in self.terms}
        found = []
        for name in dict.fromkeys(key.name for key in trusted):
            own = [key for key in trusted if key.name == name]
            there = [key for key in own if key in known]
            if {key.type for key in own} == {key.type for key in there}:
                found.append(there)
        return found

    def rests_on(self, trusted: list[Key]) -> list[Term]:
        """What was revoked of the keys by which the reader trusts the ledger, if all of them were."""
        revoked = {term.key: term for term in self.terms if term.revoked}
        signers = self.trusted_signers(trusted)
        if not all(key in revoked for signer in signers for key in signer):
            return []
        return [revoked[key] for key in dict.fromkeys(key for signer in signers for key in signer)]

    def check_head(self, note: Note, size: int) -> list[Key]:
        """Those that have signed a head of log 0: of each type that is good for its size, one at least."""
        good = self.good_for(size)
        signed = [key for key, _ in signers(note, good)]
        if {key.type for key in good} - {key.type for key in signed} or not signed:
            raise NoteError("the head isn't signed by a key of each type that is in force")
        return signed


def _keys(value: Any) -> list[Key]:
    try:
        keys = [parse_key(text(each, "keys")) for each in listed(value, "keys")]
    except NoteError as error:
        raise FormatError(str(error)) from error
    if not keys or len(set(keys)) != len(keys) or any(k.type not in (ED25519, MLDSA44_COSIGNATURE) for k in keys):
        raise FormatError("`keys` names none, one twice, or one of another type")
    return keys


def _signers(statement: str, lines: Any, keys: list[Key]) -> set[Key]:
    """Whoever isn't asked, signs twice, or signs something else, spoils the statement."""
    signed: set[Key] = set()
    for line in listed(lines, "signatures"):
        try:
            signature = parse_signature("— " + text(line, "signatures"))
        except NoteError as error:
            raise FormatError(str(error)) from error
        key = next((k for k in keys if (k.name, k.id) == (signature.name, signature.key_id)), None)
        if key is None or key in signed:
            raise FormatError(f"a signature of {signature.name} has no say, or is there twice")
        verify = ed25519.verify if key.type == ED25519 else mldsa44.verify
        if not verify(key.public_key, statement.encode(), signature.data):
            raise FormatError(f"the signature of {key.short} isn't one of it")
        signed.add(key)
    return signed
