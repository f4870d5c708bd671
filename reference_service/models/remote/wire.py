"""The little of protobuf that the protocol's messages need: fields out, fields in.

Written here because it is less than the code that a generator would leave, needs no runtime of a matching
version, and copies a tensor as the bytes that it is.
https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterable, Iterator

from reference_service.models.remote.tensors import Nonsense

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10
BITS = 64

Value = int | bytes
"""A varint as an unsigned number, or the bytes of any other field."""


def varint(number: int) -> bytes:
    """Return this number, of 64 bits in two's complement where it is negative."""
    number %= 1 << BITS
    parts = bytearray()
    while number > 0x7F:  # noqa: PLR2004  seven bits a byte
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def field(number: int, content: bytes | str) -> bytes:
    """Return a field of this number that holds bytes, a text or a message."""
    encoded = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | LENGTH) + varint(len(encoded)) + encoded


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Yield number and value of each field, or raise Nonsense where this is no message."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == VARINT:
            number, place = _varint(message, place)
            yield key >> 3, number
            continue
        if kind == LENGTH:
            size, place = _varint(message, place)
        elif kind in {FIXED64, FIXED32}:
            size = 8 if kind == FIXED64 else 4
        else:
            raise Nonsense("the model server's answer is no protobuf")
        if place + size > len(message):
            raise Nonsense("the model server's answer is cut short")
        yield key >> 3, message[place : place + size]
        place += size


def _varint(message: bytes, place: int) -> tuple[int, int]:
    number = 0
    for index, byte in enumerate(message[place : place + LONGEST_VARINT]):
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:  # noqa: PLR2004  the last byte's high bit is clear
            return number % (1 << BITS), place + index + 1
    raise Nonsense("the model server's answer is no protobuf")


def signed(values: Iterable[Value]) -> tuple[int, ...]:
    """Return a repeated int64, packed or not."""
    numbers: list[int] = []
    for value in values:
        if isinstance(value, int):
            numbers.append(value)
            continue
        place = 0
        while place < len(value):
            number, place = _varint(value, place)
            numbers.append(number)
    return tuple(number - (1 << BITS) if number >> (BITS - 1) else number for number in numbers)


def text(value: Value) -> str:
    """Return a string field, or raise Nonsense."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    raise Nonsense("the model server's answer holds a text that is none")


def raw(value: Value) -> bytes:
    """Return a field of bytes or a message, or raise Nonsense."""
    if isinstance(value, bytes):
        return value
    raise Nonsense("the model server's answer holds a number where a message belongs")


def packed_int64(numbers: Iterable[int]) -> bytes:
    """Return a packed repeated int64."""
    return b"".join(varint(number) for number in numbers)
