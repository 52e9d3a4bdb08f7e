from __future__ import annotations

import json
from typing import Any

import pytest

from launchpad_tui.aiapi.store_secrets import (
    parse_store_info,
    parse_store_secret,
    parse_store_secrets,
    secret_of_info,
    serialize_returned_secret,
    serialize_store_secret,
)
from launchpad_tui.domain.connection import StoreKind
from launchpad_tui.domain.fields import checked
from launchpad_tui.errors import InvalidInput
from launchpad_tui.stores.catalog import KINDS

S3 = {
    "name": "default",
    "type": "S3",
    "bucket": "models",
    "endpoint": "s3.example.com",
    "region": "eu",
    "pathPrefix": "/prod/",
    "verifyssl": "0",
    "usehttps": "1",
    "data": {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "geheim"},
}
PEM = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----"
OSS = {
    "BUCKET": "b",
    "ENDPOINT": "oss-eu-central-1.aliyuncs.com",
    "REGION": "eu-central-1",
    "ACCESS_KEY_ID": "LTAI",
    "SECRET_ACCESS_KEY": "geheim",
}
HDFS = {
    "HDFS_NAMENODE": "https://x.files.hdl.example.com",
    "TLS_CERT": PEM,
    "TLS_KEY": PEM,
    "HEADERS": '{"x-y": "z"}',
}
AZURE = {
    "CONTAINER_URI": "https://a.blob.core.windows.net/c",
    "STORAGE_ACCESS_KEY": "sv=1&sig=geheim",
    "REGION": "eu",
}


def with_data(kind: str, data: Any, **beside: Any) -> dict[str, Any]:
    return {"name": "one", "type": kind, "data": data, **beside}


def values(entry: Any) -> dict[str, str]:
    """Return the values of a single secret, checked against the fields of its kind."""
    (secret,) = parse_store_secrets(json.dumps(entry), KINDS)
    settings, secrets = checked(KINDS[secret.kind].fields, secret.values)
    return {**settings, **secrets}


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        (
            S3,
            {
                "bucket": "models",
                "endpoint": "https://s3.example.com",
                "region": "eu",
                "path_prefix": "prod",
                "verify_tls": "false",
                "credentials": "keys",
                "access_key_id": "AKIA",
                "secret_access_key": "geheim",
            },
        ),
        (S3 | {"usehttps": "0"}, {"endpoint": "http://s3.example.com"}),
        (
            S3 | {"usehttps": False, "verifyssl": True},
            {"endpoint": "http://s3.example.com", "verify_tls": "true"},
        ),
        (S3 | {"usehttps": 0, "endpoint": "https://s"}, {"endpoint": "https://s"}),
        (S3 | {"type": "s3", "verifyssl": "True", "endpoint": None}, {"verify_tls": "true"}),
        (
            with_data("OSS", OSS, pathPrefix="p"),
            {
                "bucket": "b",
                "endpoint": "https://oss-eu-central-1.aliyuncs.com",
                "access_key_id": "LTAI",
            },
        ),
        (
            with_data(
                "oss",
                {key: OSS[key] for key in OSS if "ACCESS" in key},
                bucket="x",
                endpoint="http://y",
            ),
            {"bucket": "x", "endpoint": "http://y", "secret_access_key": "geheim"},
        ),
        (
            with_data("webhdfs", HDFS),
            {
                "namenode": HDFS["HDFS_NAMENODE"],
                "client_cert": PEM,
                "client_key": PEM,
                "headers": '{"x-y": "z"}',
            },
        ),
        (with_data("WebHDFS", HDFS | {"TLS_KEY": PEM.replace("\n", "\\n")}), {"client_key": PEM}),
        (with_data("webhdfs", HDFS | {"HEADERS": {"a": "ü"}}), {"headers": '{"a": "ü"}'}),
        (
            with_data("azure", AZURE | {"CLIENT_ID": "i", "SUBSCRIPTION_ID": "s"}),
            {
                "container_uri": AZURE["CONTAINER_URI"],
                "credentials": "sas",
                "sas_token": AZURE["STORAGE_ACCESS_KEY"],
            },
        ),
        (
            with_data(
                "Azure",
                {
                    "CONTAINER_URI": "https://a/c",
                    "CLIENT_ID": "i",
                    "CLIENT_SECRET": "geheim",
                    "TENANT_ID": "t",
                },
            ),
            {
                "credentials": "client",
                "client_id": "i",
                "client_secret": "geheim",
                "tenant_id": "t",
            },
        ),
        (
            with_data("GCS", {"BUCKET": "b", "PRIVATE_KEY": "e30="}, pathPrefix="p"),
            {"bucket": "b", "path_prefix": "p", "credentials": "key", "private_key": "e30="},
        ),
    ],
)
def test_each_type_is_parsed(entry: dict[str, Any], wanted: dict[str, str]) -> None:
    found = values(entry)
    assert {name: found.get(name) for name in wanted} == wanted


def test_several_secrets_in_one_text() -> None:
    both = [S3, with_data("oss", OSS)]
    for text in (json.dumps(both), "\ufeff" + json.dumps({"count": 2, "resources": both})):
        assert [(each.name, each.kind) for each in parse_store_secrets(text, KINDS)] == [
            ("default", "s3"),
            ("one", "oss"),
        ]
    assert "geheim" not in repr(parse_store_secrets(json.dumps(S3), KINDS))


def test_returned_secrets_are_parsed_without_credentials() -> None:
    prefix = "storage.ai.sap.com/"
    kinds = {
        "S3": {"bucket": "b", "endpoint": "s.example.com", "region": "eu", "pathPrefix": "p"},
        "oss": {"bucket": "b", "endpoint": "o.example.com", "region": "eu"},
        "webhdfs": {"hdfsNameNode": "https://n", "headers": '{"x-sap-filecontainer": "c"}'},
        "azure": {"containerUri": "https://a/c", "subscriptionId": "s", "tenantId": "t"},
        "gcs": {"bucket": "b", "projectId": "p"},
    }
    resources = [
        {
            "name": f"{kind.lower()}-object-store-secret",
            "metadata": {
                "serving.kubeflow.org/s3-usehttps": "0",
                "serving.kubeflow.org/s3-verifyssl": "0",
                **{prefix + key: value for key, value in {"type": kind, **settings}.items()},
            },
        }
        for kind, settings in kinds.items()
    ]
    found = {
        each.name: each
        for each in parse_store_secrets(json.dumps({"count": 5, "resources": resources}), KINDS)
    }
    assert list(found) == ["s3", "oss", "webhdfs", "azure", "gcs"]
    assert found["s3"].values == {
        "bucket": "b",
        "endpoint": "http://s.example.com",
        "region": "eu",
        "path_prefix": "p",
        "verify_tls": "false",
        "credentials": "environment",
    }
    assert found["s3"].missing == ("access_key_id", "secret_access_key")
    assert found["webhdfs"].values == {
        "namenode": "https://n",
        "headers": '{"x-sap-filecontainer": "c"}',
    }
    assert found["azure"].values == {"container_uri": "https://a/c", "credentials": "environment"}
    assert found["gcs"].missing == ("private_key",)
    for each in found.values():
        _, secrets = checked(KINDS[each.kind].fields, each.values)
        assert secrets == {}


@pytest.mark.parametrize(
    ("entry", "field", "words"),
    [
        ({**S3, "name": "De_fault"}, "name", "not valid"),
        ({**S3, "name": "a..b"}, "name", "not valid"),
        ({**S3, "name": "a" * 234}, "name", "not valid"),
        ({**S3, "name": None}, "name", "missing"),
        ({**S3, "name": 5}, "name", "a number"),
        ({**S3, "type": "ftp"}, "type", "'ftp'"),
        ({**S3, "type": ""}, "type", "S3, oss, webhdfs, azure, gcs"),
        ({**S3, "bucket": ""}, "bucket", "missing"),
        ({**S3, "usehttps": "yes"}, "usehttps", '"0"'),
        ({**S3, "verifyssl": ["geheim"]}, "verifyssl", "not valid"),
        ({**S3, "data": None}, "data", "missing"),
        ({**S3, "data": "geheim"}, "data", "is a string"),
        ({"name": "x", "type": "S3"}, "data", "missing"),
        ({**S3, "data": {"AWS_ACCESS_KEY_ID": "geheim"}}, "data.AWS_SECRET_ACCESS_KEY", "missing"),
        ({**S3, "data": {**S3["data"], "AWS_KEY": "geheim"}}, "data.AWS_KEY", "AWS_ACCESS_KEY_ID"),  # type: ignore[dict-item]
        ({**S3, "data": {"AWS_ACCESS_KEY_ID": ["geheim"]}}, "data.AWS_ACCESS_KEY_ID", "a list"),
        (
            {**S3, "data": {"AWS_ACCESS_KEY_ID": "geheim\ud800"}},
            "data.AWS_ACCESS_KEY_ID",
            "character",
        ),
        (with_data("oss", {**OSS, "ENDPOINT": ""}), "data.ENDPOINT", "missing"),
        (with_data("webhdfs", {**HDFS, "TLS_KEY": ""}), "data.TLS_KEY", "missing"),
        (with_data("webhdfs", {**HDFS, "HEADERS": "x: geheim"}), "data.HEADERS", "JSON"),
        (with_data("webhdfs", {**HDFS, "HEADERS": {"x": 1}}), "data.HEADERS", "JSON"),
        (
            with_data("azure", {"CONTAINER_URI": "https://a/c", "CLIENT_ID": "i"}),
            "data.STORAGE_ACCESS_KEY",
            "missing",
        ),
        (with_data("gcs", {"BUCKET": "b"}), "data.PRIVATE_KEY", "missing"),
        ({"name": "x", "metadata": {}}, "metadata.storage.ai.sap.com/type", "missing"),
        ({"name": "-object-store-secret", "metadata": {}}, "name", "missing"),
        (
            {"name": "x", "metadata": {"storage.ai.sap.com/type": "S3"}},
            "metadata.storage.ai.sap.com/bucket",
            "missing",
        ),
    ],
)
def test_errors_name_the_position(entry: dict[str, Any], field: str, words: str) -> None:
    for text, place in (
        (json.dumps(entry), ""),
        (
            json.dumps(
                {"resources": [with_data("gcs", {"BUCKET": "b", "PRIVATE_KEY": "k"}), entry]}
            ),
            "resources[1].",
        ),
    ):
        with pytest.raises(InvalidInput) as caught:
            parse_store_secrets(text, KINDS)
        assert caught.value.field == place + field
        assert caught.value.title.startswith(place + field)
        assert words in str(caught.value)
        assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"name": "geheim",\n "type"}', "Line 2, column 8"),
        ("", "Line 1, column 1"),
        ("[" * 100_000, "nested"),
        ('"geheim"', "The file is a string"),
        ("[]", "empty"),
        ('{"resources": {"name": "geheim"}}', "resources is an object"),
        ("[null]", "[0] is not an object store secret"),
        (json.dumps([S3, S3]), "'default' occurs twice"),
    ],
)
def test_files_without_secrets(text: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_store_secrets(text, KINDS)
    assert words in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_posted_secret_survives_a_round_trip() -> None:
    for entry in (S3, with_data("oss", OSS), with_data("webhdfs", HDFS), with_data("azure", AZURE)):
        (secret,) = parse_store_secrets(json.dumps(entry), KINDS)
        posted = serialize_store_secret(secret.name, KINDS[secret.kind], secret.values)
        # Verification of TLS is posted even if it is the default.
        assert parse_store_secret(posted, KINDS).values.items() >= secret.values.items()


def test_a_returned_secret_has_no_secrets_and_is_parsed_again() -> None:
    (secret,) = parse_store_secrets(json.dumps({**S3, "usehttps": "0"}), KINDS)
    settings, secrets = checked(KINDS["s3"].fields, secret.values)
    returned = serialize_returned_secret("default", KINDS["s3"], settings)
    assert not any(value in json.dumps(returned) for value in secrets.values())
    info = parse_store_info(returned)
    assert (info.name, info.type) == ("default", "S3")
    found = secret_of_info(info, KINDS)
    assert found.values["endpoint"] == "http://s3.example.com"
    assert found.values["verify_tls"] == "false"
    assert found.values["credentials"] == "environment"


def test_kinds_that_the_api_does_not_have() -> None:
    with pytest.raises(InvalidInput, match="does not support object stores of type file"):
        serialize_store_secret("default", KINDS["file"], {})
    returned = serialize_returned_secret("default", KINDS["file"], {"root": "/models"})
    assert returned["metadata"] == {"storage.ai.sap.com/type": "file"}


def test_credentials_of_the_environment_cannot_be_posted() -> None:
    with pytest.raises(InvalidInput) as caught:
        serialize_store_secret("default", KINDS["s3"], {"bucket": "models"})
    assert caught.value.field == "access_key_id"


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.secret is not None])
def test_secret_formats_name_fields_of_their_kind(kind: StoreKind) -> None:
    assert kind.secret is not None
    names = {field.name for field in kind.fields}
    used = {*kind.secret.data.values(), *kind.secret.settings.values(), *kind.location_fields}
    assert used - {""} <= names
    assert {*kind.secret.required, *kind.secret.secrets, *kind.secret.key_pair} <= names
