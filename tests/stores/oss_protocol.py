"""Parsing of requests to the simulated OSS server, and the form of its responses."""

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

from tests.stores.memory_bucket import Bucket, Condition, Part, Rejected, Stored

#: headers of a request that are stored with an object and returned with it
_KEPT = {
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
}
XML_TYPE = {"Content-Type": "application/xml"}


@dataclass(frozen=True)
class StoreRequest:
    """An authorized request. ``query`` is decoded; ``headers`` have names in lower case."""

    method: str
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """A response. ``length`` is the Content-Length of a response to HEAD."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None


@cache
def _crc() -> Callable[[bytes], int]:
    """Return the function for CRC-64/XZ (x-oss-hash-crc64ecma) of a C library, which is fast."""
    import crcmod

    return cast(
        Callable[[bytes], int],
        crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=(1 << 64) - 1, rev=True),
    )


def crc64(content: bytes) -> int:
    """Return the checksum that OSS records for the content of an object."""
    return _crc()(content)


def operation(operations: Mapping[str, Callable[[], Response]], method: str) -> Response:
    if method not in operations:
        raise Rejected(
            405, "MethodNotAllowed", "The specified method is not allowed against this resource."
        )
    return operations[method]()


def parse_range(header: str, size: int, standard: bool) -> tuple[int, int]:
    """Return the first byte and the byte after the last; (0, 0) for the whole object.

    OSS returns the whole object for an invalid range, such as one that ends after the object.

    Args:
        standard: handle invalid ranges as HTTP requires.
    """
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
        raise Rejected(416, "InvalidRange", "The requested range cannot be satisfied.")
    return begin, end


def copy_source(buckets: Mapping[str, Bucket], request: StoreRequest) -> Stored:
    name, _, key = unquote(request.headers["x-oss-copy-source"]).removeprefix("/").partition("/")
    if name not in buckets:
        raise Rejected(404, "NoSuchBucket", "The specified bucket does not exist.")
    stored = buckets[name].get(key)
    tag = etag(stored)
    if request.headers.get("x-oss-copy-source-if-match", tag).strip('"') != tag.strip('"'):
        raise Rejected(
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold.",
        )
    return stored


def xml(name: str, inner: str) -> Response:
    return Response(
        200, f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}>{inner}</{name}>'.encode(), XML_TYPE
    )


def element(xml: str, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>", xml, re.DOTALL)
    if found is None:
        raise Rejected(400, "MalformedXML", "The XML you provided was not well-formed.")
    return found.group(1)


def escape(text: str) -> str:
    """Return text escape for XML.

    Control characters become references, most of which XML does not allow. Therefore clients
    request ``encoding-type=url``.
    """
    return re.sub(r"[&<>\"\x00-\x1f]", lambda found: f"&#{ord(found.group())};", text)


def unescape(text: str) -> str:
    names = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
    numbered = re.compile(r"&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));")
    return numbered.sub(
        lambda found: (
            names.get(found[3] or "", "") or chr(int(found[1], 16) if found[1] else int(found[2]))
        ),
        text,
    )


def encoder(request: StoreRequest) -> Callable[[str], str]:
    return (
        (lambda text: quote(text, safe="-_.~/"))
        if request.query.get("encoding-type") == "url"
        else escape
    )


def decode_token(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Rejected(400, "InvalidArgument", "The continuation token is invalid.") from None


def parse_number(text: str, least: int, most: int, name: str) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise Rejected(
            400, "InvalidArgument", f"Argument {name} must be between {least} and {most}."
        )
    return int(text)


def overwrite_condition(request: StoreRequest) -> Condition | None:
    if request.headers.get("x-oss-forbid-overwrite", "").lower() != "true":
        return None

    def condition(existing: Stored | None) -> None:
        if existing is not None:
            raise Rejected(
                409,
                "FileAlreadyExists",
                "The object you specified already exists and can not be overwritten.",
            )

    return condition


def etag(thing: Stored | Part) -> str:
    return f'"{thing.etag.upper()}"'


def object_type(stored: Stored) -> str:
    return "Multipart" if stored.parts else "Normal"


def stored_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name in _KEPT or name.startswith("x-oss-meta-")
    }


def timestamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"
