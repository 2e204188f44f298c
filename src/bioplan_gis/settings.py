"""The environment, read once and passed in.

Every setting is a variable ``BIOPLAN_<NAME>``; nothing is read at import.
"""

import hashlib
import os
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bioplan_gis.errors import SettingsError

PREFIX = "BIOPLAN_"
PACKAGE = Path(__file__).resolve().parent
REPOSITORY_FOLDERS = {"geodata": "geodata", "alembic": "alembic", "web": "web/build"}


class Settings(BaseSettings):
    """What a deployment may choose.

    Attributes:
        database_url: ``sqlite:///path`` (embedded GeoPackage) or ``postgresql+psycopg://user:password@host/name``.
        geodata: folder that holds ``catalogue.toml``; none means the one that came with the product.
        host: address to listen on.
        port: TCP port to listen on, 0 to 65535 (0 lets the system choose).
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    database_url: str = "sqlite:///var/bioplan.gpkg"
    geodata: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)

    @property
    def geodata_folder(self) -> Path:
        """The folder that is loaded: the configured one, or the product's own."""
        return self.geodata or bundled("geodata")


def read_settings(**overrides: object) -> Settings:
    """The settings of this process; ``None`` among the overrides means not given.

    Raises:
        SettingsError: a variable or option has a value that cannot be used, or a variable is none of ours.
    """
    _refuse_unknown_variables()
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise _settings_error(error) from error


def _refuse_unknown_variables() -> None:
    """A misspelt variable would silently leave its default in force, such as another database."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for variable in os.environ:
        if variable.upper().startswith(PREFIX) and variable.upper() not in known:
            raise SettingsError(
                f"没有名为 {variable} 的设置；可用的有 {'、'.join(known)}。",
                f"There is no setting {variable}; there are {', '.join(known)}.",
            )


def _settings_error(error: ValidationError) -> SettingsError:
    """The first fault as a sentence; pydantic's own text names neither variable nor remedy."""
    fault = error.errors()[0]
    variable = PREFIX + "_".join(str(part) for part in fault["loc"]).upper()
    value, reason = fault["input"], fault["msg"]
    return SettingsError(
        f"设置 {variable} 的值 {value!r} 无效：{reason}。请改正该环境变量或命令行选项。",
        f"The setting {variable} cannot be {value!r}: {reason}. Correct the environment variable or the option.",
    )


def software_digest() -> str:
    """Hash over this package's code and the parts of its pages: two answers of different code are different answers.

    Raises:
        SettingsError: the pages' parts are missing from the installation.
    """
    digest = hashlib.sha256()
    pages = (path for path in bundled("web").iterdir() if path.is_file() and not path.name.startswith("."))
    for path in [*sorted(PACKAGE.rglob("*.py")), *sorted(pages)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def bundled(name: str) -> Path:
    """The folder ``geodata``, ``alembic`` or ``web`` (the built page) that came with the product.

    In a wheel they stand inside the package; in a checkout they are the repository's own.

    Raises:
        SettingsError: the folder is in neither place.
    """
    for folder in (PACKAGE / "_bundled" / name, PACKAGE.parents[1] / REPOSITORY_FOLDERS[name]):
        if folder.is_dir():
            return folder
    raise SettingsError(
        f"安装不完整：找不到随产品提供的 {name} 目录。请重新安装（make run 或 pip install .）。",
        f"The installation is incomplete: its {name} folder is missing. Install again (make run, or pip install .).",
    )
