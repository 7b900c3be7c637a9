"""A node's identity: an ed25519 key pair. The public half, in hexadecimal, is the node's name everywhere."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from synthetic1.pool.errors import PoolError
from synthetic1.reports.storage import sync_folder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64
_SIGNATURE = re.compile(f"[0-9a-f]{{{2 * SIGNATURE_BYTES}}}")
_NODE_ID = re.compile(f"[0-9a-f]{{{2 * PUBLIC_BYTES}}}")


class NodeKey:
    """The private key of a node, of the orchestrator, or of whoever administers it. Never shown: ``repr`` has the
    public half."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.node_id = private.public_key().public_bytes_raw().hex()

    @classmethod
    def generate(cls) -> NodeKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def open(cls, path: Path) -> NodeKey:
        """The key in a file; made there, readable by its owner alone, where there is none.

        Two processes that start at once get the same key.

        Raises:
            PoolError: the file holds something else, others may read it, or it cannot be read or written.
        """
        try:
            if not path.exists():
                cls._write(path, cls.generate())
            if (mode := path.stat().st_mode & 0o077) != 0:
                raise PoolError(f"{path}: a private key that others may read (mode ..{mode:02o}); `chmod 600` it")
            return cls._read(path, path.read_text(encoding="ascii"))
        except (OSError, UnicodeDecodeError) as error:
            raise PoolError(f"{path}: no key can be read there, or written: {error}") from error

    @classmethod
    def _read(cls, path: Path, text: str) -> NodeKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if not re.fullmatch(r"[0-9a-f]{64}\n?", text):
            raise PoolError(
                f"{path}: a private key is 64 hexadecimal digits in one line; move the file away to get one"
            )
        return cls(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text.strip())))

    @staticmethod
    def _write(path: Path, key: NodeKey) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, staged = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # its owner's alone
        try:
            with open(descriptor, "w", encoding="ascii") as file:
                file.write(key._private.private_bytes_raw().hex() + "\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another process was first: then its key is the one
                os.link(staged, path)
            sync_folder(path.parent)
        finally:
            os.unlink(staged)

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes; the same for the same message."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"<NodeKey {self.node_id}>"


_Y_OF_SMALL_ORDER = (
    "00" * 32,
    "01" + "00" * 31,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ec" + "ff" * 30 + "7f",
    "ed" + "ff" * 30 + "7f",
    "ee" + "ff" * 30 + "7f",
)
"""Of the points of orders 1, 2, 4 and 8, all ways to write them but for the sign, which is the last byte's high bit."""
_SMALL_ORDER = frozenset({*_Y_OF_SMALL_ORDER, *(y[:62] + f"{int(y[62:], 16) | 0x80:02x}" for y in _Y_OF_SMALL_ORDER)})


def is_node_id(text: str) -> bool:
    """Whether ``text`` could be a node's public key: 64 lower-case hexadecimal digits, and no point of small order: of
    such a key, that nobody has drawn, signatures hold for many messages."""
    return _NODE_ID.fullmatch(text) is not None and text not in _SMALL_ORDER


def is_signature(text: object) -> bool:
    """Whether ``text`` could be a signature: 128 lower-case hexadecimal digits."""
    return isinstance(text, str) and _SIGNATURE.fullmatch(text) is not None


def is_signed(node_id: str, message: bytes, signature: bytes) -> bool:
    """Whether the node with this public key has signed the message. False for whatever is not a key or a signature."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not is_node_id(node_id) or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(node_id)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
