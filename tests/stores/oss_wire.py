"""How requests to our OSS server and its answers are written: XML, headers, ranges, checksums."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import cast
from urllib.parse import quote, unquote

from tests.stores.memory_bucket import Bucket, Condition, Part, Refused, Stored

#: headers of a request that are kept with an object and come back with it
_KEPT = {
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
}
AS_XML = {"Content-Type": "application/xml"}


@dataclass(frozen=True)
class Call:
    """A request that may be carried out. ``query`` decoded; ``headers`` with lower-case names."""

    method: str
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """``length``: of what is not sent, in answer to HEAD."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None


@cache
def _crc() -> Callable[[bytes], int]:
    """CRC-64/XZ, as x-oss-hash-crc64ecma is; of a C library, for objects of many megabytes."""
    import crcmod

    return cast(
        Callable[[bytes], int],
        crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=(1 << 64) - 1, rev=True),
    )


def crc64(content: bytes) -> int:
    """The checksum that OSS keeps of an object's bytes."""
    return _crc()(content)


def operation(operations: Mapping[str, Callable[[], Answer]], method: str) -> Answer:
    if method not in operations:
        raise Refused(
            405, "MethodNotAllowed", "The specified method is not allowed against this resource."
        )
    return operations[method]()


def range_of(header: str, size: int, standard: bool) -> tuple[int, int]:
    """First byte and the one after the last; (0, 0) for the whole object, which OSS gives for every range that it does
    not like (it ends behind the object, say), unless it is told to keep to the standard."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)(?:,.*)?", header)
    if found is None or found.groups() == ("", ""):
        return 0, 0
    first, last = found.groups()
    begin, end = (
        (int(first), int(last) + 1 if last else size) if first else (size - int(last), size)
    )
    if 0 <= begin < end <= size:
        return begin, end
    if not standard:
        return 0, 0
    begin, end = max(begin, 0), min(end, size)
    if begin >= end:
        raise Refused(416, "InvalidRange", "The requested range cannot be satisfied.")
    return begin, end


def source(buckets: Mapping[str, Bucket], call: Call) -> Stored:
    name, _, key = unquote(call.headers["x-oss-copy-source"]).removeprefix("/").partition("/")
    if name not in buckets:
        raise Refused(404, "NoSuchBucket", "The specified bucket does not exist.")
    stored = buckets[name].get(key)
    tag = etag(stored)
    if call.headers.get("x-oss-copy-source-if-match", tag).strip('"') != tag.strip('"'):
        raise Refused(
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold.",
        )
    return stored


def xml(name: str, inner: str) -> Answer:
    return Answer(
        200, f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}>{inner}</{name}>'.encode(), AS_XML
    )


def element(xml: str, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>", xml, re.DOTALL)
    if found is None:
        raise Refused(400, "MalformedXML", "The XML you provided was not well-formed.")
    return found.group(1)


def escaped(text: str) -> str:
    """Text in XML. Control characters become references, which XML forbids for most: that is why a client asks for
    ``encoding-type=url``."""
    return re.sub(r"[&<>\"\x00-\x1f]", lambda found: f"&#{ord(found.group())};", text)


def unescaped(text: str) -> str:
    names = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
    numbered = re.compile(r"&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));")
    return numbered.sub(
        lambda found: (
            names.get(found[3] or "", "") or chr(int(found[1], 16) if found[1] else int(found[2]))
        ),
        text,
    )


def encoder(call: Call) -> Callable[[str], str]:
    return (
        (lambda text: quote(text, safe="-_.~/"))
        if call.query.get("encoding-type") == "url"
        else escaped
    )


def opened_token(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Refused(
            400, "InvalidArgument", "The continuation token is not one of ours."
        ) from None


def number_in(text: str, least: int, most: int, name: str) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise Refused(
            400, "InvalidArgument", f"Argument {name} must be between {least} and {most}."
        )
    return int(text)


def forbidden(call: Call) -> Condition | None:
    if call.headers.get("x-oss-forbid-overwrite", "").lower() != "true":
        return None

    def condition(there: Stored | None) -> None:
        if there is not None:
            raise Refused(
                409,
                "FileAlreadyExists",
                "The object you specified already exists and can not be overwritten.",
            )

    return condition


def etag(thing: Stored | Part) -> str:
    return f'"{thing.etag.upper()}"'


def kind(stored: Stored) -> str:
    return "Multipart" if stored.parts else "Normal"


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name in _KEPT or name.startswith("x-oss-meta-")
    }


def moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"
