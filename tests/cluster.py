"""A PostgreSQL server with PostGIS of the tests' own: made in a temporary folder, gone with the session."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text

from processes import running

DEBIAN_SERVERS = Path("/usr/lib/postgresql")
# Durability is worth nothing to a database that lives for one test session.
SPEED = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "256MB"}


@dataclass(frozen=True)
class Cluster:
    """A running server.

    Attributes:
        url: its maintenance database, as a superuser.
    """

    url: URL

    def create(self, name: str, *, template: str = "template0") -> str:
        """A new database, empty or a copy of ``template``; its URL."""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()


def free_port() -> int:
    """A TCP port on the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def postgis_server() -> Iterator[Cluster]:
    """A server from ``initdb`` to its end, whatever happens in between."""
    programs, user = server_programs(), server_user()
    folder = Path(tempfile.mkdtemp(prefix="bioplan-postgis-"))
    try:
        password = _initialise(programs, user, folder)
        port = free_port()
        with running(_server_command(programs, user, folder, port), stop_by=signal.SIGQUIT) as server:
            server.wait_for("ready to accept connections")
            yield Cluster(URL.create("postgresql+psycopg", "postgres", password, "127.0.0.1", port, "postgres"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def server_programs() -> Path:
    """The folder of ``initdb`` and ``postgres`` of the newest PostgreSQL here that has PostGIS."""
    versions = sorted(DEBIAN_SERVERS.glob("[0-9]*"), key=lambda folder: int(folder.name), reverse=True)
    found = [folder / "bin" for folder in versions if (folder / "bin/initdb").exists()]
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    if not found:
        pytest.fail("PostgreSQL is missing: no initdb (Debian: postgresql-15-postgis-3). `make test` installs it.")
    with_postgis = [programs for programs in found if _has_postgis(programs)]
    if not with_postgis:
        pytest.fail(f"PostGIS is missing for the PostgreSQL in {found[0]} (Debian: postgresql-15-postgis-3).")
    return with_postgis[0]


def _has_postgis(programs: Path) -> bool:
    version = programs.parent.name
    folders = (Path(f"/usr/share/postgresql/{version}/extension"), programs.parent / "share/extension")
    beside = (programs.parent / "share/postgresql/extension", *folders)
    return any((folder / "postgis.control").exists() for folder in beside)


def server_user() -> str | None:
    """Whom the server must run as: PostgreSQL refuses root, so root hands it to ``postgres``."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.fail("The system user postgres is missing; PostgreSQL does not run as root (Debian: postgresql-common).")


def _as(user: str | None) -> Sequence[str]:
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--pdeathsig=INT"] if user else []


def _initialise(programs: Path, user: str | None, folder: Path) -> str:
    password, password_file = secrets.token_hex(8), folder / "password"
    password_file.write_text(password)
    if user:
        shutil.chown(folder, user)
        shutil.chown(password_file, user)
    options = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={password_file}"]
    command = [*_as(user), str(programs / "initdb"), f"--pgdata={folder / 'data'}", *options]
    subprocess.run(
        [*command, "--encoding=UTF8", "--locale=C", "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd=folder
    )
    return password


def _server_command(programs: Path, user: str | None, folder: Path, port: int) -> list[str]:
    settings = {**SPEED, "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [*_as(user), str(programs / "postgres"), "-D", str(folder / "data"), *options]


@pytest.fixture(scope="session")
def postgis_cluster() -> Iterator[Cluster]:
    """A PostgreSQL server with PostGIS, of this session's own."""
    with postgis_server() as running_cluster:
        yield running_cluster


@pytest.fixture(scope="session")
def postgis_url(postgis_cluster: Cluster) -> str:
    """The cluster's maintenance database, as a superuser."""
    return postgis_cluster.url.render_as_string(hide_password=False)
