"""JSON arrays as lines: where the elements of an array begin and end, found without parsing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

BLOCK = 1 << 20
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_token = re.compile(_STRING + rb'|[][{},"]', re.DOTALL)  # a lone quote: a string without an end
_line_end = re.compile(_STRING + rb"|[\r\n]", re.DOTALL)
NO_ROW = b"(no row between commas)\n"
NO_END = b"(the array has no end)"


def lines_of_array(file: BinaryIO) -> Iterator[bytes]:
    """The elements of the array that ``file`` holds, each a line as it was written, but for the line ends in it.

    Elements are found by brackets, commas and strings alone, one in memory at a time: what is wrong inside of one
    (``NaN``, bad UTF-8, a missing value) stays in its line, for who reads it to say. So does what is wrong around
    them: an element that is cut off, nothing between two commas, an array without an end, text behind it. Such a line
    is not JSON; the last line has no line end where the array has none.
    """
    buffer, at, start = file.read(BLOCK).removeprefix(b"\xef\xbb\xbf"), 0, 0
    depth, elements, in_string, more = 0, 0, False, True
    while True:
        in_string = False
        for match in _token.finditer(buffer, at):
            token = match[0]
            if token == b'"':
                in_string, at = True, match.start()
                break
            if token in (b"[", b"{"):
                depth += 1
                start = match.end() if depth == 1 else start
            elif token == b"," and depth == 1:
                yield _line(buffer[start : match.start()])
                elements, start = elements + 1, match.end()
            elif token in (b"]", b"}"):
                depth -= 1
                if depth == 0:
                    last = buffer[start : match.start()]
                    if elements or last.strip():
                        yield _line(last)
                    rest = (buffer[match.end() :] + file.read(BLOCK)).strip()
                    if rest:
                        yield _line(rest[:1000])
                    return
        else:
            at = len(buffer)
        if not more:
            break
        buffer, at, start = buffer[start:], at - start, 0
        block = file.read(max(BLOCK, len(buffer)))  # as much again: a long element is looked through but a few times
        more = bool(block)
        buffer += block
    if depth == 1 and not in_string and buffer[start:].strip():
        yield _line(buffer[start:])
        yield NO_END
    else:
        yield _line(buffer[start:])[:-1] if buffer[start:].strip() else NO_END


def _line(element: bytes) -> bytes:
    element = element.strip()
    if not element:
        return NO_ROW
    if b"\n" in element or b"\r" in element:
        element = _line_end.sub(_without_line_ends, element)
    return element + b"\n"


def _without_line_ends(found: re.Match[bytes]) -> bytes:
    """Between tokens a space says the same; in a string a line end is an error, and has to remain one."""
    text = found[0]
    return text.replace(b"\n", b"\x0b").replace(b"\r", b"\x0b") if text[:1] == b'"' else b" "
