"""Reads and writes 8-bit grey PNG files with the standard library alone."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode(rows):
    """Returns the bytes of a PNG whose rows are equally long `bytes` of grey values."""
    raw = b"".join(b"\0" + row for row in rows)
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    return SIGNATURE + b"".join(
        _chunk(kind, data)
        for kind, data in [(b"IHDR", header), (b"IDAT", zlib.compress(raw, 6)), (b"IEND", b"")]
    )


def decode(data):
    """Returns the rows of an 8-bit grey PNG, as `bytes` of grey values.

    Raises `ValueError` for any other kind of image, or a damaged one.
    """
    chunks = dict(_chunks(data))
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if (depth, colour, interlace) != (8, 0, 0):
        raise ValueError("not an 8-bit grey PNG")
    raw = zlib.decompress(chunks[b"IDAT"])
    rows, above = [], bytes(width)
    for start in range(0, height * (width + 1), width + 1):
        above = _unfilter(raw[start], raw[start + 1 : start + 1 + width], above)
        rows.append(above)
    return rows


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks(data):
    """Yields (kind, bytes); several IDAT chunks come as one."""
    if not data.startswith(SIGNATURE):
        raise ValueError("not a PNG")
    at, pixels = len(SIGNATURE), b""
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if zlib.crc32(kind + body) != struct.unpack_from(">I", data, at + 8 + length)[0]:
            raise ValueError("a chunk of the PNG is damaged")
        at += length + 12
        if kind == b"IDAT":
            pixels += body
        else:
            yield kind, body
    yield b"IDAT", pixels


def _unfilter(kind, line, above):
    """Undoes one of PNG's five line filters, for one byte a pixel."""
    out = bytearray(line)
    for x in range(len(out)):
        left = out[x - 1] if x else 0
        up, corner = above[x], above[x - 1] if x else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        elif kind == 4:
            guess = min((left, up, corner), key=lambda near: abs(left + up - corner - near))
        else:
            break
        out[x] = (out[x] + guess) & 255
    return bytes(out)
