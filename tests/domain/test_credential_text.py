"""Credentials are recognized wherever they are typed, and other texts stay as they are."""

from __future__ import annotations

import json

import pytest

from launchpad_tui.domain.credential_text import (
    MASK,
    has_credentials,
    masked,
    masked_headers,
    masked_message,
)

S = "s3cr3t-value/x+1="


@pytest.mark.parametrize(
    "text",
    [
        f"https://user:{S[:6]}hidden@host/path",
        "https://hidden@github.com/owner/repo.git",
        "https://x-access-token:hidden@github.com/owner/repo.git",
        "https://oauth2:hidden@gitlab.example.com/a.git",
        "postgresql://me:hidden@db:5432/x?sslmode=require",
        "redis://:hidden@cache:6379/0",
        "ssh://me:hidden@host/repo",
        "s3://AKIA:hidden@bucket",
        "https://account.blob.core.windows.net/c?sv=2024-01-01&sp=rw&sig=hidden",
        "https://account.blob.core.windows.net/c?SIG=hidden&se=2030",
        "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=x&X-Amz-Signature=hidden",
        "https://b.s3.amazonaws.com/k?X-Amz-Credential=hidden%2F2024&X-Amz-Date=1",
        "https://storage.googleapis.com/b/k?X-Goog-Signature=hidden",
        "https://b.oss.aliyuncs.com/k?OSSAccessKeyId=hidden&Signature=hidden2",
        "https://host:9870/webhdfs/v1/?delegation=hidden&op=OPEN",
        "https://api.example.com/?api_key=hidden",
        "https://api.example.com/#x?access_token=hidden",
        "AWS_SECRET_ACCESS_KEY=hidden",
        "AWS_SECRET_ACCESS_KEY='hidden words' NEXT=1",
        "export DB_PASSWORD=hidden",
        'GITHUB_TOKEN="hidden"',
        "password: hidden",
        '{"clientsecret": "hidden"}',
        '{"client_secret":"hidden \\" quoted"}',
        '{"Authorization": "Bearer hidden"}',
        '{"X-Vault-Token": "hidden"}',
        "Authorization: Bearer hidden",
        "Cookie: hidden",
        "curl -H 'Authorization: Basic aGlkZGVuOmhpZGRlbg=='",
        "Bearer aGlkZGVuOmhpZGRlbg==",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=hidden==;EndpointSuffix=x",
        "SharedAccessSignature=hidden",
        "AKIAIOSFODNN7HIDDEN0",
        "ghp_hiddenhiddenhiddenhiddenhiddenhidden",
        "github_pat_hiddenhiddenhiddenhidden",
        "glpat-hiddenhiddenhiddenhidden",
        "hf_hiddenhiddenhiddenhiddenhiddenhidden",
        "sk-hiddenhiddenhiddenhiddenhidden",
        "xoxb-hiddenhidden-hidden",
        "eyJhbGciOiJIUzI1NiJ9.eyJoaWRkZW4iOjF9.hidden",
        "-----BEGIN RSA PRIVATE KEY-----\nhidden\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nhidden",
    ],
)
def test_credentials_are_masked(text: str) -> None:
    found = masked(text)
    assert MASK in found, text
    assert "hidden" not in found.lower().replace("hiddenhost", "")
    assert "aGlkZGVu" not in found
    assert "eyJoaWRkZW4" not in found
    assert has_credentials(text)
    assert masked(found) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://account.blob.core.windows.net/container",
        "https://s3.example.com:9000/path?list-type=2&prefix=a",
        "http://namenode:9870",
        "git@github.com:owner/repo.git",
        "ssh://git@github.com/owner/repo.git",
        "https://git@example.com/repo.git",
        "abfss://container@account.dfs.core.windows.net/path",
        "models/prod",
        "eu-central-1",
        "the token server is https://auth.example.com/oauth/token",
        "https://me.authentication.eu10.hana.ondemand.com/oauth/token",
        "TOKENIZERS_PARALLELISM=false",
        "MAX_TOKENS=512",
        "OMP_NUM_THREADS=4 CUDA_VISIBLE_DEVICES=0",
        "AWS_ACCESS_KEY_ID=name-only",
        "token_url=https://auth.example.com",
        "GOOGLE_APPLICATION_CREDENTIALS_FILE=/home/me/key.json",
        "DB_PASSWORD=$PASSWORD",
        "password={{workflow.parameters.password}}",
        '{"x-sap-filecontainer": "container"}',
        "sb-me!b1|aicore",
        "7f6a3b0c9d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a",
        "What this connection is for: basic tests",
        "mail@example.com",
        "C:\\keys\\file",
    ],
)
def test_other_texts_are_kept(text: str) -> None:
    assert masked(text) == text


def test_values_of_headers_are_masked_unless_they_are_known() -> None:
    headers = {"x-sap-filecontainer": "c", "X-Anything": "hidden", "Authorization": "hidden"}
    shown = masked_headers(json.dumps(headers))
    assert json.loads(shown) == {
        "x-sap-filecontainer": "c",
        "X-Anything": MASK,
        "Authorization": MASK,
    }
    container = '{"x-sap-filecontainer":"c"}'
    assert masked_headers(container) == container
    for invalid in ("hidden", "[]", '"x"', "[" * 100_000):
        assert masked_headers(invalid) == MASK


@pytest.mark.parametrize(
    "text",
    [
        "Unrecognized arguments: --x password=hidden",
        'The file {"clientsecret": "hidden"} does not exist',
        "Cannot reach https://me:hidden@host",
        "ghp_hiddenhiddenhiddenhiddenhiddenhidden",
        "HTTP 401 for https://host/?sig=hidden",
    ],
)
def test_credentials_in_messages_are_masked(text: str) -> None:
    assert "hidden" not in masked_message(text)
    assert MASK in masked_message(text)


@pytest.mark.parametrize(
    "text",
    [
        "The access token is missing. Every request must carry a token: request one.",
        "Write it as --secret FIELD=VALUE or --set-file client_secret=FILE.",
        "Store a service key with the connection (credentials=keys).",
        "launchpad settings set credentials.keep=file",
        "Use HTTP Basic authentication or a Bearer token.",
        "Set password: NAME of the secret",
    ],
)
def test_messages_stay_readable(text: str) -> None:
    assert masked_message(text) == text


def test_long_texts_take_linear_time() -> None:
    # A pattern that takes quadratic time would not end within the time of a test run.
    for text in ("a", "token", "?", "x=", "eyJ-", "a.", "a:", "'", "://", "basic "):
        assert masked(text * 200_000)
