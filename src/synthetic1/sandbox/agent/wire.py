"""The wire between host and agent: frames of a JSON header and blobs, over one byte stream each way.

A frame is a big-endian ``u32`` (length of the header), the header (a JSON object, ASCII) and its blobs, whose sizes are
the header's ``blobs``. The host never trusts a length: programs share the container with the agent.

Host to agent:

=========== ===================================================================== =====================================
``op``      fields                                                                blobs
=========== ===================================================================== =====================================
``job``     ``id`` and those of ``Job``                                           contents of ``Job.files``, in order
``input``   ``id``, ``index``; in order, each after its job                       stdin, what the channel says first
``channel`` ``id``; more for the channel of a running dialogue                    bytes
``hangup``  ``id``; the host writes no more to the channel                        –
``stop``    ``id``; no further inputs; kill what runs                             –
``ping``    ``n``                                                                 –
=========== ===================================================================== =====================================

Agent to host:

=========== ===================================================================== =====================================
``hello``   ``protocol``, ``launcher``, ``memory_limit``                            –
``built``   ``id``, ``outcome``; only for jobs with a build                       what the compiler said; then, if it
                                                                                  succeeded, each of ``Build.outputs``
``result``  ``id``, ``index``, ``outcome``, ``interpreter``                        stdout, stderr, channel
``channel`` ``id``; what a dialogue's program wrote to its channel                bytes
``done``    ``id``, ``clean``; nothing of the job is left (or ``clean`` is false  –
            and the slot must be thrown away)
``pong``    ``n``                                                                 –
``fault``   ``id`` or null, ``why``; the agent itself failed                      –
=========== ===================================================================== =====================================

A job ends with ``done`` after its last input's result, after a failed build, or after ``stop``. Between two results of
a job the agent looks for ``stop``, so that the host can end a job early without a round trip for each result.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

PROTOCOL = 1
MAX_HEADER = 4 * 2**20  # bytes
MAX_BLOB = 256 * 2**20  # bytes
MAX_BLOBS = 4096
_LENGTH = struct.Struct("!I")

Header = dict[str, Any]


class WireError(Exception):
    """The other side does not speak this protocol, or the stream was cut inside a frame."""


def encode(header: Header, blobs: Sequence[bytes] = ()) -> list[bytes]:
    """The frame as pieces to write one after the other; blobs are not copied."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}, separators=(",", ":")).encode("ascii")
    return [_LENGTH.pack(len(text)) + text, *blobs]


def header_length(prefix: bytes) -> int:
    """The length that the first 4 bytes of a frame announce.

    Raises:
        WireError: more than 4 MiB.
    """
    length: int = _LENGTH.unpack(prefix)[0]
    if length > MAX_HEADER:
        raise WireError(f"a header of {length} bytes")
    return length


def decode_header(text: bytes) -> tuple[Header, list[int]]:
    """The header and the sizes of the blobs that follow.

    Raises:
        WireError: it is not such a header.
    """
    try:
        header = json.loads(text)
        sizes = header.pop("blobs")
        fine = isinstance(header.get("op"), str) and len(sizes) <= MAX_BLOBS
        fine = fine and all(type(size) is int and 0 <= size <= MAX_BLOB for size in sizes)
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise WireError(f"no header: {type(error).__name__}") from None
    if not fine:
        raise WireError("a header with an impossible `op` or `blobs`")
    return header, sizes
