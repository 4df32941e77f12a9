"""X.509 certificates of timestamp authorities, and signatures by their keys: RSA (PKCS #1 v1.5) and ECDSA over P-256 and P-384."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from fractions import Fraction

from . import der
from .der import BITS, OCTETS, SEQUENCE, SET, DerError, Value, context

HASHES = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
RSA = "1.2.840.113549.1.1.1"
EC = "1.2.840.10045.2.1"
RSA_WITH = {"1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384", "1.2.840.113549.1.1.13": "sha512"}
ECDSA_WITH = {"1.2.840.10045.4.3.2": "sha256", "1.2.840.10045.4.3.3": "sha384", "1.2.840.10045.4.3.4": "sha512"}
BASIC, USAGE, EXTENDED, POLICIES = "2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.32"
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
DIGITAL_SIGNATURE, NON_REPUDIATION, KEY_CERT_SIGN = 0, 1, 5
NAMES = {"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU"}
LONGEST_PATH = 6


def algorithm(value: Value) -> tuple[str, Value | None]:
    """Its identifier, and its parameters; an absent one and NULL are the same."""
    parts = value.of(SEQUENCE).members()
    if not 1 <= len(parts) <= 2:
        raise DerError("an algorithm has an identifier and parameters")
    parameters = parts[1] if len(parts) == 2 else None
    return parts[0].oid(), None if parameters is not None and parameters.der == b"\x05\0" else parameters


def digest_of(value: Value) -> str:
    name, _ = algorithm(value)
    if name not in HASHES:
        raise DerError("a digest is none of SHA-256, SHA-384 and SHA-512")
    return HASHES[name]


# ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Curve:
    p: int
    b: int
    order: int
    base: tuple[int, int]


_P256 = Curve(
    2**256 - 2**224 + 2**192 + 2**96 - 1,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)
_P384 = Curve(
    2**384 - 2**128 - 2**96 + 2**32 - 1,
    0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    (
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    ),
)
CURVES = {"1.2.840.10045.3.1.7": _P256, "1.3.132.0.34": _P384}


def _add(curve: Curve, a: tuple[int, int] | None, b: tuple[int, int] | None) -> tuple[int, int] | None:
    """None is the point at infinity."""
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0]:
        if (a[1] + b[1]) % curve.p == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, curve.p) % curve.p
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, curve.p) % curve.p
    x = (slope * slope - a[0] - b[0]) % curve.p
    return x, (slope * (a[0] - x) - a[1]) % curve.p


def _multiply(curve: Curve, scalar: int, point: tuple[int, int]) -> tuple[int, int] | None:
    result: tuple[int, int] | None = None
    doubled: tuple[int, int] | None = point
    while scalar:
        if scalar & 1:
            result = _add(curve, result, doubled)
        doubled = _add(curve, doubled, doubled)
        scalar >>= 1
    return result


@dataclass(frozen=True)
class RsaKey:
    modulus: int
    exponent: int

    def verifies(self, digest: str, message: bytes, signature: bytes) -> bool:
        size = (self.modulus.bit_length() + 7) // 8
        number = int.from_bytes(signature, "big")
        if len(signature) != size or number >= self.modulus:
            return False
        oid = next(oid for oid, name in HASHES.items() if name == digest)
        hashed = hashlib.new(digest, message).digest()
        info = _sequence(_sequence(_oid(oid) + b"\x05\0") + bytes([OCTETS, len(hashed)]) + hashed)
        padded = b"\0\x01" + b"\xff" * (size - len(info) - 3) + b"\0" + info
        return pow(number, self.exponent, self.modulus).to_bytes(size, "big") == padded


@dataclass(frozen=True)
class EcKey:
    curve: Curve
    point: tuple[int, int]

    def verifies(self, digest: str, message: bytes, signature: bytes) -> bool:
        try:
            r, s = (each.number() for each in der.parse(signature).of(SEQUENCE).members())
        except (DerError, ValueError):
            return False
        order = self.curve.order
        if not (0 < r < order and 0 < s < order):
            return False
        hashed = hashlib.new(digest, message).digest()
        excess = max(0, 8 * len(hashed) - order.bit_length())
        z = int.from_bytes(hashed, "big") >> excess
        inverse = pow(s, -1, order)
        found = _add(
            self.curve,
            _multiply(self.curve, z * inverse % order, self.curve.base),
            _multiply(self.curve, r * inverse % order, self.point),
        )
        return found is not None and found[0] % order == r


def _sequence(content: bytes) -> bytes:
    return bytes([SEQUENCE, len(content)]) + content


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = b""
    for number in (40 * first + second, *rest):
        part = bytes([number & 0x7F])
        while number := number >> 7:
            part = bytes([number & 0x7F | 0x80]) + part
        content += part
    return bytes([der.OID, len(content)]) + content


def _public_key(value: Value) -> RsaKey | EcKey:
    kind, bits = value.of(SEQUENCE).members()
    name, parameters = algorithm(kind)
    if name == RSA and parameters is None:
        modulus, exponent = (each.natural() for each in der.parse(bits.bits()).of(SEQUENCE).members())
        is_size = 2048 <= modulus.bit_length() <= 8192 and 3 <= exponent < 2**64
        if not is_size or modulus % 2 == 0 or exponent % 2 == 0:
            raise DerError("an RSA key has a size that isn't known")
        return RsaKey(modulus, exponent)
    curve = CURVES.get(parameters.oid()) if name == EC and parameters is not None else None
    if curve is None:
        raise DerError("a key is neither RSA nor of P-256 or P-384")
    data = bits.bits()
    size = (curve.p.bit_length() + 7) // 8
    x, y = int.from_bytes(data[1 : 1 + size], "big"), int.from_bytes(data[1 + size :], "big")
    if len(data) != 1 + 2 * size or data[0] != 4 or max(x, y) >= curve.p or (y * y - x**3 + 3 * x - curve.b) % curve.p:
        raise DerError("a key isn't a point of its curve")
    return EcKey(curve, (x, y))


def is_signed(key: RsaKey | EcKey, kind: Value, digest: str | None, message: bytes, signature: bytes) -> bool:
    """`digest`: the one that the algorithm must be with; None: whichever it names."""
    name, _ = algorithm(kind)
    known = RSA_WITH if isinstance(key, RsaKey) else ECDSA_WITH
    named = digest if name == RSA and isinstance(key, RsaKey) and digest is not None else known.get(name)
    if named is None or digest not in (None, named):
        return False
    return key.verifies(named, message, signature)


# ── certificates ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Certificate:
    der: bytes
    signed: bytes
    kind: Value
    signature: bytes
    serial: int
    issuer: bytes
    subject: bytes
    begins: Fraction
    ends: Fraction
    key_info: Value
    extensions: dict[str, tuple[bool, bytes]]
    """Whether each is critical, and its value."""

    @property
    def subject_name(self) -> str:
        return _name(der.parse(self.subject))

    @property
    def key(self) -> RsaKey | EcKey:
        try:
            return _public_key(self.key_info)
        except ValueError as error:
            raise DerError("a key is malformed") from error

    @property
    def usage(self) -> set[int] | None:
        found = self.extensions.get(USAGE)
        return None if found is None else der.parse(found[1]).named_bits()

    def signs_timestamps(self) -> bool:
        extended = self.extensions.get(EXTENDED)
        if extended is None or not extended[0]:
            return False
        purposes = [each.oid() for each in der.parse(extended[1]).of(SEQUENCE).members()]
        usage = self.usage
        return purposes == [TIME_STAMPING] and (usage is None or bool(usage & {DIGITAL_SIGNATURE, NON_REPUDIATION}))

    def may_certify(self, between: int) -> bool:
        """`between`: how many certificates stand between it and the signer's."""
        found = self.extensions.get(BASIC)
        if found is None:
            return False
        parts = der.parse(found[1]).of(SEQUENCE).members()
        is_authority = bool(parts) and parts[0].tag == der.BOOLEAN and parts[0].flag()
        longest = parts[1].natural() if len(parts) > 1 else None
        usage = self.usage
        return is_authority and (longest is None or between <= longest) and (usage is None or KEY_CERT_SIGN in usage)

    def is_usable(self, at: Fraction) -> bool:
        known = {BASIC, USAGE, EXTENDED, POLICIES}
        return self.begins <= at <= self.ends and not any(
            critical and name not in known for name, (critical, _) in self.extensions.items()
        )

    def has_signed(self, other: "Certificate") -> bool:
        try:
            return is_signed(self.key, other.kind, None, other.signed, other.signature)
        except DerError:
            return False

    def may_issue(self, other: "Certificate", at: Fraction, between: int) -> bool:
        try:
            return self.subject == other.issuer and self.is_usable(at) and self.may_certify(between) and self.has_signed(other)
        except DerError:
            return False


def parse_certificate(data: bytes) -> Certificate:
    try:
        whole = der.parse(data)
        signed, kind, signature = whole.of(SEQUENCE).members()
        version, serial, inner_kind, issuer, validity, subject, key, *rest = signed.of(SEQUENCE).members()
        begins, ends = (each.time() for each in validity.of(SEQUENCE).members())
        if begins.denominator != 1 or ends.denominator != 1:
            raise DerError("a certificate is valid to whole seconds")
        if any(each.tag == context(3) for each in rest[:-1]):
            raise DerError("a certificate's extensions don't stand at its end")
        if version.of(context(0)).inner().number() != 2 or inner_kind.der != kind.der:
            raise DerError("a certificate isn't one of version 3")
        extensions: dict[str, tuple[bool, bytes]] = {}
        for each in rest:
            if each.tag != context(3):
                continue
            for extension in each.inner().of(SEQUENCE).members():
                name, *flag, value = extension.of(SEQUENCE).members()
                if name.oid() in extensions or len(flag) > 1:
                    raise DerError("an extension isn't one, or is there twice")
                extensions[name.oid()] = (bool(flag) and flag[0].flag(), value.of(OCTETS).content)
        return Certificate(
            *(whole.der, signed.der, kind, signature.of(BITS).bits(), serial.number(), issuer.der, subject.der),
            *(begins, ends, key, extensions),
        )
    except ValueError as error:
        raise DerError("a certificate is malformed") from error


def _name(name: Value) -> str:
    parts = []
    for each in name.of(SEQUENCE).members():
        for attribute in each.of(SET).members():
            kind, value = attribute.of(SEQUENCE).members()
            text = f"#{value.der.hex()}"
            if value.tag in (der.UTF8, der.PRINTABLE, der.IA5):
                text = value.content.decode("utf-8", "replace")
            parts.append(f"{NAMES.get(kind.oid(), kind.oid())}={text}")
    return ", ".join(parts)


def parse_pem(text: str) -> list[Certificate]:
    found = re.findall(r"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----", text)
    if not found:
        raise DerError("there is no certificate in it (PEM)")
    try:
        return [parse_certificate(base64.b64decode("".join(each.split()), validate=True)) for each in found]
    except binascii.Error as error:
        raise DerError("a certificate isn't base64") from error


def leads_to(signer: Certificate, others: list[Certificate], trusted: list[Certificate], at: Fraction) -> bool:
    """Whether a path of at most six certificates leads from the signer's to one that is trusted, each good at that time."""
    anchors = {each.der for each in trusted}
    left = {each.der: each for each in (*trusted, *others)}
    reached = [signer] if signer.is_usable(at) else []
    for between in range(LONGEST_PATH):
        if any(each.der in anchors for each in reached):
            return True
        for each in reached:
            left.pop(each.der, None)
        # Each is reached once: of all paths that somebody can lay there are too many.
        reached = [each for each in left.values() if any(each.may_issue(below, at, between) for below in reached)]
    return False
