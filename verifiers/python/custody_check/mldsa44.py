"""Verification of ML-DSA-44 signatures (FIPS 204, algorithms 3 and 8), with an empty context.

Polynomials are lists of 256 coefficients modulo Q.
"""

from __future__ import annotations

from hashlib import shake_128, shake_256

Q = 8380417
N = 256
D = 13
TAU = 39
GAMMA1 = 1 << 17
GAMMA2 = (Q - 1) // 88
K = 4
L = 4
BETA = 78
OMEGA = 80
CHALLENGE_BYTES = 32  # lambda / 4

KEY_BYTES = 32 + 320 * K
SIGNATURE_BYTES = CHALLENGE_BYTES + L * 576 + OMEGA + K


def _bit_reversed(number: int) -> int:
    return int(f"{number:08b}"[::-1], 2)


ZETAS = [pow(1753, _bit_reversed(i), Q) for i in range(N)]


def ntt(polynomial: list[int]) -> list[int]:
    """Algorithm 41."""
    w = polynomial[:]
    m = 0
    length = 128
    while length >= 1:
        for start in range(0, N, 2 * length):
            m += 1
            zeta = ZETAS[m]
            for j in range(start, start + length):
                t = zeta * w[j + length] % Q
                w[j + length] = (w[j] - t) % Q
                w[j] = (w[j] + t) % Q
        length //= 2
    return w


def inverse_ntt(polynomial: list[int]) -> list[int]:
    """Algorithm 42."""
    w = polynomial[:]
    m = 256
    length = 1
    while length < N:
        for start in range(0, N, 2 * length):
            m -= 1
            zeta = Q - ZETAS[m]
            for j in range(start, start + length):
                t = w[j]
                w[j] = (t + w[j + length]) % Q
                w[j + length] = zeta * (t - w[j + length]) % Q
        length *= 2
    return [8347681 * each % Q for each in w]


def _bits(data: bytes, width: int) -> list[int]:
    number = int.from_bytes(data, "little")
    mask = (1 << width) - 1
    return [number >> i * width & mask for i in range(len(data) * 8 // width)]


def _expand_a(rho: bytes) -> list[list[list[int]]]:
    """Algorithm 32: the matrix, in the NTT domain."""
    return [[_rejection_sampled(rho + bytes([s, r])) for s in range(L)] for r in range(K)]


def _rejection_sampled(seed: bytes) -> list[int]:
    """Algorithm 30."""
    # Of 3 bytes each some 99.9 % are taken; more is squeezed where that isn't enough.
    length = 840
    while True:
        stream = shake_128(seed).digest(length)
        found = []
        for i in range(0, length - 2, 3):
            number = stream[i] | stream[i + 1] << 8 | (stream[i + 2] & 0x7F) << 16
            if number < Q:
                found.append(number)
                if len(found) == N:
                    return found
        length *= 2


def _sample_in_ball(seed: bytes) -> list[int]:
    """Algorithm 29."""
    length = 272
    while True:
        stream = shake_256(seed).digest(length)
        signs = int.from_bytes(stream[:8], "little")
        c = [0] * N
        at = 8
        complete = True
        for i in range(N - TAU, N):
            while at < length and stream[at] > i:
                at += 1
            if at == length:
                complete = False
                break
            j = stream[at]
            at += 1
            c[i] = c[j]
            c[j] = Q - 1 if signs >> (i + TAU - N) & 1 else 1
        if complete:
            return c
        length *= 2


def _hint(data: bytes) -> list[list[int]] | None:
    """Algorithm 21: by polynomial the places of its ones; None if the bytes aren't the one encoding of a hint."""
    result = []
    index = 0
    for i in range(K):
        end = data[OMEGA + i]
        if end < index or end > OMEGA:
            return None
        places = list(data[index:end])
        if any(a >= b for a, b in zip(places, places[1:])):
            return None
        result.append(places)
        index = end
    return None if any(data[index:OMEGA]) else result


def _use_hint(hinted: bool, r: int) -> int:
    """Algorithm 40."""
    m = (Q - 1) // (2 * GAMMA2)
    low = r % (2 * GAMMA2)
    if low > GAMMA2:
        low -= 2 * GAMMA2
    if r - low == Q - 1:
        high, low = 0, low - 1
    else:
        high = (r - low) // (2 * GAMMA2)
    if not hinted:
        return high
    return (high + 1) % m if low > 0 else (high - 1) % m


def is_key(data: bytes) -> bool:
    return len(data) == KEY_BYTES


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    if not is_key(key) or len(signature) != SIGNATURE_BYTES:
        return False
    rho = key[:32]
    t1 = [_bits(key[32 + 320 * i : 352 + 320 * i], 10) for i in range(K)]
    challenge = signature[:CHALLENGE_BYTES]
    z_bytes = signature[CHALLENGE_BYTES : CHALLENGE_BYTES + 576 * L]
    z = [[GAMMA1 - each for each in _bits(z_bytes[576 * i : 576 * i + 576], 18)] for i in range(L)]
    hint = _hint(signature[CHALLENGE_BYTES + 576 * L :])
    if hint is None or any(abs(each) >= GAMMA1 - BETA for poly in z for each in poly):
        return False
    # Of a message that isn't hashed before, with an empty context (algorithm 3).
    mu = shake_256(shake_256(key).digest(64) + b"\x00\x00" + message).digest(64)
    c = ntt(_sample_in_ball(challenge))
    z_ntt = [ntt([each % Q for each in poly]) for poly in z]
    packed = bytearray()
    for row, t, ones in zip(_expand_a(rho), t1, hint):
        t_ntt = ntt([each << D for each in t])
        product = [
            (sum(a[i] * z_poly[i] for a, z_poly in zip(row, z_ntt)) - c[i] * t_ntt[i]) % Q for i in range(N)
        ]
        hinted = set(ones)
        w1 = [_use_hint(i in hinted, each) for i, each in enumerate(inverse_ntt(product))]
        packed += sum(each << 6 * i for i, each in enumerate(w1)).to_bytes(192, "little")
    return shake_256(mu + bytes(packed)).digest(CHALLENGE_BYTES) == challenge
