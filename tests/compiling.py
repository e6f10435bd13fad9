"""What each application of a test run would compile anew: it takes longer than what most tests look at."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy.engine.default import DefaultDialect
from werkzeug.routing import Rule

STATEMENTS = 5_000


class Templates(BytecodeCache):
    """Templates as they were compiled first, by their source."""

    def __init__(self) -> None:
        self._made: dict[str, CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._made.get(bucket.key + bucket.checksum)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._made[bucket.key + bucket.checksum] = bucket.code


@contextmanager
def compiled_once() -> Iterator[None]:
    """Meanwhile, applications share the rules of their addresses, their templates and their statements."""
    with pytest.MonkeyPatch.context() as patch:
        _share_rules(patch)
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": Templates()})
        _share_statements(patch)
        yield


def _share_rules(patch: pytest.MonkeyPatch) -> None:
    made: dict[Any, Any] = {}
    compiled = Rule._compile_builder

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, repr(rule.defaults), append_unknown)
        if key not in made:
            made[key] = compiled(rule, append_unknown)
        return made[key]

    patch.setattr(Rule, "_compile_builder", once)


def _share_statements(patch: pytest.MonkeyPatch) -> None:
    """One cache for all engines, to which the dialects of a database are the same: ours are all set up alike."""
    made: sa.util.LRUCache[Any, Any] = sa.util.LRUCache(STATEMENTS)
    make = SQLAlchemy._make_engine

    def make_engine(extension: SQLAlchemy, *words: Any) -> sa.Engine:
        engine = make(extension, *words)
        engine.update_execution_options(compiled_cache=made)
        return engine

    patch.setattr(SQLAlchemy, "_make_engine", make_engine)
    patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
    patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
