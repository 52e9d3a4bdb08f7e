"""Certificate authorities and client certificates of TLS contexts."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from launchpad_tui.errors import ConfigError
from launchpad_tui.net.tls import create_context
from tests.stores import certificates


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    return certificates.make(tmp_path_factory.mktemp("tls"))


def subjects(context: ssl.SSLContext) -> set[str]:
    return {str(each["subject"]) for each in context.get_ca_certs()}


def test_a_ca_file_is_trusted_in_addition_or_alone(made: certificates.Certificates) -> None:
    alone = create_context(str(made.ca), only_ca_file=True)
    assert len(subjects(alone)) == 1
    assert subjects(alone) <= subjects(create_context(str(made.ca)))
    assert alone.verify_mode is ssl.CERT_REQUIRED
    assert alone.check_hostname


def test_bundles_of_the_environment_are_trusted_only_on_request(
    made: certificates.Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.ca))
    own = subjects(create_context(str(made.ca), only_ca_file=True))
    assert own <= subjects(create_context(environment=True))
    assert not own <= subjects(create_context())


def test_verification_can_be_switched_off() -> None:
    context = create_context(verify=False)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_NONE, False)


@pytest.mark.parametrize("only", [False, True])
def test_ca_files_that_cannot_be_loaded(tmp_path: Path, only: bool) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(ConfigError, match="CA file") as caught:
            create_context(str(tmp_path / name), only_ca_file=only)
        assert name in caught.value.detail
        assert caught.value.hint


def test_a_certificate_with_the_key_of_another(made: certificates.Certificates) -> None:
    with pytest.raises(ConfigError, match="client certificate") as caught:
        create_context(
            certificate=made.client.read_text(), private_key=made.stranger_key.read_text()
        )
    assert "PRIVATE" not in str(caught.value)
    create_context(certificate=made.client.read_text(), private_key=made.client_key.read_text())
