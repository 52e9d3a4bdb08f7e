"""Multipart uploads of the simulated OSS server."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.stores.memory_bucket import MOST_PARTS, Bucket, Part, Upload, md5
from tests.stores.oss_protocol import (
    XML_TYPE,
    Response,
    StoreRequest,
    copy_source,
    crc64,
    element,
    encoder,
    etag,
    operation,
    overwrite_condition,
    parse_number,
    parse_range,
    stored_headers,
    timestamp,
    unescape,
    xml,
)

#: minimum size (bytes) of all parts except the last
SMALLEST_PART = 100 << 10


def upload_operation(
    buckets: Mapping[str, Bucket], bucket: Bucket, request: StoreRequest
) -> Response:
    if "uploads" in request.query:
        return operation({"POST": lambda: _begin(bucket, request)}, request.method)
    upload = bucket.upload(request.key, request.query["uploadId"])

    def abort() -> Response:
        bucket.abort(upload)
        return Response(204)

    return operation(
        {
            "PUT": lambda: _put_part(buckets, upload, request),
            "GET": lambda: _list_parts(upload, request),
            "POST": lambda: _complete(bucket, upload, request),
            "DELETE": abort,
        },
        request.method,
    )


def _begin(bucket: Bucket, request: StoreRequest) -> Response:
    upload = bucket.begin(
        request.key, stored_headers(request.headers), overwrite_condition(request)
    )
    key = f"<Key>{encoder(request)(request.key)}</Key>"
    encoding = (
        "<EncodingType>url</EncodingType>" if request.query.get("encoding-type") == "url" else ""
    )
    inner = f"{encoding}<Bucket>{request.bucket}</Bucket>{key}<UploadId>{upload.id}</UploadId>"
    return xml("InitiateMultipartUploadResult", inner)


def _put_part(buckets: Mapping[str, Bucket], upload: Upload, request: StoreRequest) -> Response:
    number = parse_number(request.query.get("partNumber", ""), 1, MOST_PARTS, "partNumber")
    content, copied = request.body, "x-oss-copy-source" in request.headers
    if copied:
        whole = copy_source(buckets, request).content
        begin, end = parse_range(
            request.headers.get("x-oss-copy-source-range", ""), len(whole), standard=True
        )
        content = whole[begin:end] if end else whole
    part = Part(content, md5(content))
    upload.parts[number] = part
    if copied:
        modified = f"<LastModified>{timestamp(part.modified)}</LastModified>"
        return xml("CopyPartResult", f"<ETag>{etag(part)}</ETag>{modified}")
    return Response(200, headers={"ETag": etag(part), "x-oss-hash-crc64ecma": str(crc64(content))})


def _list_parts(upload: Upload, request: StoreRequest) -> Response:
    after = parse_number(
        request.query.get("part-number-marker", "0"), 0, MOST_PARTS, "part-number-marker"
    )
    limit = parse_number(request.query.get("max-parts", "1000"), 1, 1000, "max-parts")
    numbers = [number for number in sorted(upload.parts) if number > after]
    page = numbers[:limit]
    key = f"<Key>{encoder(request)(request.key)}</Key>"
    parts = [f"<Bucket>{request.bucket}</Bucket>{key}<UploadId>{upload.id}</UploadId>"]
    if request.query.get("encoding-type") == "url":
        parts.append("<EncodingType>url</EncodingType>")
    parts.append(f"<MaxParts>{limit}</MaxParts>")
    parts.append(f"<IsTruncated>{str(len(numbers) > limit).lower()}</IsTruncated>")
    if page:
        parts.append(f"<NextPartNumberMarker>{page[-1]}</NextPartNumberMarker>")
    for number in page:
        part = upload.parts[number]
        modified = f"<LastModified>{timestamp(part.modified)}</LastModified>"
        parts.append(
            f"<Part><PartNumber>{number}</PartNumber>{modified}"
            f"<ETag>{etag(part)}</ETag><HashCrc64ecma>{crc64(part.content)}</HashCrc64ecma>"
            f"<Size>{len(part.content)}</Size></Part>"
        )
    return xml("ListPartsResult", "".join(parts))


def _complete(bucket: Bucket, upload: Upload, request: StoreRequest) -> Response:
    if request.headers.get("x-oss-complete-all") == "yes":
        parts = [(number, part.etag) for number, part in sorted(upload.parts.items())]
    else:
        found = re.findall(r"<Part>(.*?)</Part>", request.body.decode(), re.DOTALL)
        parts = [
            (int(element(each, "PartNumber")), unescape(element(each, "ETag"))) for each in found
        ]
    stored = bucket.complete(upload, parts, overwrite_condition(request))
    key = f"<Key>{encoder(request)(request.key)}</Key>"
    encoding = (
        "<EncodingType>url</EncodingType>" if request.query.get("encoding-type") == "url" else ""
    )
    inner = f"{encoding}<Bucket>{request.bucket}</Bucket>{key}<ETag>{etag(stored)}</ETag>"
    result = xml("CompleteMultipartUploadResult", inner)
    return Response(
        200,
        result.body,
        {**XML_TYPE, "ETag": etag(stored), "x-oss-hash-crc64ecma": str(crc64(stored.content))},
    )


def list_uploads(bucket: Bucket, request: StoreRequest) -> Response:
    text, query = encoder(request), request.query
    limit = parse_number(query.get("max-uploads", "1000"), 1, 1000, "max-uploads")
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
    parts = [f"<Bucket>{request.bucket}</Bucket><MaxUploads>{limit}</MaxUploads>"]
    parts.append(f"<IsTruncated>{str(len(found) > limit).lower()}</IsTruncated>")
    if query.get("encoding-type") == "url":
        parts.append("<EncodingType>url</EncodingType>")
    if len(found) > limit:
        parts.append(f"<NextKeyMarker>{text(page[-1].key)}</NextKeyMarker>")
        parts.append(f"<NextUploadIdMarker>{page[-1].id}</NextUploadIdMarker>")
    for each in page:
        initiated = (
            f"<UploadId>{each.id}</UploadId><Initiated>{timestamp(each.started)}</Initiated>"
        )
        parts.append(f"<Upload><Key>{text(each.key)}</Key>{initiated}</Upload>")
    return xml("ListMultipartUploadsResult", "".join(parts))
