"""What our OSS server answers to which request: the operations on objects and buckets that a client may want.

https://www.alibabacloud.com/help/en/oss/developer-reference/list-of-operations-by-function
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from xml.etree import ElementTree

from tests.stores.memory_bucket import Bucket, Refused, Stored, md5
from tests.stores.oss_uploads import list_uploads, of_upload
from tests.stores.oss_wire import (
    AS_XML,
    Answer,
    Call,
    crc64,
    encoder,
    etag,
    forbidden,
    kept,
    kind,
    moment,
    number_in,
    opened_token,
    operation,
    range_of,
    source,
    xml,
)

_OWNER = "<Owner><ID>1</ID><DisplayName>launchpad</DisplayName></Owner>"


def answer(buckets: Mapping[str, Bucket], region: str, call: Call) -> Answer:
    """Carry a request out.

    Raises:
        Refused: it cannot be.
    """
    sent = call.headers.get("content-md5")
    if (
        sent is not None
        and base64.b64encode(hashlib.md5(call.body, usedforsecurity=False).digest()).decode()
        != sent
    ):
        raise Refused(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
    if not call.bucket:
        names = "".join(
            f"<Bucket><Name>{name}</Name><Region>{region}</Region></Bucket>"
            for name in sorted(buckets)
        )
        return xml("ListAllMyBucketsResult", f"{_OWNER}<Buckets>{names}</Buckets>")
    bucket = buckets.get(call.bucket)
    if bucket is None:
        raise Refused(404, "NoSuchBucket", "The specified bucket does not exist.")
    if not call.key:
        return _of_bucket(bucket, region, call)
    if len(call.key.encode()) > 1023 or call.key[0] in "/\\":
        raise Refused(400, "InvalidObjectName", "The specified object is not valid.")
    if "uploads" in call.query or "uploadId" in call.query:
        return of_upload(buckets, bucket, call)
    operations: dict[str, Callable[[], Answer]] = {
        "PUT": lambda: (
            _copy(buckets, bucket, call)
            if "x-oss-copy-source" in call.headers
            else _put(bucket, call)
        ),
        "GET": lambda: _get(bucket, call),
        "HEAD": lambda: _get(bucket, call),
        "DELETE": lambda: _delete(bucket, call),
    }
    return operation(operations, call.method)


def _of_bucket(bucket: Bucket, region: str, call: Call) -> Answer:
    if call.method == "POST" and "delete" in call.query:
        return _delete_many(bucket, call)
    if call.method not in {"GET", "HEAD"}:
        raise Refused(
            405, "MethodNotAllowed", "The specified method is not allowed against this resource."
        )
    if "bucketInfo" in call.query:
        name = f"<Name>{call.bucket}</Name><Location>oss-{region}</Location><StorageClass>Standard</StorageClass>"
        acl = "<AccessControlList><Grant>private</Grant></AccessControlList>"
        return xml("BucketInfo", f"<Bucket>{name}{_OWNER}{acl}</Bucket>")
    if "location" in call.query:
        return xml("LocationConstraint", f"oss-{region}")
    if "acl" in call.query:
        grant = "<AccessControlList><Grant>private</Grant></AccessControlList>"
        return xml("AccessControlPolicy", f"{_OWNER}{grant}")
    if "uploads" in call.query:
        return list_uploads(bucket, call)
    return _list(bucket, call)


def _list(bucket: Bucket, call: Call) -> Answer:
    query, text = call.query, encoder(call)
    second = query.get("list-type") == "2"
    limit = number_in(query.get("max-keys", "100"), 1, 1000, "max-keys")
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    if second:
        entry = opened_token(query["continuation-token"]) if query.get("continuation-token") else ""
        page = bucket.page(
            prefix, delimiter, limit, after_key=query.get("start-after", ""), after_entry=entry
        )
    else:
        marker = query.get("marker", "")
        common = bool(delimiter) and marker.endswith(delimiter)
        page = bucket.page(
            prefix, delimiter, limit, after_key=marker, after_entry=marker if common else ""
        )
    parts = [f"<Name>{call.bucket}</Name><Prefix>{text(prefix)}</Prefix><MaxKeys>{limit}</MaxKeys>"]
    parts.append(
        f"<Delimiter>{text(delimiter)}</Delimiter><IsTruncated>{str(bool(page.last)).lower()}</IsTruncated>"
    )
    if query.get("encoding-type") == "url":
        parts.append("<EncodingType>url</EncodingType>")
    if second:
        parts.append(f"<KeyCount>{len(page.keys) + len(page.prefixes)}</KeyCount>")
    if page.last:
        token = base64.b64encode(page.last.encode()).decode()
        parts.append(
            f"<NextContinuationToken>{token}</NextContinuationToken>"
            if second
            else f"<NextMarker>{text(page.last)}</NextMarker>"
        )
    for key in page.keys:
        stored = bucket.get(key)
        parts.append(
            f"<Contents><Key>{text(key)}</Key><LastModified>{moment(stored.modified)}</LastModified>"
            f"<ETag>{etag(stored)}</ETag><Type>{kind(stored)}</Type><Size>{len(stored.content)}</Size>"
            f"<StorageClass>Standard</StorageClass></Contents>"
        )
    parts += [
        f"<CommonPrefixes><Prefix>{text(each)}</Prefix></CommonPrefixes>" for each in page.prefixes
    ]
    return xml("ListBucketResult", "".join(parts))


def _delete_many(bucket: Bucket, call: Call) -> Answer:
    if "content-md5" not in call.headers:
        raise Refused(400, "MissingArgument", "Missing Some Required Arguments: Content-MD5.")
    try:
        keys = [each.text or "" for each in ElementTree.fromstring(call.body).iter("Key")]
    except ElementTree.ParseError:
        # Such as control characters, which XML has no way to write.
        raise Refused(400, "MalformedXML", "The XML you provided was not well-formed.") from None
    if not 1 <= len(keys) <= 1000:
        raise Refused(400, "MalformedXML", "The XML you provided was not well-formed.")
    for key in keys:
        bucket.delete(key)
    if b"<Quiet>true</Quiet>" in call.body:
        return Answer(200)
    text = encoder(call)
    encoding = (
        "<EncodingType>url</EncodingType>" if call.query.get("encoding-type") == "url" else ""
    )
    return xml(
        "DeleteResult",
        encoding + "".join(f"<Deleted><Key>{text(key)}</Key></Deleted>" for key in keys),
    )


def _put(bucket: Bucket, call: Call) -> Answer:
    stored = Stored(call.body, md5(call.body), kept(call.headers))
    bucket.put(call.key, stored, forbidden(call))
    return Answer(
        200, headers={"ETag": etag(stored), "x-oss-hash-crc64ecma": str(crc64(stored.content))}
    )


def _get(bucket: Bucket, call: Call) -> Answer:
    stored = bucket.get(call.key)
    tag = etag(stored)
    if call.headers.get("if-match", tag).strip('"') != tag.strip('"'):
        raise Refused(
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold.",
        )
    headers = {
        "Content-Type": "application/octet-stream",
        **{
            name.title() if not name.startswith("x-") else name: value
            for name, value in stored.headers.items()
        },
        "ETag": tag,
        "Last-Modified": format_datetime(stored.modified, usegmt=True),
        "Accept-Ranges": "bytes",
        "x-oss-object-type": kind(stored),
        "x-oss-storage-class": "Standard",
        "x-oss-hash-crc64ecma": str(crc64(stored.content)),
    }
    if call.headers.get("if-none-match", "").strip('"') == tag.strip('"'):
        return Answer(304, headers=headers)
    if call.method == "HEAD":
        return Answer(200, headers=headers, length=len(stored.content))
    standard = call.headers.get("x-oss-range-behavior") == "standard"
    begin, end = range_of(call.headers.get("range", ""), len(stored.content), standard)
    if (begin, end) == (0, 0):
        return Answer(200, stored.content, headers)
    headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(stored.content)}"
    return Answer(206, stored.content[begin:end], headers)


def _delete(bucket: Bucket, call: Call) -> Answer:
    bucket.delete(call.key)
    return Answer(204)


def _copy(buckets: Mapping[str, Bucket], bucket: Bucket, call: Call) -> Answer:
    origin = source(buckets, call)
    replaced = call.headers.get("x-oss-metadata-directive", "COPY").upper() == "REPLACE"
    headers = kept(call.headers) if replaced else origin.headers
    copied = Stored(origin.content, origin.etag, headers, origin.parts)
    bucket.put(call.key, copied, forbidden(call))
    modified = f"<LastModified>{moment(copied.modified)}</LastModified>"
    told = xml("CopyObjectResult", f"<ETag>{etag(copied)}</ETag>{modified}")
    return Answer(200, told.body, {**AS_XML, "x-oss-hash-crc64ecma": str(crc64(copied.content))})
