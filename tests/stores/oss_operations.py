"""Operations on objects and buckets of the simulated OSS server.

https://www.alibabacloud.com/help/en/oss/developer-reference/list-of-operations-by-function
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from xml.etree import ElementTree

from tests.stores.memory_bucket import Bucket, Rejected, Stored, md5
from tests.stores.oss_protocol import (
    XML_TYPE,
    Response,
    StoreRequest,
    copy_source,
    crc64,
    decode_token,
    encoder,
    etag,
    object_type,
    operation,
    overwrite_condition,
    parse_number,
    parse_range,
    stored_headers,
    timestamp,
    xml,
)
from tests.stores.oss_uploads import list_uploads, upload_operation

_OWNER = "<Owner><ID>1</ID><DisplayName>launchpad</DisplayName></Owner>"


def respond(buckets: Mapping[str, Bucket], region: str, request: StoreRequest) -> Response:
    """Execute a request and return the response.

    Raises:
        Rejected: the request is rejected.
    """
    sent = request.headers.get("content-md5")
    if (
        sent is not None
        and base64.b64encode(hashlib.md5(request.body, usedforsecurity=False).digest()).decode()
        != sent
    ):
        raise Rejected(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
    if not request.bucket:
        names = "".join(
            f"<Bucket><Name>{name}</Name><Region>{region}</Region></Bucket>"
            for name in sorted(buckets)
        )
        return xml("ListAllMyBucketsResult", f"{_OWNER}<Buckets>{names}</Buckets>")
    bucket = buckets.get(request.bucket)
    if bucket is None:
        raise Rejected(404, "NoSuchBucket", "The specified bucket does not exist.")
    if not request.key:
        return _bucket_operation(bucket, region, request)
    if len(request.key.encode()) > 1023 or request.key[0] in "/\\":
        raise Rejected(400, "InvalidObjectName", "The specified object is not valid.")
    if "uploads" in request.query or "uploadId" in request.query:
        return upload_operation(buckets, bucket, request)
    operations: dict[str, Callable[[], Response]] = {
        "PUT": lambda: (
            _copy(buckets, bucket, request)
            if "x-oss-copy-source" in request.headers
            else _put(bucket, request)
        ),
        "GET": lambda: _get(bucket, request),
        "HEAD": lambda: _get(bucket, request),
        "DELETE": lambda: _delete(bucket, request),
    }
    return operation(operations, request.method)


def _bucket_operation(bucket: Bucket, region: str, request: StoreRequest) -> Response:
    if request.method == "POST" and "delete" in request.query:
        return _delete_many(bucket, request)
    if request.method not in {"GET", "HEAD"}:
        raise Rejected(
            405, "MethodNotAllowed", "The specified method is not allowed against this resource."
        )
    if "bucketInfo" in request.query:
        name = (
            f"<Name>{request.bucket}</Name><Location>oss-{region}</Location>"
            "<StorageClass>Standard</StorageClass>"
        )
        acl = "<AccessControlList><Grant>private</Grant></AccessControlList>"
        return xml("BucketInfo", f"<Bucket>{name}{_OWNER}{acl}</Bucket>")
    if "location" in request.query:
        return xml("LocationConstraint", f"oss-{region}")
    if "acl" in request.query:
        grant = "<AccessControlList><Grant>private</Grant></AccessControlList>"
        return xml("AccessControlPolicy", f"{_OWNER}{grant}")
    if "uploads" in request.query:
        return list_uploads(bucket, request)
    return _list(bucket, request)


def _list(bucket: Bucket, request: StoreRequest) -> Response:
    query, text = request.query, encoder(request)
    version_2 = query.get("list-type") == "2"
    limit = parse_number(query.get("max-keys", "100"), 1, 1000, "max-keys")
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    if version_2:
        entry = decode_token(query["continuation-token"]) if query.get("continuation-token") else ""
        page = bucket.page(
            prefix, delimiter, limit, after_key=query.get("start-after", ""), after_entry=entry
        )
    else:
        marker = query.get("marker", "")
        common = bool(delimiter) and marker.endswith(delimiter)
        page = bucket.page(
            prefix, delimiter, limit, after_key=marker, after_entry=marker if common else ""
        )
    parts = [
        f"<Name>{request.bucket}</Name><Prefix>{text(prefix)}</Prefix><MaxKeys>{limit}</MaxKeys>"
    ]
    parts.append(
        f"<Delimiter>{text(delimiter)}</Delimiter><IsTruncated>{str(bool(page.last)).lower()}</IsTruncated>"
    )
    if query.get("encoding-type") == "url":
        parts.append("<EncodingType>url</EncodingType>")
    if version_2:
        parts.append(f"<KeyCount>{len(page.keys) + len(page.prefixes)}</KeyCount>")
    if page.last:
        token = base64.b64encode(page.last.encode()).decode()
        parts.append(
            f"<NextContinuationToken>{token}</NextContinuationToken>"
            if version_2
            else f"<NextMarker>{text(page.last)}</NextMarker>"
        )
    for key in page.keys:
        stored = bucket.get(key)
        size = len(stored.content)
        parts.append(
            f"<Contents><Key>{text(key)}</Key><LastModified>{timestamp(stored.modified)}</LastModified>"
            f"<ETag>{etag(stored)}</ETag><Type>{object_type(stored)}</Type><Size>{size}</Size>"
            f"<StorageClass>Standard</StorageClass></Contents>"
        )
    parts += [
        f"<CommonPrefixes><Prefix>{text(each)}</Prefix></CommonPrefixes>" for each in page.prefixes
    ]
    return xml("ListBucketResult", "".join(parts))


def _delete_many(bucket: Bucket, request: StoreRequest) -> Response:
    if "content-md5" not in request.headers:
        raise Rejected(400, "MissingArgument", "Missing Some Required Arguments: Content-MD5.")
    try:
        keys = [each.text or "" for each in ElementTree.fromstring(request.body).iter("Key")]
    except ElementTree.ParseError:
        # For example, XML cannot contain control characters.
        raise Rejected(400, "MalformedXML", "The XML you provided was not well-formed.") from None
    if not 1 <= len(keys) <= 1000:
        raise Rejected(400, "MalformedXML", "The XML you provided was not well-formed.")
    for key in keys:
        bucket.delete(key)
    if b"<Quiet>true</Quiet>" in request.body:
        return Response(200)
    text = encoder(request)
    encoding = (
        "<EncodingType>url</EncodingType>" if request.query.get("encoding-type") == "url" else ""
    )
    return xml(
        "DeleteResult",
        encoding + "".join(f"<Deleted><Key>{text(key)}</Key></Deleted>" for key in keys),
    )


def _put(bucket: Bucket, request: StoreRequest) -> Response:
    stored = Stored(request.body, md5(request.body), stored_headers(request.headers))
    bucket.put(request.key, stored, overwrite_condition(request))
    return Response(
        200, headers={"ETag": etag(stored), "x-oss-hash-crc64ecma": str(crc64(stored.content))}
    )


def _get(bucket: Bucket, request: StoreRequest) -> Response:
    stored = bucket.get(request.key)
    tag = etag(stored)
    if request.headers.get("if-match", tag).strip('"') != tag.strip('"'):
        raise Rejected(
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
        "x-oss-object-type": object_type(stored),
        "x-oss-storage-class": "Standard",
        "x-oss-hash-crc64ecma": str(crc64(stored.content)),
    }
    if request.headers.get("if-none-match", "").strip('"') == tag.strip('"'):
        return Response(304, headers=headers)
    if request.method == "HEAD":
        return Response(200, headers=headers, length=len(stored.content))
    standard = request.headers.get("x-oss-range-behavior") == "standard"
    begin, end = parse_range(request.headers.get("range", ""), len(stored.content), standard)
    if (begin, end) == (0, 0):
        return Response(200, stored.content, headers)
    headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(stored.content)}"
    return Response(206, stored.content[begin:end], headers)


def _delete(bucket: Bucket, request: StoreRequest) -> Response:
    bucket.delete(request.key)
    return Response(204)


def _copy(buckets: Mapping[str, Bucket], bucket: Bucket, request: StoreRequest) -> Response:
    origin = copy_source(buckets, request)
    replaced = request.headers.get("x-oss-metadata-directive", "COPY").upper() == "REPLACE"
    headers = stored_headers(request.headers) if replaced else origin.headers
    copied = Stored(origin.content, origin.etag, headers, origin.parts)
    bucket.put(request.key, copied, overwrite_condition(request))
    modified = f"<LastModified>{timestamp(copied.modified)}</LastModified>"
    result = xml("CopyObjectResult", f"<ETag>{etag(copied)}</ETag>{modified}")
    return Response(
        200, result.body, {**XML_TYPE, "x-oss-hash-crc64ecma": str(crc64(copied.content))}
    )
