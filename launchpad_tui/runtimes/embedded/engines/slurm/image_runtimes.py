"""Command lines that run the image of a template on a node: Apptainer, or enroot through pyxis.

Apptainer: https://apptainer.org/docs/user/latest/cli/apptainer_exec.html. pyxis, a plugin of srun:
https://github.com/NVIDIA/pyxis#usage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.embedded.mounts import Mount
from launchpad_tui.runtimes.embedded.sandbox import Launch


class Apptainer:
    """The program ``apptainer``. The container has the network and the user of the job."""

    name = "apptainer"

    def launch(
        self,
        image: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        mounts: Sequence[Mount],
    ) -> Launch:
        """Return the command; the image's own command if there is none. Raises InvalidInput.

        The container gets the variables of the command. Its PATH is that of the image, unless the
        template sets one.
        """
        options = ["--no-home", "--writable-tmpfs", "--nv"]
        for each in mounts:
            options += ["--bind", _mount(each)]
        if cwd:
            options += ["--pwd", cwd]
        if "PATH" in env:
            options += ["--env", f"PATH={env['PATH']}"]
        local = re.match(r"/|[a-z-]+://", image) is not None or image.endswith(".sif")
        source = image if local else f"docker://{image}"
        verb = "exec" if argv else "run"
        variables = {name: value for name, value in env.items() if name != "PATH"}
        return Launch(("apptainer", verb, *options, source, *argv), variables, "/", in_image=True)


class Pyxis:
    """The options of ``srun`` that NVIDIA's plugin pyxis adds, which runs enroot."""

    name = "pyxis"

    def launch(
        self,
        image: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        mounts: Sequence[Mount],
    ) -> Launch:
        """Return the command. Raises InvalidInput.

        Variables of the command precede those of the image.
        """
        if not argv:
            raise InvalidInput(
                f"The image {image} cannot run without a command",
                "With pyxis, the default command of an image is not used.",
                "Add the command to the container of the template.",
            )
        options = [f"--container-image={_enroot_image(image)}", "--no-container-mount-home"]
        options.append("--container-writable")
        if mounts:
            options.append(f"--container-mounts={','.join(_mount(each) for each in mounts)}")
        if cwd:
            options.append(f"--container-workdir={cwd}")
        # The node adds the endpoint of the step.
        names = dict.fromkeys([*env, "AICORE_TRACKING_ENDPOINT"])
        options.append(f"--container-env={','.join(names)}")
        return Launch(("srun", "--ntasks=1", *options, *argv), env, "/", in_image=True)


#: by the value of the field ``container_runtime``
IMAGE_RUNTIMES = {each.name: each for each in (Apptainer(), Pyxis())}


def _mount(mount: Mount) -> str:
    for path in (str(mount.source), mount.target):
        if re.search(r"[:,]", path):
            raise InvalidInput(
                f"The path {path[:200]} cannot be mounted",
                "Container runtimes separate paths by colons and commas.",
                "Rename the folder or the artifact.",
            )
    return f"{mount.source}:{mount.target}" + ("" if mount.writable else ":ro")


def _enroot_image(image: str) -> str:
    """Return an image as enroot names it: a registry is followed by ``#``."""
    if re.match(r"/|\.|[a-z-]+://", image):
        return image
    first, slash, rest = image.partition("/")
    is_registry = bool(slash) and (re.search(r"[.:]", first) or first == "localhost")
    return f"{first}#{rest}" if is_registry else image
