"""The instructions of Dockerfiles that describe code and environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchpad_tui.runtimes.embedded.dockerfile import ImageRecipe, read_dockerfile


def read(folder: Path, text: str) -> ImageRecipe:
    (folder / "Dockerfile").write_text(text)
    recipe = read_dockerfile(folder / "Dockerfile")
    assert recipe is not None
    return recipe


def test_all_instructions_of_the_last_stage(tmp_path: Path) -> None:
    recipe = read(
        tmp_path,
        r"""# syntax=docker/dockerfile:1
ARG VERSION=3.11
FROM python:${VERSION}-slim AS base
ARG ROOT=/app
ENV ROOT=$ROOT DATA="$ROOT/data" \
    # a comment inside
    MODEL='/app/model'
ENV LEGACY two words
FROM base AS tools
COPY tool /tool
FROM base
WORKDIR /app
WORKDIR src
RUN pip install --no-cache-dir -i https://pypi.example.com/simple \
      -r /app/requirements.txt numpy==1.26 "pandas>=2" && \
    mkdir -p /app/cache out
RUN <<EOF
pip install ignored-because-it-is-in-a-heredoc
EOF
RUN ["python", "-m", "pip", "install", "--requirement", "extra.txt"]
COPY --from=tools /tool /usr/local/bin/tool
COPY --chown=1:1 train.py util.py ./
COPY ["a file.txt", "/app/notes.txt"]
ADD https://example.com/x.tar /app/
ENTRYPOINT ["python"]
CMD ["train.py"]
""",
    )
    assert dict(recipe.env) == {
        "ROOT": "/app",
        "DATA": "/app/data",
        "MODEL": "/app/model",
        "LEGACY": "two words",
    }
    assert recipe.working_dir == "/app/src"
    assert [(copy.sources, copy.target) for copy in recipe.copies] == [
        (("train.py", "util.py"), "/app/src/"),
        (("a file.txt",), "/app/notes.txt"),
    ]
    assert recipe.requirements == ("/app/requirements.txt", "/app/src/extra.txt")
    assert recipe.packages == ("numpy==1.26", "pandas>=2")
    assert recipe.folders == ("/app/cache", "/app/src/out")
    assert (recipe.entrypoint, recipe.command) == (("python",), ("train.py",))


def test_copied_files_are_found_by_their_paths_in_the_image(tmp_path: Path) -> None:
    for name in ("main.py", "lib/util.py", "requirements.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    recipe = read(
        tmp_path, "FROM x\nCOPY *.py /app/src/\nCOPY lib /app/lib\nCOPY requirements.txt .\n"
    )
    assert recipe.find("/app/src/main.py", tmp_path) == tmp_path / "main.py"
    assert recipe.find("/app/lib/util.py", tmp_path) == tmp_path / "lib" / "util.py"
    assert recipe.find("/requirements.txt", tmp_path) == tmp_path / "requirements.txt"
    assert recipe.find("/app/main.py", tmp_path) is None


def test_the_build_context_may_be_a_parent_folder(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("x")
    (tmp_path / "docker").mkdir()
    recipe = read(tmp_path / "docker", "FROM x\nCOPY src/ /app/\n")
    assert recipe.context(tmp_path) == tmp_path
    assert recipe.find("/app/main.py", tmp_path) == tmp_path / "src" / "main.py"


def test_files_that_are_no_dockerfiles(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"\xff\x00 not a dockerfile")
    assert read_dockerfile(tmp_path / "Dockerfile") is None
    assert read_dockerfile(tmp_path / "missing") is None
    assert read(tmp_path, "FROM x\nCOPY ../outside /app\nENV\nRUN pip install 'open\n").env == {}


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("FROM python:3.8", "3.8"),
        ("FROM --platform=linux/amd64 python:3.8.2-slim-bullseye AS base", "3.8"),
        ("ARG TAG=3.10-slim\nFROM docker.io/library/python:${TAG}", "3.10"),
        ("ARG BASE_IMAGE=python:3.10-slim\nFROM ${BASE_IMAGE}", "3.10"),
        ("FROM python:3.9 AS one\nENV A=1\nFROM one\nCOPY a /a", "3.9"),
        ("FROM registry.example.com/mirror/python:3.12@sha256:abc", "3.12"),
        ("FROM python:3.9 AS one\nFROM debian:12\nCOPY --from=one /a /a", ""),
        ("FROM python:3", ""),
        ("FROM python", ""),
        ("FROM pytorch/pytorch:2.5.1-cuda12.4", ""),
        ("FROM mypython:3.8", ""),
    ],
)
def test_the_version_of_python_is_that_of_the_image(
    tmp_path: Path, text: str, version: str
) -> None:
    (tmp_path / "Dockerfile").write_text(f"{text}\n")
    recipe = read_dockerfile(tmp_path / "Dockerfile")
    assert recipe is not None
    assert recipe.python_version == version
