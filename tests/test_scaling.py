"""The tables keep to what lets sites be spread over many databases, and the model adds up."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from comments_service.extensions import Base, db
from scripts.bench import traffic

PACKAGE = Path(__file__).parent.parent / "comments_service"
# What is about people who look after several sites, and small: it is copied to every part.
PEOPLE = {str(each.local_table) for each in Base.registry.mappers if ".accounts." in each.class_.__module__}
OF_A_SITE = [table for name, table in sorted(Base.metadata.tables.items()) if name not in PEOPLE | {"site"}]
KEYS = {"site_id"}


@pytest.mark.parametrize("table", OF_A_SITE, ids=str)
def test_every_key_of_a_table_begins_with_the_site(app: Flask, table: sa.Table) -> None:
    asked = sa.inspect(db.engine)
    keys = [asked.get_pk_constraint(table.name)["constrained_columns"]]
    keys += [each["column_names"] for each in asked.get_unique_constraints(table.name)]
    keys += [each["column_names"] for each in asked.get_indexes(table.name) if each["unique"]]
    assert [key for key in keys if key[0] not in KEYS] == []


@pytest.mark.parametrize("table", OF_A_SITE, ids=str)
def test_nothing_points_from_one_site_to_another(app: Flask, table: sa.Table) -> None:
    for key in sa.inspect(db.engine).get_foreign_keys(table.name):
        columns = list(zip(key["constrained_columns"], key["referred_columns"], strict=True))
        assert columns[0] in {("site_id", "site_id"), ("site_id", "id")}, key


@pytest.mark.postgresql
def test_no_number_comes_from_a_sequence(app: Flask) -> None:
    own = "SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
    assert db.session.scalars(sa.text(own)).all() == []


def test_pages_are_read_by_the_last_id_and_not_by_a_number_of_rows() -> None:
    skipping = re.compile(r"\.offset\(|\bOFFSET\b")
    # The newest of several sites begin where each has a page of its own: that skips a page, however deep one has read.
    assert [path.name for path in PACKAGE.rglob("*.py") if skipping.search(path.read_text())] == ["selection.py"]


def test_every_read_is_answered_in_one_of_three_ways() -> None:
    for sites in (10, 1_000, 100_000):
        for processes in (1, 20, 200):
            share = traffic.shares(sites, processes)
            assert min(share.kept, share.checked, share.made) >= 0
            assert share.kept + share.checked + share.made == pytest.approx(1)


def test_one_page_read_often_is_looked_at_once_an_epoch() -> None:
    share = traffic.split([(1, 100.0)], epochs=1, remade=0)
    assert share.checked == pytest.approx(0.01)
    assert traffic.split([(1, 100.0)], epochs=5, remade=0).checked == pytest.approx(0.05)
    assert traffic.split([(1, 0.001)], epochs=1, remade=0).checked == pytest.approx(1, abs=0.01)


def test_what_does_not_fit_into_the_cache_is_made_anew() -> None:
    fitting = traffic.CACHE_BYTES / traffic.ENTRY_BYTES
    assert traffic.split([(fitting, 1.0)], epochs=1, remade=0).made == 0
    assert traffic.split([(2 * fitting, 1.0)], epochs=1, remade=0).made == pytest.approx(0.5, abs=0.01)
