"""Credentials from all sources, compared with those that SAP's SDK finds in the same sources."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from ai_core_sdk.credentials import fetch_credentials

from launchpad_tui.errors import ConfigError, InvalidInput, LaunchpadError
from launchpad_tui.runtimes.aicore.credentials import (
    ServiceKey,
    connection_key,
    environment_key,
    parse_service_key,
    profile_key,
    profiles,
)

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIC-hidden\n-----END PRIVATE KEY-----\n"
SECRET = "hush-hush$secret="
BY_SECRET = {
    "clientid": "sb-me!b1|aicore",
    "clientsecret": SECRET,
    "url": "https://me.authentication.example.com",
    "identityzone": "me",
    "identityzoneid": "1",
    "appname": "x",
    "credential-type": "binding-secret",
    "serviceurls": {"AI_API_URL": "https://api.ai.example.com"},
}
BY_CERTIFICATE = {
    **{name: value for name, value in BY_SECRET.items() if name != "clientsecret"},
    "certurl": "https://me.authentication.cert.example.com",
    "certificate": PEM.replace("\n", "\\n"),
    "key": KEY,
    "credential-type": "x509",
}
VARIABLES = {
    "AICORE_CLIENT_ID": "of-variables",
    "AICORE_CLIENT_SECRET": SECRET,
    "AICORE_AUTH_URL": "https://auth.example.com/oauth/token",
    "AICORE_BASE_URL": "https://api.example.com/v2",
}


def error_text(error: BaseException) -> str:
    context = "" if error.__suppress_context__ else error.__context__
    return f"{error!r} {error} {error.__cause__!r} {context}"


def test_a_service_key_with_a_client_secret() -> None:
    key = parse_service_key("\ufeff" + json.dumps(BY_SECRET))
    assert key.base_url == "https://api.ai.example.com/v2"
    assert key.auth_url == "https://me.authentication.example.com/oauth/token"
    assert (key.client_id, key.client_secret, key.certificate) == ("sb-me!b1|aicore", SECRET, "")
    assert SECRET not in repr(key)
    assert parse_service_key(json.dumps({"credentials": BY_SECRET, "name": "x"})) == key
    fields = key.fields()
    secrets = {"client_secret": fields.pop("client_secret")}
    again = connection_key(fields, secrets)
    assert (again.base_url, again.auth_url, again.client_secret) == (
        key.base_url,
        key.auth_url,
        SECRET,
    )


@pytest.mark.parametrize(
    "ending", ["", "/", "/v2", "/v2/", "/v2/lm", "/v2/lm/", "/lm", "/v2/admin", "/v2/lm/lm"]
)
def test_the_url_of_a_service_key_may_name_a_part_of_the_api(ending: str) -> None:
    servers = {"AI_API_URL": f"https://api.ai.example.com{ending}"}
    key = parse_service_key(json.dumps({**BY_SECRET, "serviceurls": servers}))
    assert key.base_url == "https://api.ai.example.com/v2"


def test_a_service_key_with_a_certificate() -> None:
    key = parse_service_key(json.dumps(BY_CERTIFICATE))
    assert key.auth_url == "https://me.authentication.cert.example.com/oauth/token"
    assert (key.certificate.strip(), key.private_key.strip()) == (PEM.strip(), KEY.strip())
    assert key.client_secret == ""
    assert "MIIC" not in repr(key)


@pytest.mark.parametrize("name", ["clientid", "clientsecret", "url", "serviceurls"])
def test_an_incomplete_service_key(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_service_key(
            json.dumps({key: value for key, value in BY_SECRET.items() if key != name}),
            "pasted text",
        )
    assert {"serviceurls": "AI_API_URL"}.get(name, name) in caught.value.detail
    assert "pasted text" in caught.value.detail
    assert SECRET not in error_text(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        '{"clientsecret": "' + SECRET,
        "[]",
        "null",
        '"text"',
        "[" * 100_000,
        "{}",
        "1" * 10_000,
        json.dumps({**BY_SECRET, "serviceurls": "https://x"}),
        json.dumps({**BY_SECRET, "url": ["x"]}),
        json.dumps({**BY_SECRET, "url": "ftp://x"}),
        json.dumps({**BY_SECRET, "url": "https://me:pw-hidden@x"}),
        json.dumps({**BY_SECRET, "url": "https://x:99999"}),
        json.dumps({**BY_SECRET, "url": "https://a b"}),
        json.dumps({**BY_SECRET, "certificate": PEM, "key": KEY}),
        json.dumps({**BY_CERTIFICATE, "key": ""}),
        json.dumps({**BY_CERTIFICATE, "certificate": None}),
        json.dumps({**BY_SECRET, "clientsecret": {"a": SECRET}}),
    ],
)
def test_invalid_service_keys(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_service_key(text)
    for hidden in (SECRET, "MIIC", "pw-hidden"):
        assert hidden not in error_text(caught.value)


def test_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AICORE_HOME", str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({**VARIABLES, "AICORE_RESOURCE_GROUP": "one"}))
    (tmp_path / "config_lab.json").write_text(json.dumps({**VARIABLES, "AICORE_CLIENT_ID": "lab"}))
    assert profile_key().client_id == profile_key("default").client_id == "of-variables"
    assert profile_key().resource_group == "one"
    assert profile_key("lab").client_id == "lab"
    assert profile_key("lab").source.endswith("config_lab.json")
    (tmp_path / "config_a.b-c.json").write_text("{}")
    assert profiles() == ["default", "a.b-c", "lab"]
    assert profiles({"AICORE_HOME": str(tmp_path), "AICORE_PROFILE": "lab"}) == [
        "lab",
        "a.b-c",
        "default",
    ]
    assert profiles({"AICORE_HOME": str(tmp_path / "nothing")}) == []
    monkeypatch.setenv("AICORE_PROFILE", "lab")
    assert profile_key().client_id == environment_key().client_id == "lab"
    assert connection_key({"credentials": "profile"}, {}).client_id == "lab"
    monkeypatch.setenv("AICORE_CONFIG", str(tmp_path / "config.json"))
    assert environment_key().client_id == "of-variables"
    with pytest.raises(ConfigError, match="cannot be read"):
        profile_key("nix")
    monkeypatch.delenv("AICORE_CONFIG")
    monkeypatch.setenv("AICORE_PROFILE", "nix")
    with pytest.raises(ConfigError, match="Profile 'nix' of SAP AI Core not found"):
        environment_key()
    # The text of a profile is accepted in place of a service key.
    assert parse_service_key((tmp_path / "config.json").read_text()).resource_group == "one"


def test_certificate_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    certificate.write_text(PEM)
    key.write_text(KEY)
    for name, value in {
        **VARIABLES,
        "AICORE_CERT_FILE_PATH": str(certificate),
        "AICORE_KEY_FILE_PATH": str(key),
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput, match="More than one authentication method"):
        environment_key()
    monkeypatch.delenv("AICORE_CLIENT_SECRET")
    assert environment_key().private_key == KEY
    key.unlink()
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        environment_key()
    assert str(key) in caught.value.detail


def test_missing_credentials() -> None:
    with pytest.raises(ConfigError) as caught:
        environment_key()
    assert "AICORE_SERVICE_KEY" in caught.value.detail
    assert "config.json" in caught.value.detail
    with pytest.raises(InvalidInput, match="base_url, client_id, auth_url are missing"):
        connection_key({}, {})


def launchpad_credentials() -> Mapping[str, str] | None:
    try:
        key: ServiceKey = environment_key()
    except LaunchpadError as error:
        message = error_text(error)
    else:
        message = ""
    assert SECRET not in message
    assert "MIIC" not in message
    if message:
        return None
    found = {
        "client_id": key.client_id,
        "client_secret": key.client_secret,
        "auth_url": key.auth_url,
        "base_url": key.base_url,
        "resource_group": key.resource_group,
        "cert_str": key.certificate.strip(),
        "key_str": key.private_key.strip(),
    }
    return {name: value for name, value in found.items() if value}


def sdk_credentials() -> Mapping[str, str] | None:
    try:
        found = fetch_credentials()
    except (ValueError, KeyError, FileNotFoundError, TypeError):
        return None
    names: tuple[str, ...] = (
        "client_id",
        "client_secret",
        "auth_url",
        "base_url",
        "resource_group",
        "cert_str",
        "key_str",
    )
    if "client_secret" in found:
        # The SDK also returns an incomplete certificate beside a secret; launchpad does not.
        names = tuple(name for name in names if name not in {"cert_str", "key_str"})
        found = {name: value for name, value in found.items() if not name.endswith("file_path")}
    return {name: str(found[name]).strip() for name in names if name in found} | _read_files(found)


def _read_files(found: Mapping[str, str]) -> dict[str, str]:
    """Return the content of the files of certificate and key, if the SDK found any."""
    files = {"cert_str": "cert_file_path", "key_str": "key_file_path"}
    return {
        name: Path(found[path]).read_text().strip() for name, path in files.items() if path in found
    }


def test_credentials_are_found_as_by_saps_sdk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AICORE_HOME", str(tmp_path))
    (tmp_path / "c.pem").write_text(PEM)
    (tmp_path / "k.pem").write_text(KEY)
    values = {
        "CLIENT_ID": "me",
        "CLIENT_SECRET": SECRET,
        "AUTH_URL": "https://auth.example.com",
        "RESOURCE_GROUP": "vision",
        "BASE_URL": "https://api.example.com/",
        "CERT_URL": "https://cert.example.com/oauth/token",
        "KEY_STR": KEY,
        "CERT_STR": PEM.replace("\n", "\\n"),
        "CERT_FILE_PATH": str(tmp_path / "c.pem"),
        "KEY_FILE_PATH": str(tmp_path / "k.pem"),
    }
    vcap = {
        "other": [{"label": "x"}],
        "aicore": [{"label": "aicore", "name": "mine", "credentials": BY_CERTIFICATE}],
    }
    chance = random.Random(7)
    whole = ["CLIENT_ID", "CLIENT_SECRET", "AUTH_URL", "BASE_URL"]
    agreed = 0
    for service_key, in_vcap in itertools.product(
        [None, BY_SECRET, BY_CERTIFICATE, {"clientid": "half"}, {"appname": "nothing"}],
        [False, True],
    ):
        for _ in range(40):
            for name in values:
                monkeypatch.delenv(f"AICORE_{name}", raising=False)
            for name in _random_names(chance, values, whole):
                monkeypatch.setenv(f"AICORE_{name}", values[name])
            config = {
                f"AICORE_{name}": f"{values[name]}" for name in _random_names(chance, values, whole)
            }
            (tmp_path / "config.json").write_text(json.dumps(config))
            for name, value, there in (
                ("AICORE_SERVICE_KEY", service_key, service_key is not None),
                ("VCAP_SERVICES", vcap, in_vcap),
            ):
                monkeypatch.setenv(name, json.dumps(value)) if there else monkeypatch.delenv(
                    name, raising=False
                )
            expected, found = sdk_credentials(), launchpad_credentials()
            assert found == expected
            agreed += expected is not None
    assert agreed > 100


def _random_names(
    chance: random.Random, values: Mapping[str, str], complete: list[str]
) -> list[str]:
    """Return no names, all names of one authentication method, or any names."""
    way = chance.randrange(4)
    if way == 0:
        return []
    if way == 1:
        return complete
    if way == 2:
        return [name for name in values if name != "CLIENT_SECRET" and "FILE" not in name]
    return [name for name in values if chance.random() < 0.6]
