"""Timestamps of heads: TimeStampTokens of RFC 3161 (docs/proof-format.md, "Timestamps")."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Iterator

from . import der
from .certificates import Certificate, digest_of, is_signed, leads_to, parse_certificate
from .der import OCTETS, SEQUENCE, SET, DerError, Value, context

SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
MOST_CERTIFICATES = 16
LAST_MS = 253_402_300_799_999
"""Of the year 9999, since the epoch."""


@dataclass(frozen=True)
class Timestamp:
    milliseconds: int
    """Since the epoch: by then."""
    authority: str
    is_trusted: bool


def check_timestamp(token: bytes, note: bytes, trusted: list[Certificate]) -> Timestamp:
    """Raises DerError if it isn't a token of the note that holds."""
    try:
        return _check(token, note, trusted)
    except (ValueError, IndexError) as error:
        raise DerError(f"a part of it is missing, or one too many: {error}") from error


def _check(token: bytes, note: bytes, trusted: list[Certificate]) -> Timestamp:
    kind, signed = der.parse(token).of(SEQUENCE).members()
    if kind.oid() != SIGNED_DATA:
        raise DerError("it is no signed data")
    version, _, content, *rest = signed.of(context(0)).inner().of(SEQUENCE).members()
    if version.number() != 3:
        raise DerError("it is of a version that isn't known")
    content_kind, wrapped = content.of(SEQUENCE).members()
    info = wrapped.of(context(0)).inner().of(OCTETS).content
    (signer,) = rest[-1].of(SET).members()
    carried = [each for part in rest[:-1] if part.tag == context(0) for each in part.members()]
    if len(carried) > MOST_CERTIFICATES:
        raise DerError(f"it carries more than {MOST_CERTIFICATES} certificates")
    certificates = list(_readable(carried))
    if content_kind.oid() != TST_INFO:
        raise DerError("its content is no timestamp")
    at, until = _info(info, note)
    certificate = _signer(signer, info, certificates)
    if not certificate.signs_timestamps():
        raise DerError("its certificate doesn't sign timestamps")
    milliseconds = math.ceil(until * 1000)
    if milliseconds > LAST_MS:
        raise DerError("it may be of a time after the year 9999")
    return Timestamp(milliseconds, certificate.subject_name, leads_to(certificate, certificates, trusted, at))


def _readable(carried: list[Value]) -> Iterator[Certificate]:
    for each in carried:
        try:
            yield parse_certificate(each.der)
        except DerError:
            # It leads nowhere.
            continue


def _info(info: bytes, note: bytes) -> tuple[Fraction, Fraction]:
    """When it was made, and the latest moment that this can mean."""
    version, policy, imprint, serial, time, *rest = der.parse(info).of(SEQUENCE).members()
    policy.oid(), serial.number()
    digest, hashed = imprint.of(SEQUENCE).members()
    if version.number() != 1 or digest_of(digest) != "sha256":
        raise DerError("it is of a version, or has a digest, that isn't known")
    if hashed.of(OCTETS).content != hashlib.sha256(note).digest():
        raise DerError("it is of something else")
    at = time.of(der.TIME).time()
    accuracy = Fraction(0)
    if rest and rest[0].tag == SEQUENCE:
        scale = {der.INTEGER: 1, context(0, False): 1000, context(1, False): 1_000_000}
        for part in rest.pop(0).members():
            if part.tag not in scale:
                raise DerError("its accuracy has what isn't known")
            accuracy += Fraction(Value(der.INTEGER, part.content, part.der).natural(), scale[part.tag])
    for part in rest:
        if part.tag != context(1):
            continue
        for extension in part.members():
            _, *flag, _ = extension.of(SEQUENCE).members()
            if flag and flag[0].flag():
                raise DerError("it has a critical extension")
    return at, at + accuracy


def _signer(signer: Value, info: bytes, certificates: list[Certificate]) -> Certificate:
    version, named, digest, attributes, kind, signature, *_ = signer.of(SEQUENCE).members()
    issuer, serial = named.of(SEQUENCE).members()
    hash_name = digest_of(digest)
    if version.number() != 1:
        raise DerError("its signer isn't named by issuer and serial number")
    certificate = next((c for c in certificates if (c.issuer, c.serial) == (issuer.der, serial.number())), None)
    if certificate is None:
        raise DerError("the signer's certificate isn't in it")
    found = _attributes(attributes.of(context(0)))
    if found[CONTENT_TYPE].oid() != TST_INFO:
        raise DerError("its attributes are of another content")
    if found[MESSAGE_DIGEST].of(OCTETS).content != hashlib.new(hash_name, info).digest():
        raise DerError("its attributes have another digest")
    _names(found[SIGNING_CERTIFICATE], certificate)
    # What is signed has the tag of a set, in the place of that which it has here.
    message = bytes([SET]) + attributes.der[1:]
    if not is_signed(certificate.key, kind, hash_name, message, signature.of(OCTETS).content):
        raise DerError("its signature doesn't hold")
    return certificate


def _attributes(attributes: Value) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for each in attributes.members():
        kind, values = each.of(SEQUENCE).members()
        if kind.oid() in found:
            raise DerError("it has an attribute twice")
        found[kind.oid()] = values.of(SET)
    for name in (CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE):
        if name not in found:
            raise DerError("it lacks an attribute")
    return {name: found[name].inner() for name in (CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE)}


def _names(value: Value, certificate: Certificate) -> None:
    """signing-certificate-v2 (RFC 5816): the first that it names is the signer's."""
    first = value.of(SEQUENCE).members()[0].of(SEQUENCE).members()[0]
    parts = first.of(SEQUENCE).members()
    digest = digest_of(parts.pop(0)) if parts[0].tag == SEQUENCE else "sha256"
    if parts.pop(0).of(OCTETS).content != hashlib.new(digest, certificate.der).digest():
        raise DerError("it names another certificate")
    if parts:
        issuers, serial = parts[0].of(SEQUENCE).members()
        names = [each.of(context(4)).inner().der for each in issuers.of(SEQUENCE).members()]
        if names != [certificate.issuer] or serial.number() != certificate.serial:
            raise DerError("it names another issuer, or number")
