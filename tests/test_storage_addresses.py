"""Database URLs: whatever is wrong with one, nothing secret in it is ever shown, and a visitor sees none of it."""

import logging

import pytest
from sqlalchemy import make_url
from starlette.testclient import TestClient

from bioplan_gis.app import create_app
from bioplan_gis.errors import DatabaseUnavailableError
from bioplan_gis.settings import Settings
from bioplan_gis.storage.addresses import named
from bioplan_gis.storage.database import open_engine, require_schema
from cluster import free_port
from databases import opened

SECRET = "topsecret"  # noqa: S105


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg//bob:topsecret@h/db",
        "postgresql+psycopg://bob:topsecret@h:port/db",
        "postgresql:bob:topsecret@h/db",
        "bob:topsecret@h",
        "bob:top//topsecret@h",
        "postgresql+psycopg://bob:p@topsecret@h:port/db",
        "mysql://bob:topsecret@h/db",
        "mysql://bob:p@topsecret@h/db",
        "postgresql://h/db?password=topsecret&foo=1",
        "postgresql://h:port/db?sslpassword=topsecret",
        "postgresql://h:port/db?password=at%40topsecret",
        "host=h user=bob password=topsecret dbname=db",
        "sqlite:///x.gpkg?token=topsecret",
    ],
)
def test_a_url_that_cannot_be_used_is_shown_without_its_secret(url: str):
    with pytest.raises(DatabaseUnavailableError) as caught:
        open_engine(url)
    assert SECRET not in str(caught.value)
    assert "***" in caught.value.details


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://bob:topsecret@h/db", "postgresql://bob:***@h/db"),
        ("postgresql://h/db?password=topsecret&sslmode=require", "postgresql://h/db?password=***&sslmode=require"),
        ("postgresql://bob:p@topsecret@h/db", "postgresql://***@h/db"),
        ("sqlite:////of/me@work/a.gpkg", "sqlite:////of/me%40work/a.gpkg"),
    ],
)
def test_a_url_that_can_be_used_names_all_but_its_secret(url: str, shown: str):
    assert named(make_url(url)) == shown


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("foo=1", '"foo"'),
        ("prepare_threshold=many", '"prepare_threshold"'),
    ],
)
def test_an_option_that_nobody_knows_is_named(query: str, word: str):
    with pytest.raises(DatabaseUnavailableError, match="option in it cannot be used") as caught:
        open_engine(f"postgresql+psycopg://127.0.0.1:{free_port()}/bio?{query}")
    assert word in caught.value.details


@pytest.mark.parametrize("query", ["connect_timeout=soon", "sslmode=perhaps"])
def test_an_option_that_cannot_be_so_is_a_sentence(query: str):
    for engine in opened(f"postgresql+psycopg://127.0.0.1:{free_port()}/bio?{query}"):
        with pytest.raises(DatabaseUnavailableError):
            require_schema(engine)


@pytest.mark.parametrize("url", ["sqlite:///x.gpkg?foo=1", "sqlite:///x.gpkg?timeout=soon", "sqlite://host/x.gpkg"])
def test_a_file_is_named_by_its_path_alone(url: str):
    with pytest.raises(DatabaseUnavailableError, match="nothing may stand in it but a path"):
        open_engine(url)


def test_a_visitor_is_not_told_where_the_database_is(caplog: pytest.LogCaptureFixture):
    port = free_port()
    settings = Settings(database_url=f"postgresql://planner:{SECRET}@127.0.0.1:{port}/plans")
    with TestClient(create_app(settings)) as client, caplog.at_level(logging.ERROR):
        answers = [client.get("/readyz", headers={"Accept-Language": tongue}) for tongue in ("zh", "en")]
    for answer in answers:
        assert answer.status_code == 503
        assert [word for word in ("planner", "127.0.0.1", str(port), "plans", SECRET) if word in answer.text] == []
    assert f"planner:***@127.0.0.1:{port}/plans" in caplog.text
    assert SECRET not in caplog.text
