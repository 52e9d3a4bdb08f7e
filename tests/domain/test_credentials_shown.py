"""Credentials in values, labels and templates: what is hidden, and what is warned about."""

from __future__ import annotations

import json

import pytest

from launchpad_tui.cli.output import json_text
from launchpad_tui.cli.table import table_lines
from launchpad_tui.domain.credential_warnings import credential_warning, is_suspected, suspected
from launchpad_tui.domain.shown_credentials import (
    hide_credentials,
    hide_in_json,
    hide_value,
    may_contain_credentials,
)
from launchpad_tui.domain.text import clip, safe_lines, safe_text

AWS = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
CERTAIN = {
    "postgres://me:hunter2@db/x": "postgres://me:…@db/x",
    "redis://:hunter2@cache:6379/0": "redis://:…@cache:6379/0",
    "see https://me:hunter2@host/a and more": "see https://me:…@host/a and more",
    "mongodb+srv://me:p%40ss@cluster/db": "mongodb+srv://me:…@cluster/db",
    "https://a.blob.core.windows.net/c?sv=2024&sp=r&sig=abc%3D": (
        "https://a.blob.core.windows.net/c?sv=2024&sp=r&sig=…"
    ),
    "sv=2024-01-01&sp=rwdl&sig=abcdefghijklmnop": "sv=2024-01-01&sp=rwdl&sig=…",
    "https://b.s3.amazonaws.com/k?X-Amz-Date=2&X-Amz-Signature=0a1b": (
        "https://b.s3.amazonaws.com/k?X-Amz-Date=2&X-Amz-Signature=…"
    ),
    "https://storage.googleapis.com/b/k?X-Goog-Signature=0a1b&x=1": (
        "https://storage.googleapis.com/b/k?X-Goog-Signature=…&x=1"
    ),
    "https://b.oss.aliyuncs.com/k?OSSAccessKeyId=i&Expires=1&Signature=a%2Bb": (
        "https://b.oss.aliyuncs.com/k?OSSAccessKeyId=i&Expires=1&Signature=…"
    ),
    f"AccountName=a;AccountKey={'A' * 86}==;EndpointSuffix=core": (
        "AccountName=a;AccountKey=…;EndpointSuffix=core"
    ),
    f"aws_secret_access_key = {AWS}": "aws_secret_access_key = …",
    f'{{"SecretAccessKey": "{AWS}"}}': '{"SecretAccessKey": "…"}',
    f"hf_{'a1' * 17}": "…",
    f"token ghp_{'a1' * 18}": "token …",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n": "…\n",
    "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl": "…",
}
SHOWN = (
    "max_tokens=512",
    "ai://default/models/a@b",
    "https://github.com/a/b@main",
    "postgres://$USER:$PASSWORD@db",
    "postgres://{{user}}:{{password}}@db",
    "git@github.com:a/b.git",
    "ssh://git@github.com/a/b",
    "http://localhost:8080/a",
    "sk-learn-random-forest-classifier",
    "design=abc&x=1",
    "https://example.com/?signal=3",
    "9f86d081-884c-4d63-a9b2-0b9cac312dae",
    "risk-adjusted-return-of-the-portfolio-2024-12-31-final",
)


@pytest.mark.parametrize("text", CERTAIN)
def test_credentials_are_hidden_in_texts_and_json(text: str) -> None:
    assert hide_credentials(text) == CERTAIN[text]
    assert "\n".join(safe_lines(text)) == CERTAIN[text]
    one_line = text.replace("\n", " ")
    assert safe_text(one_line) == hide_credentials(one_line)
    data = {"a": [text], "b": {"key": "k", "value": text}, "number": 1.5, "none": None}
    assert json.loads(json_text(data)) == hide_in_json(data)
    assert CERTAIN[text] in hide_in_json(data)["a"]
    (_, row) = table_lines(["A", "B"], [["x", one_line]], 200)
    assert hide_credentials(one_line).strip() in row


@pytest.mark.parametrize("text", SHOWN)
def test_other_texts_are_shown(text: str) -> None:
    assert hide_credentials(text) == text


def test_a_credential_that_is_cut_is_hidden() -> None:
    text = f"postgres://me:{'hunter2' * 9}@db"
    for width in range(1, 40):
        assert "hunter" not in clip(text, width)
        assert "hunter" not in safe_text(text, width)
        (_, row) = table_lines(["A"], [[text]], width)
        assert "hunter" not in row


def test_texts_without_marks_are_not_searched() -> None:
    for text in ("resnet-50", "ai://default/a/weights.bin", "2026-01-01T00:00:00Z", "0.001"):
        assert not may_contain_credentials(text)


def test_a_value_is_judged_by_its_name() -> None:
    assert hide_value("aws_secret_access_key", AWS) == "…"
    assert hide_value("digest", AWS) == AWS
    shown = hide_in_json({"key": "aws_secret_access_key", "value": AWS})
    assert shown == {"key": "aws_secret_access_key", "value": "…"}


def test_long_texts_take_linear_time() -> None:
    for piece in ("a://b:", "sig=", "-----BEGIN PRIVATE KEY-----", "eyJ.", "account_key=", "x@://"):
        hide_credentials(piece * 100_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aws_secret_access_key", "abcdef123"),
        ("DB_PASSWORD", "hunter22"),
        ("dbPassword", "hunter22"),
        ("api_key", "abcdefgh"),
        ("apiKey", "abcdefgh"),
        ("hf_token", "hf_x1y2z3"),
        ("token", "abcdef12"),
        ("GITHUB_TOKEN", "abcdefgh"),
        ("client_secret", "s3cr3t!!"),
        ("connection_string", "Server=db;Uid=me;Pwd=abcdef"),
        ("arguments", "--lr 0.1 aws_secret_access_key=abcdef12"),
        ("arguments", "--db-password=abcdefgh --epochs 3"),
        ("script", "export PGPASSWORD=hunter22; psql"),
        ("data", "https://me:pw@host/data.csv"),
        ("url", "https://a.blob.core.windows.net/c?sig=abc"),
    ],
)
def test_suspected_credentials(name: str, value: str) -> None:
    assert is_suspected(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_tokens", "512"),
        ("max_tokens", "unlimited"),
        ("token", "512"),
        ("pad_token", "<padding>"),
        ("eos_token", "endoftext"),
        ("tokenizer", "bert-base-uncased"),
        ("token_type", "wordpiece"),
        ("tokens_per_batch", "4096"),
        ("secret_name", "my-database"),
        ("password_file", "/run/secrets/db"),
        ("api_key", "$API_KEY"),
        ("api_key", "{{workflow.parameters.key}}"),
        ("api_key", ""),
        ("key", "column_1"),
        ("primary_key", "customer_id"),
        ("sort_key", "created_at"),
        ("authorization_model", "gradient-boosting"),
        ("learning_rate", "0.001"),
        ("data", "https://example.com/data.csv?token_count=5"),
        ("arguments", "--max-tokens=512 --tokenizer=bert --keyword=alpha"),
        ("description", "The password is asked at the start"),
    ],
)
def test_other_values_are_not_suspected(name: str, value: str) -> None:
    assert not is_suspected(name, value)


def test_a_warning_names_the_values_and_the_remedy() -> None:
    names = suspected({"epochs": "3", "db-password": "hunter22", "max_tokens": "512"})
    assert names == ["db-password"]
    text = credential_warning("parameter", names, "digits-train")
    assert text.startswith("The parameter db-password looks like a credential.")
    assert "launchpad executables set digits-train environment='DB_PASSWORD=VALUE'" in text
    assert credential_warning("parameter", []) == ""
    assert "labels a, b look like credentials" in credential_warning("label", ["a", "b"])
