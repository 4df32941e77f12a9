"""The Merkle tree of RFC 6962, section 2.1, and the hashes of docs/ledger-format.md. Hashes are 32 bytes."""

from __future__ import annotations

from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(body: bytes) -> bytes:
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def commitment(salt: bytes, canonical_text: str) -> bytes:
    return sha256(b"\x02" + salt + canonical_text.encode("utf-8")).digest()


TILE_HEIGHT = 8


class Tree:
    """A tree that is only appended to. It keeps the roots of its complete subtrees, the largest first, and of its full tiles."""

    def __init__(self) -> None:
        self.size = 0
        self._nodes: list[bytes] = []
        self.tiles: dict[tuple[int, int], bytes] = {}
        """By level and index (C2SP tlog-tiles)."""

    def append(self, leaf: bytes) -> None:
        node, rest, height = leaf, self.size, 0
        while rest & 1:
            node = node_hash(self._nodes.pop(), node)
            rest >>= 1
            height += 1
            if height % TILE_HEIGHT == 0:
                self.tiles[height // TILE_HEIGHT - 1, rest] = node
        self._nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        return root_of(self._nodes)


def root_of(subtrees: list[bytes]) -> bytes:
    """Of complete subtrees, the largest first."""
    if not subtrees:
        return EMPTY_ROOT
    node = subtrees[-1]
    for each in reversed(subtrees[:-1]):
        node = node_hash(each, node)
    return node


def root_from(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2); None if no proof of this length can be one."""
    if not 0 <= index < size:
        return None
    at, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while at & 1 == 0 and at != 0:
                at >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        at >>= 1
        last >>= 1
    return node if last == 0 else None


def _left_of(index: int, size: int, path: list[bytes]) -> list[bytes]:
    """The complete subtrees of all leaves before `index`, the largest first: the left siblings of a proof that holds."""
    at, last, left = index, size - 1, []
    for sibling in path:
        if at & 1 or at == last:
            left.append(sibling)
            while at & 1 == 0 and at != 0:
                at >>= 1
                last >>= 1
        at >>= 1
        last >>= 1
    left.reverse()
    return left


def root_before(index: int, size: int, path: list[bytes]) -> bytes:
    """The root of the leaves before `index`, by a proof that holds."""
    return root_of(_left_of(index, size, path))


def root_with(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root of these and the leaf."""
    nodes, node = _left_of(index, size, path), leaf
    while index & 1:
        node = node_hash(nodes.pop(), node)
        index >>= 1
    return root_of([*nodes, node])


def is_consistent(old_size: int, old_root: bytes, size: int, root: bytes, proof: list[bytes]) -> bool:
    """RFC 9162, 2.1.4.2; a tree is consistent with itself, and with the empty one, by an empty proof."""
    if not 0 <= old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    path = [old_root, *proof] if old_size & old_size - 1 == 0 else proof
    if not path:
        return False
    at, last = old_size - 1, size - 1
    while at & 1:
        at >>= 1
        last >>= 1
    old_node = node = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old_node = node_hash(sibling, old_node)
            node = node_hash(sibling, node)
            while at & 1 == 0 and at != 0:
                at >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        at >>= 1
        last >>= 1
    return last == 0 and old_node == old_root and node == root
