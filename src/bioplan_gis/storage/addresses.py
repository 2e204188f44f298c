"""Database URLs: read, refused, and shown without what is secret in them."""

import re

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bioplan_gis.errors import DatabaseUnavailableError

_MASK = "***"
_FORMS = "sqlite:///var/bioplan.gpkg · postgresql+psycopg://user:password@host:5432/name"
# A value that is named like a secret, in a query or a connection string, up to the next parameter.
_SECRET_VALUE = re.compile(r"(\w*(?:pass|pwd|secret|token)\w*\s*=)[^&]*", re.IGNORECASE)
# Whatever stands before the last @ of a URL that cannot be read; of a scheme nothing is secret.
_USER_INFO = re.compile(r"^\s*([\w+.-]*:?//)?.*@", re.DOTALL)


def parsed(raw: str) -> URL:
    """A database URL in SQLAlchemy's form.

    Raises:
        DatabaseUnavailableError: it is malformed.
    """
    try:
        return make_url(raw)
    except (ArgumentError, ValueError) as error:
        raise unusable(_without_secrets(raw), "格式不正确", "it is malformed") from error


def unusable(shown: str, zh: str, en: str) -> DatabaseUnavailableError:
    """The error of a URL that cannot be used, which names what would be right.

    Args:
        shown: the URL as it may be shown.
        zh: what is wrong with it, in Chinese.
        en: the same in English.
    """
    return DatabaseUnavailableError(
        f"数据库地址（BIOPLAN_DATABASE_URL）无法使用：{zh}。可用的形式：{_FORMS}",
        f"The database URL (BIOPLAN_DATABASE_URL) cannot be used: {en}. It should be of the form {_FORMS}",
        details=shown,
    )


def named(url: URL) -> str:
    """A database's URL as whoever runs the service may see it: without passwords."""
    # An unescaped @ in a password ends it for SQLAlchemy, which takes the rest for the host.
    if "@" in (url.host or ""):
        return _without_secrets(url.render_as_string(hide_password=False))
    return _SECRET_VALUE.sub(rf"\1{_MASK}", url.render_as_string(hide_password=True))


def _without_secrets(raw: str) -> str:
    return _USER_INFO.sub(rf"\1{_MASK}@", _SECRET_VALUE.sub(rf"\1{_MASK}", raw))
