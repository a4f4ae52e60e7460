"""Unzip gzip and zlib data up to a bound, so that no small file fills the memory."""

import zlib

GZIP_MAGIC = b"\x1f\x8b"


def unzip(data: bytes, limit: int) -> bytes:
    """Unzip all members.

    Raises
    ------
    ValueError
        if the data is broken, cut off, or unzips to more than `limit` bytes.
    """
    parts: list[bytes] = []
    room = limit
    while data:
        # 32: either header, gzip's or zlib's.
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        try:
            parts.append(member.decompress(data, room + 1))
        except zlib.error as error:
            raise ValueError(f"the gzip data is broken ({error})") from error
        room -= len(parts[-1])
        if room < 0:
            raise ValueError(f"unzips to more than {limit:,} bytes")
        if not member.eof:
            raise ValueError("the gzip data is cut off")
        # Padding with zeros after the last member is usual.
        data = member.unused_data.lstrip(b"\0")
    return b"".join(parts)
