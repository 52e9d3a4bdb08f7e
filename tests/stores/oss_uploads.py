"""Uploads in parts, as our OSS server does them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.stores.memory_bucket import MOST_PARTS, Bucket, Part, Upload, md5
from tests.stores.oss_wire import (
    AS_XML,
    Answer,
    Call,
    crc64,
    element,
    encoder,
    etag,
    forbidden,
    kept,
    moment,
    number_in,
    operation,
    range_of,
    source,
    unescaped,
    xml,
)

#: bytes; every part but the last has at least so many
SMALLEST_PART = 100 << 10


def of_upload(buckets: Mapping[str, Bucket], bucket: Bucket, call: Call) -> Answer:
    if "uploads" in call.query:
        return operation({"POST": lambda: _begin(bucket, call)}, call.method)
    upload = bucket.upload(call.key, call.query["uploadId"])

    def abort() -> Answer:
        bucket.abort(upload)
        return Answer(204)

    return operation(
        {
            "PUT": lambda: _put_part(buckets, upload, call),
            "GET": lambda: _list_parts(upload, call),
            "POST": lambda: _complete(bucket, upload, call),
            "DELETE": abort,
        },
        call.method,
    )


def _begin(bucket: Bucket, call: Call) -> Answer:
    upload = bucket.begin(call.key, kept(call.headers), forbidden(call))
    key = f"<Key>{encoder(call)(call.key)}</Key>"
    encoding = (
        "<EncodingType>url</EncodingType>" if call.query.get("encoding-type") == "url" else ""
    )
    inner = f"{encoding}<Bucket>{call.bucket}</Bucket>{key}<UploadId>{upload.id}</UploadId>"
    return xml("InitiateMultipartUploadResult", inner)


def _put_part(buckets: Mapping[str, Bucket], upload: Upload, call: Call) -> Answer:
    number = number_in(call.query.get("partNumber", ""), 1, MOST_PARTS, "partNumber")
    content, copied = call.body, "x-oss-copy-source" in call.headers
    if copied:
        whole = source(buckets, call).content
        begin, end = range_of(
            call.headers.get("x-oss-copy-source-range", ""), len(whole), standard=True
        )
        content = whole[begin:end] if end else whole
    part = Part(content, md5(content))
    upload.parts[number] = part
    if copied:
        modified = f"<LastModified>{moment(part.modified)}</LastModified>"
        return xml("CopyPartResult", f"<ETag>{etag(part)}</ETag>{modified}")
    return Answer(200, headers={"ETag": etag(part), "x-oss-hash-crc64ecma": str(crc64(content))})


def _list_parts(upload: Upload, call: Call) -> Answer:
    after = number_in(
        call.query.get("part-number-marker", "0"), 0, MOST_PARTS, "part-number-marker"
    )
    limit = number_in(call.query.get("max-parts", "1000"), 1, 1000, "max-parts")
    numbers = [number for number in sorted(upload.parts) if number > after]
    page = numbers[:limit]
    parts = [
        f"<Bucket>{call.bucket}</Bucket><Key>{encoder(call)(call.key)}</Key><UploadId>{upload.id}</UploadId>"
    ]
    if call.query.get("encoding-type") == "url":
        parts.append("<EncodingType>url</EncodingType>")
    parts.append(
        f"<MaxParts>{limit}</MaxParts><IsTruncated>{str(len(numbers) > limit).lower()}</IsTruncated>"
    )
    if page:
        parts.append(f"<NextPartNumberMarker>{page[-1]}</NextPartNumberMarker>")
    for number in page:
        part = upload.parts[number]
        parts.append(
            f"<Part><PartNumber>{number}</PartNumber><LastModified>{moment(part.modified)}</LastModified>"
            f"<ETag>{etag(part)}</ETag><HashCrc64ecma>{crc64(part.content)}</HashCrc64ecma>"
            f"<Size>{len(part.content)}</Size></Part>"
        )
    return xml("ListPartsResult", "".join(parts))


def _complete(bucket: Bucket, upload: Upload, call: Call) -> Answer:
    if call.headers.get("x-oss-complete-all") == "yes":
        parts = [(number, part.etag) for number, part in sorted(upload.parts.items())]
    else:
        found = re.findall(r"<Part>(.*?)</Part>", call.body.decode(), re.DOTALL)
        parts = [
            (int(element(each, "PartNumber")), unescaped(element(each, "ETag"))) for each in found
        ]
    stored = bucket.complete(upload, parts, forbidden(call))
    key = f"<Key>{encoder(call)(call.key)}</Key>"
    encoding = (
        "<EncodingType>url</EncodingType>" if call.query.get("encoding-type") == "url" else ""
    )
    inner = f"{encoding}<Bucket>{call.bucket}</Bucket>{key}<ETag>{etag(stored)}</ETag>"
    told = xml("CompleteMultipartUploadResult", inner)
    return Answer(
        200,
        told.body,
        {**AS_XML, "ETag": etag(stored), "x-oss-hash-crc64ecma": str(crc64(stored.content))},
    )


def list_uploads(bucket: Bucket, call: Call) -> Answer:
    text, query = encoder(call), call.query
    limit = number_in(query.get("max-uploads", "1000"), 1, 1000, "max-uploads")
    after = (
        query.get("key-marker", "").encode(),
        query.get("upload-id-marker", "") or "\U0010ffff",
    )
    found = [
        each
        for each in bucket.uploads(query.get("prefix", ""))
        if (each.key.encode(), each.id) > after
    ]
    page = found[:limit]
    parts = [f"<Bucket>{call.bucket}</Bucket><MaxUploads>{limit}</MaxUploads>"]
    parts.append(f"<IsTruncated>{str(len(found) > limit).lower()}</IsTruncated>")
    if query.get("encoding-type") == "url":
        parts.append("<EncodingType>url</EncodingType>")
    if len(found) > limit:
        parts.append(f"<NextKeyMarker>{text(page[-1].key)}</NextKeyMarker>")
        parts.append(f"<NextUploadIdMarker>{page[-1].id}</NextUploadIdMarker>")
    for each in page:
        initiated = f"<UploadId>{each.id}</UploadId><Initiated>{moment(each.started)}</Initiated>"
        parts.append(f"<Upload><Key>{text(each.key)}</Key>{initiated}</Upload>")
    return xml("ListMultipartUploadsResult", "".join(parts))
