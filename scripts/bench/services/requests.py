"""The bytes of a request."""

import json
from collections.abc import Mapping
from typing import Any

HOST = "127.0.0.1"


def post(path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
    """A POST of `body` as JSON."""
    content = json.dumps(body).encode()
    fields = {"Host": HOST, "Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + content


def network(number: int) -> str:
    """The machine that submission `number` comes from: no limit and no check meets it twice."""
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
