"""Where the keys of an S3 store come from: kept with the store, the environment, a profile of the aws command, or the
machine that launchpad runs on. What is not asked for has no say: with keys of the store's own, the files and variables
of the aws command change nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from launchpad_tui.errors import AuthenticationFailed, ConfigError

if TYPE_CHECKING:
    from botocore.session import Session

_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
#: providers of botocore's chain that ask the machine
_MACHINE = {"assume-role-with-web-identity", "container-role", "iam-role"}


def session(values: Mapping[str, str]) -> Session:
    """A session of botocore with the store's credentials and no region.

    Raises:
        AuthenticationFailed: the environment has none.
        ConfigError: the profile or the file is not there.
    """
    match values.get("credentials") or "keys":
        case "profile":
            return _of_profile(values)
        case "instance":
            return _of_machine()
        case "environment":
            missing = [name for name in _VARIABLES if not os.environ.get(name)]
            if missing:
                raise AuthenticationFailed(
                    "The object store needs credentials", f"Not set: {', '.join(missing)}."
                )
            key, secret = (os.environ[name] for name in _VARIABLES)
            return _with_keys(key, secret, os.environ.get("AWS_SESSION_TOKEN"))
        case _:
            key, secret = values.get("access_key_id", ""), values.get("secret_access_key", "")
            if not key or not secret:
                raise AuthenticationFailed(
                    "The object store needs credentials", hint="Enter access key and secret key."
                )
            return _with_keys(key, secret, values.get("session_token"))


def _isolated() -> Session:
    import botocore.session

    nothing = (None, None, None, None)
    return botocore.session.Session(
        session_vars={"profile": nothing, "config_file": nothing, "credentials_file": nothing}
    )


def _with_keys(key: str, secret: str, token: str | None) -> Session:
    made = _isolated()
    made.set_credentials(key, secret, token or None)
    return made


def _of_machine() -> Session:
    made = _isolated()
    resolver: Any = made.get_component("credential_provider")
    resolver.providers[:] = [each for each in resolver.providers if each.METHOD in _MACHINE]
    return made


def _of_profile(values: Mapping[str, str]) -> Session:
    import botocore.session
    from botocore.exceptions import BotoCoreError

    path = values.get("credentials_file", "")
    if path and not os.path.isfile(os.path.expanduser(path)):
        raise ConfigError("The credentials file is not there", path)
    files = {"credentials_file": (None, None, os.path.expanduser(path), None)} if path else {}
    # A profile that is named keeps botocore from looking at the variables with keys.
    made = botocore.session.Session(session_vars=files, profile=values.get("profile") or "default")
    try:
        resolver: Any = made.get_component("credential_provider")
    except BotoCoreError as error:
        raise ConfigError(
            "The profile cannot be used", str(error), "Look at it: aws configure list-profiles."
        ) from error
    # Where the profile has nothing, the machine is not asked: elsewhere that waits for an address that never answers.
    resolver.providers[:] = [
        each for each in resolver.providers if each.METHOD not in {"iam-role", "container-role"}
    ]
    return made
