"""Firefox and WebKitGTK, driven by what both understand: the commands of WebDriver.

Firefox takes them on a socket of its own (Marionette), so that it needs no driver beside it; WebKitGTK takes them over
HTTP from Debian's `WebKitWebDriver`, and shows itself on a screen that nobody sees (Xvfb).
"""

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from tests.browser.conftest import free_port

FIREFOX = Path("/usr/bin/firefox-esr")
WEBKIT = Path("/usr/bin/WebKitWebDriver")
XVFB = Path("/usr/bin/Xvfb")
# Firefox chooses a port and writes it down; it asks nobody anything when it starts.
PREFERENCES = {
    "marionette.port": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.normandy.enabled": False,
    "intl.accept_languages": "en-GB, en",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
START_SECONDS = 60
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key under which WebDriver names an element
# What both call a command: its name to Firefox, its path to WebKit.
COMMANDS = {
    "Navigate": "url",
    "Refresh": "refresh",
    "ExecuteScript": "execute/sync",
    "ElementSendKeys": "element/{id}/value",
    "ElementClick": "element/{id}/click",
}

Send = Callable[..., Any]


class Tab:
    """An open tab of a browser that answers WebDriver's commands."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def opens(self, url: str) -> None:
        self._send("Navigate", url=url)

    def reloads(self) -> None:
        self._send("Refresh")

    def runs(self, script: str, *arguments: Any) -> Any:
        """What the body of a function gives in the page."""
        return self._send("ExecuteScript", script=script, args=list(arguments))

    def types(self, element: dict[str, str], text: str) -> None:
        self._send("ElementSendKeys", id=element[ELEMENT], text=text)

    def clicks(self, element: dict[str, str]) -> None:
        self._send("ElementClick", id=element[ELEMENT])


@contextmanager
def firefox() -> Iterator[Tab]:
    """A new Firefox, without a window."""
    with ExitStack() as stack:
        profile = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (profile / "user.js").write_text("\n".join(lines))
        command = [FIREFOX, "--headless", "--marionette", "--no-remote", "--profile", profile]
        running(stack, command, {"HOME": str(profile)})
        port = int(patiently(lambda: (profile / "MarionetteActivePort").read_text() or None))
        connection = patiently(lambda: socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS))
        send = _marionette(stack.enter_context(closing(connection)), stack.enter_context(connection.makefile("rb")))
        send("NewSession", capabilities={})
        yield Tab(send)


def _marionette(connection: socket.socket, stream: BinaryIO) -> Send:
    def read() -> Any:
        """A message: its length, a colon, and as much JSON."""
        length = b""
        while (byte := stream.read(1)) != b":":
            assert byte, "Firefox hung up"
            length += byte
        return json.loads(stream.read(int(length)))

    def send(name: str, **parameters: Any) -> Any:
        message = json.dumps([0, 1, f"WebDriver:{name}", parameters])
        connection.sendall(f"{len(message)}:{message}".encode())
        _, _, error, result = read()
        assert error is None, error
        return result["value"] if set(result or ()) == {"value"} else result

    read()  # the greeting
    return send


@contextmanager
def webkit() -> Iterator[Tab]:
    """A new WebKitGTK, on a screen that nobody sees."""
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        port = free_port()
        place = {"HOME": home, "DISPLAY": _screen(stack), "LANG": "en_GB.UTF-8", "XDG_RUNTIME_DIR": home}
        running(stack, [WEBKIT, f"--port={port}"], place)
        address = f"http://127.0.0.1:{port}/session"
        [program] = Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser")
        options = {"binary": str(program), "args": ["--automation"]}
        asked = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        session = patiently(lambda: _ask(address, asked))["sessionId"]

        def send(name: str, **parameters: Any) -> Any:
            return _ask(f"{address}/{session}/{COMMANDS[name].format(**parameters)}", parameters)

        yield Tab(send)
        _ask(f"{address}/{session}", None, "DELETE")


def _screen(stack: ExitStack) -> str:
    """The name of a screen of our own."""
    ours, theirs = os.pipe()
    with os.fdopen(ours) as said:
        command = [XVFB, "-displayfd", str(theirs), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
        running(stack, command, {}, pass_fds=[theirs])
        os.close(theirs)
        return f":{said.readline().strip()}"


class Gone(AssertionError):
    """An element has left the document, or the document is another one, since it was found."""


def _ask(address: str, body: dict[str, Any] | None, method: str = "POST") -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:
            return json.loads(answer.read())["value"]
    except urllib.error.HTTPError as error:
        said = error.read().decode()
        raise (Gone if "stale element reference" in said else AssertionError)(said) from error


def running(stack: ExitStack, command: list[str | Path], place: dict[str, str], **more: Any) -> None:
    """Start `command` and end it with `stack`; what it says on the way is nobody's concern."""
    process = subprocess.Popen(
        command, env={**os.environ, **place}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more
    )
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)


def patiently(look: Callable[[], Any], seconds: float = START_SECONDS) -> Any:
    """What `look` finds, as soon as it finds something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError):
            if (found := look()) is not None:
                return found
        time.sleep(0.05)  # another program is at work: nothing tells when it is done
    raise AssertionError("nothing came")
