"""Flask and Jinja with what they do for every call and every name, and none here needs, left out."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.templating import Environment


class Templates(Environment):
    """Jinja where a name of a dict is looked for among its keys first."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`; of a dict, as most here are, there is seldom one, and to raise for that takes long."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


class Service(Flask):
    """Flask with plain functions for views."""

    jinja_environment = Templates

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """`func` as it is: none is a coroutine, and to look whether one is takes a hundred calls with each request."""
        return func
