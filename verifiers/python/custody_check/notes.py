"""C2SP signed notes, checkpoints, cosignatures, proofs and policies (c2sp.org)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from hashlib import sha256

from . import ed25519, mldsa44

ED25519, ED25519_COSIGNATURE, MLDSA44_COSIGNATURE = 0x01, 0x04, 0x06
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100


class NoteError(Exception):
    """A note, key, checkpoint, proof or policy isn't what it should be."""


def from_base64(text: str) -> bytes:
    """Standard base64 with its padding, and no other spelling of the same bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError(f"not base64: {text[:40]}") from error
    if base64.b64encode(data).decode() != text:
        raise NoteError(f"not the canonical base64 of its bytes: {text[:40]}")
    return data


def is_name(name: str) -> bool:
    return name != "" and "+" not in name and all(not char.isspace() and char > "\x1f" for char in name)


@dataclass(frozen=True)
class Key:
    """A verifier key, `name+hash+base64(type ‖ public key)`."""

    name: str
    id: bytes
    type: int
    public_key: bytes
    text: str

    @property
    def short(self) -> str:
        return f"{self.name}+{self.id.hex()}"

    @property
    def is_cosigner(self) -> bool:
        return self.type in (ED25519_COSIGNATURE, MLDSA44_COSIGNATURE)


def parse_key(text: str) -> Key:
    match = re.fullmatch(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text)
    if match is None or not is_name(match[1]):
        raise NoteError("not a verifier key (name+hash+base64)")
    data = from_base64(match[3])
    kind, public_key = data[0], data[1:]
    sound = mldsa44.is_key if kind == MLDSA44_COSIGNATURE else ed25519.is_key
    if kind not in (ED25519, ED25519_COSIGNATURE, MLDSA44_COSIGNATURE) or not sound(public_key):
        raise NoteError("the verifier key is neither Ed25519 nor ML-DSA-44")
    key_id = sha256(match[1].encode() + b"\n" + data).digest()[:4]
    if key_id.hex() != match[2]:
        raise NoteError("the verifier key does not fit its hash")
    return Key(match[1], key_id, kind, public_key, text)


@dataclass(frozen=True)
class Signature:
    name: str
    key_id: bytes
    data: bytes


@dataclass(frozen=True)
class Note:
    """`text` ends in a newline."""

    text: str
    signatures: tuple[Signature, ...]


def parse_note(note: str) -> Note:
    text, gap, lines = note.rpartition("\n\n")
    text += "\n"
    if gap == "" or not note.endswith("\n") or len(note.encode("utf-8", "surrogatepass")) > MAX_NOTE_BYTES:
        raise NoteError("it is not a signed note")
    if any(char < " " and char != "\n" for char in note) or any("\ud800" <= char <= "\udfff" for char in note):
        raise NoteError("a note has no control characters")
    signatures = tuple(map(parse_signature, lines[:-1].split("\n")))
    if len(signatures) > MAX_SIGNATURES:
        raise NoteError(f"it has more than {MAX_SIGNATURES} signatures")
    return Note(text, signatures)


def parse_signature(line: str) -> Signature:
    match = re.fullmatch(r"— (\S+) (\S+)", line)
    if match is None or not is_name(match[1]):
        raise NoteError(f"a signature line is malformed: {line[:60]}")
    data = from_base64(match[2])
    if len(data) < 5:
        raise NoteError(f"a signature line is malformed: {line[:60]}")
    return Signature(match[1], data[:4], data[4:])


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes


def parse_checkpoint(text: str) -> Checkpoint:
    match = re.fullmatch(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n", text)
    if match is None or int(match[2]) >= 2**53:
        raise NoteError("not a checkpoint (origin, size and root, each on a line)")
    return Checkpoint(match[1], int(match[2]), from_base64(match[3]))


def signed_message(key: Key, text: str, timestamp: int) -> bytes:
    """What a key signs for the text of a note; of a cosignature the text must be a checkpoint's."""
    if key.type == ED25519:
        return text.encode()
    if key.type == ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {timestamp}\n{text}".encode()
    checkpoint = parse_checkpoint(text)
    return cosigned_message(key.name, timestamp, checkpoint)


def cosigned_message(name: str, timestamp: int, checkpoint: Checkpoint) -> bytes:
    parts = [b"subtree/v1\n\0", _opaque(name), timestamp.to_bytes(8, "big"), _opaque(checkpoint.origin)]
    parts += [(0).to_bytes(8, "big"), checkpoint.size.to_bytes(8, "big"), checkpoint.root]
    return b"".join(parts)


def _opaque(text: str) -> bytes:
    data = text.encode()
    if not 1 <= len(data) <= 255:
        raise NoteError("a name or an origin is too long")
    return bytes([len(data)]) + data


def timestamp_of(key: Key, data: bytes) -> int:
    """Seconds since the epoch; 0 where a signature of this kind has no time, or says none."""
    return int.from_bytes(data[:8], "big") if key.is_cosigner else 0


def is_signed(key: Key, text: str, data: bytes) -> bool:
    if key.type == ED25519:
        return ed25519.verify(key.public_key, text.encode(), data)
    if len(data) < 8 or timestamp_of(key, data) >= 2**63:
        return False
    message = signed_message(key, text, timestamp_of(key, data))
    verify = mldsa44.verify if key.type == MLDSA44_COSIGNATURE else ed25519.verify
    return verify(key.public_key, message, data[8:])


def signers(note: Note, keys: list[Key]) -> list[tuple[Key, Signature]]:
    """Those of the keys that have signed the note. A bad signature of one of them spoils the note."""
    found = []
    for signature in note.signatures:
        for key in keys:
            if (key.name, key.id) != (signature.name, signature.key_id):
                continue
            if not is_signed(key, note.text, signature.data):
                raise NoteError(f"the signature of {key.short} is not one of this text")
            found.append((key, signature))
    return found


# ── tlog-proof ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class InclusionProof:
    index: int
    path: list[bytes]
    checkpoint: str
    """The note, verbatim."""


def parse_proof(text: str) -> InclusionProof:
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    match = re.fullmatch(r"index (0|[1-9][0-9]{0,15})", lines[1]) if len(lines) > 1 else None
    if gap == "" or lines[0] != "c2sp.org/tlog-proof@v1" or match is None:
        raise NoteError("not a proof of inclusion (c2sp.org/tlog-proof@v1)")
    path = [from_base64(line) for line in lines[2:]]
    if any(len(each) != 32 for each in path) or len(path) > 63:
        raise NoteError("the proof of inclusion has something that is no hash")
    return InclusionProof(int(match[1]), path, checkpoint)


# ── tlog-policy ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Policy:
    logs: list[Key] = field(default_factory=list)
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    quorum: str = ""

    def is_reached(self, cosigned: set[str]) -> bool:
        """Whether the witnesses of these names are as many as it demands."""
        return self._has(self.quorum, cosigned)

    def _has(self, name: str, cosigned: set[str]) -> bool:
        if name == "none" or name in self.witnesses:
            return name == "none" or name in cosigned
        least, members = self.groups[name]
        return sum(self._has(each, cosigned) for each in members) >= least


@dataclass(frozen=True)
class Cosignature:
    witness: str
    """Its name in the policy."""
    key: Key
    seconds: int
    """Since the Unix epoch; 0 if it says no time."""


def witnessed(policy: Policy, note: Note) -> list[Cosignature]:
    """By witnesses of the policy. A wrong one spoils the note."""
    keys = {key: name for name, key in policy.witnesses.items()}
    found = [(key, timestamp_of(key, signature.data)) for key, signature in signers(note, list(keys))]
    for key, seconds in found:
        if seconds >= 2**53:
            raise NoteError(f"the cosignature of {key.short} has a time that isn't one")
    return [Cosignature(keys[key], key, seconds) for key, seconds in found]


def parse_policy(data: bytes) -> Policy:
    if any(byte < 0x20 and byte not in (0x09, 0x0A) or byte == 0x7F for byte in data):
        raise NoteError("the policy has a control character")
    if not data.endswith(b"\n"):
        raise NoteError("the policy doesn't end in a newline: it may have been cut")
    policy, seen, members = Policy(), set[bytes](), set[str]()
    # Names are bytes to the policy: this way each byte has a character.
    for number, line in enumerate(data.decode("latin-1").split("\n"), 1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            _take(policy, words, seen, members)
        except (NoteError, IndexError, ValueError) as error:
            raise NoteError(f"line {number} of the policy: {error}") from error
    if not policy.quorum:
        raise NoteError("the policy has no quorum")
    return policy


def _take(policy: Policy, words: list[str], seen: set[bytes], members: set[str]) -> None:
    kind = words[0]
    known = {*policy.witnesses, *policy.groups}
    if kind == "log" and len(words) in (2, 3):
        key = _fresh(words[1], seen)
        if key.type == ED25519_COSIGNATURE:
            raise NoteError(f"{key.short} is a witness's key, and none of a log")
        policy.logs.append(key)
    elif kind == "witness" and len(words) in (3, 4):
        key = _fresh(words[2], seen)
        if words[1] in known or words[1] == "none":
            raise NoteError(f"{words[1]} is defined twice")
        if not key.is_cosigner:
            raise NoteError(f"the key of {words[1]} is none of a witness")
        policy.witnesses[words[1]] = key
    elif kind == "group" and len(words) >= 4:
        name, least, names = words[1], words[2], words[3:]
        count = {"all": len(names), "any": 1}.get(least)
        if count is None:
            count = int(least) if re.fullmatch(r"[1-9][0-9]*", least) else 0
        if name in known or name == "none" or not 1 <= count <= len(names):
            raise NoteError(f"group {name} is no group")
        for each in names:
            if each not in known or each in members:
                raise NoteError(f"{each} isn't known, or is a member twice")
            members.add(each)
        policy.groups[name] = (count, names)
    elif kind == "quorum" and len(words) == 2:
        if policy.quorum or words[1] not in known | {"none"}:
            raise NoteError("the quorum is defined twice, or isn't known")
        policy.quorum = words[1]
    else:
        raise NoteError(f"{' '.join(words)[:60]} is no line of a policy")


def _fresh(text: str, seen: set[bytes]) -> Key:
    """One that no log and no witness has before it."""
    key = parse_key(text.encode("latin-1").decode("utf-8"))
    mark = bytes([key.type == MLDSA44_COSIGNATURE]) + key.public_key
    if mark in seen:
        raise NoteError(f"{key.short} is there twice")
    seen.add(mark)
    return key
