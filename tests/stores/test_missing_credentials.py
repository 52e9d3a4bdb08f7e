"""The error for missing credentials names the bucket or container in every kind of store."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from launchpad_tui.errors import AuthenticationFailed, ConfigError
from launchpad_tui.stores.azure import AzureStore
from launchpad_tui.stores.base import ObjectStore
from launchpad_tui.stores.gcs import GcsStore
from launchpad_tui.stores.oss import OssStore
from launchpad_tui.stores.s3 import S3Store

BUCKET = {"bucket": "models"}
OSS = {**BUCKET, "endpoint": "https://oss-eu-central-1.aliyuncs.com"}
AZURE = {"container_uri": "https://account.blob.core.windows.net/models"}
ENVIRONMENT = {"credentials": "environment"}


@pytest.fixture(autouse=True)
def empty_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name in (
        "AWS_ACCESS_KEY_ID",
        "OSS_ACCESS_KEY_ID",
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_STORAGE_SAS_KEY",
        "AZURE_STORAGE_KEY",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_ACCESS_KEY",
        "AZURE_TENANT_ID",
        "GOOGLE_APPLICATION_CREDENTIALS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path_factory.mktemp("gcloud")))
    # No service listens at port 1.
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.1:1")
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header")


@pytest.mark.parametrize(
    ("store", "values", "named"),
    [
        (S3Store, BUCKET, "bucket 'models'"),
        (S3Store, BUCKET | ENVIRONMENT, "bucket 'models'"),
        (OssStore, OSS, "bucket 'models'"),
        (OssStore, OSS | ENVIRONMENT, "bucket 'models'"),
        (GcsStore, BUCKET, "bucket 'models'"),
        (GcsStore, BUCKET | ENVIRONMENT, "bucket 'models'"),
        (AzureStore, AZURE, "container 'models'"),
        (AzureStore, AZURE | {"credentials": "client"}, "container 'models'"),
        (AzureStore, AZURE | ENVIRONMENT, "container 'models'"),
    ],
)
def test_the_error_names_the_place(
    store: type[ObjectStore], values: Mapping[str, str], named: str
) -> None:
    with pytest.raises((AuthenticationFailed, ConfigError)) as caught:
        store(values).check()  # type: ignore[call-arg]
    assert caught.value.title == f"No credentials found for {named}"
    assert caught.value.hint
