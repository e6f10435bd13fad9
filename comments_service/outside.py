"""Requests to others whom the operator named: signed where they know our secret, and never waited for long."""

import hmac
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from email.message import Message
from urllib.parse import urlsplit

SECONDS = 2.0  # to reach a service, and again for all of its answer
MOST_BYTES = 65_536


class Silent(Exception):
    """A service gave no answer that can be used; says why."""


FAILURES = (OSError, http.client.HTTPException, Silent)


def signature(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers by which the receiver of `body` knows that it comes from us, and when it was sent."""
    timestamp = str(int(at.timestamp()))
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hexdigest()
    return {"X-Comments-Timestamp": timestamp, "X-Comments-Signature": f"sha256={signed}"}


def post(address: str, body: bytes, headers: Mapping[str, str]) -> tuple[bytes, Message]:
    """What is answered to `body`, and the headers of the answer; no redirection is followed.

    Raises one of `FAILURES`, all within a time: a socket's own would begin again with each byte.
    """
    parts = urlsplit(address)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    connection.connect()
    alarm = threading.Timer(SECONDS, _hang_up, [connection.sock])
    alarm.daemon = True
    alarm.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, {"User-Agent": "comments-service", "Connection": "close", **headers})
        response = connection.getresponse()
        answer = response.read(MOST_BYTES + 1)
        if not 200 <= response.status < 300 or len(answer) > MOST_BYTES:
            raise Silent(f"status {response.status}, {len(answer)} bytes")
        return answer, response.headers
    except (ValueError, AttributeError) as error:  # what the alarm leaves of a connection in the middle of reading
        raise Silent("no answer in time") from error
    finally:
        alarm.cancel()
        connection.close()


def _hang_up(line: socket.socket) -> None:
    """End whatever waits on the connection: closing it alone would leave a reader waiting."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
