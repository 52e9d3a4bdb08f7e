"""Credentials of an S3 store: keys, environment, AWS CLI profile, or the role of this machine.

Only the configured source is used. If keys are stored with the object store, the files and
environment variables of the AWS CLI have no effect.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from launchpad_tui.errors import ConfigError
from launchpad_tui.stores.store_errors import (
    credentials_missing,
)

if TYPE_CHECKING:
    from botocore.session import Session

_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
#: credential providers of botocore that use the role of this machine
_MACHINE = {"assume-role-with-web-identity", "container-role", "iam-role"}


def create_session(values: Mapping[str, str]) -> Session:
    """Return a botocore session with the store's credentials and without a region.

    Raises:
        AuthenticationFailed: the source has no credentials.
        ConfigError: the profile or the credentials file does not exist.
    """
    match values.get("credentials") or "keys":
        case "profile":
            return _with_profile(values)
        case "instance":
            return _with_instance_role()
        case "environment":
            missing = [name for name in _VARIABLES if not os.environ.get(name)]
            if missing:
                raise credentials_missing(
                    _shown(values),
                    "Set these environment variables, or edit the object store to use other "
                    "credentials.",
                    f"Not set: {', '.join(missing)}.",
                )
            key, secret = (os.environ[name] for name in _VARIABLES)
            return _with_keys(key, secret, os.environ.get("AWS_SESSION_TOKEN"))
        case _:
            key, secret = values.get("access_key_id", ""), values.get("secret_access_key", "")
            if not key or not secret:
                raise credentials_missing(
                    _shown(values), "Enter access key ID and secret access key."
                )
            return _with_keys(key, secret, values.get("session_token"))


def _shown(values: Mapping[str, str]) -> str:
    """Return how messages name the store."""
    return f"bucket {values['bucket']!r}" if values.get("bucket") else "the object store"


def _isolated() -> Session:
    import botocore.session

    nothing = (None, None, None, None)
    session = botocore.session.Session(
        session_vars={"profile": nothing, "config_file": nothing, "credentials_file": nothing}
    )
    loader = _service_descriptions()
    # Each session of boto3 adds the same folder.
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)
    session.register_component("data_loader", loader)
    return session


@cache
def _service_descriptions() -> Any:
    """Return the loader of botocore's descriptions of services.

    Each session would parse them again, which takes most of the time to create a client.
    """
    from botocore.loaders import create_loader

    return create_loader(os.environ.get("AWS_DATA_PATH"))


def _with_keys(key: str, secret: str, token: str | None) -> Session:
    session = _isolated()
    session.set_credentials(key, secret, token or None)
    return session


def _with_instance_role() -> Session:
    session = _isolated()
    resolver: Any = session.get_component("credential_provider")
    resolver.providers[:] = [each for each in resolver.providers if each.METHOD in _MACHINE]
    return session


def _with_profile(values: Mapping[str, str]) -> Session:
    import botocore.session
    from botocore.exceptions import BotoCoreError

    path = values.get("credentials_file", "")
    if path and not os.path.isfile(os.path.expanduser(path)):
        raise ConfigError(
            "The credentials file does not exist", path, "Check the field Credentials file."
        )
    files = {"credentials_file": (None, None, os.path.expanduser(path), None)} if path else {}
    # With an explicit profile botocore ignores the environment variables that contain keys.
    session = botocore.session.Session(
        session_vars=files, profile=values.get("profile") or "default"
    )
    try:
        resolver: Any = session.get_component("credential_provider")
    except BotoCoreError as error:
        raise ConfigError(
            "The AWS profile cannot be used",
            str(error),
            "List profiles: aws configure list-profiles.",
        ) from error
    # A profile without credentials must not fall back to the machine's role: outside of a cloud
    # that request waits for an address that never responds.
    resolver.providers[:] = [
        each for each in resolver.providers if each.METHOD not in {"iam-role", "container-role"}
    ]
    return session
