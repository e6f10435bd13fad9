"""What `deploy/` offers works: nginx in front, the systemd unit, names of settings that exist."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from people import ORIGIN, PAGE, SITE
from running import HOST, Service, comment, free_port

from comments_service import config, http
from comments_service.sites import policy, registry

DEPLOY = Path(__file__).parent.parent / "deploy"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
THREAD = f"/api/v1/sites/{SITE}/thread?page={PAGE}"


@pytest.fixture
def service(app: object, settings: config.Settings) -> Iterator[Service]:
    """A site that publishes at once and lets each client write twice a minute, behind a trusted proxy."""
    registry.add(SITE, [ORIGIN], policy.Policy(moderation="none", hold_at=90.0, spam_at=99.0), http.now())
    with Service(settings.instance_path, trusted_proxies=HOST, submit_limits="2 per minute") as service:
        yield service


@pytest.fixture
def nginx(service: Service, tmp_path: Path) -> Iterator[HTTPConnection]:
    """nginx with our file, on a port without TLS."""
    if NGINX is None and os.environ.get("CI") != "true":
        pytest.skip("nginx is not installed")
    assert NGINX is not None
    port = free_port()
    site = (DEPLOY / "nginx.conf").read_text()
    site = re.sub(r"\n *(ssl_certificate\w*|add_header Strict).*;", "", site)
    for ours, here in (
        ("443 ssl", f"{HOST}:{port}"),
        ("127.0.0.1:8000", f"{HOST}:{service.port}"),
        ("/var/cache/nginx/comments", str(tmp_path / "cache")),
    ):
        assert ours in site
        site = site.replace(ours, here)
    places = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = tmp_path / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    main.write_text(f"{user} pid {tmp_path}/pid; error_log stderr; events {{}} http {{ {places} {site} }}")
    process = subprocess.Popen([NGINX, "-c", str(main), "-g", "daemon off;", "-e", "stderr"])
    connection = HTTPConnection(HOST, port, timeout=10)
    try:
        for _ in range(200):
            try:
                connection.connect()
                break
            except OSError:
                time.sleep(0.05)  # nothing tells when a port opens
        yield connection
    finally:
        process.terminate()
        process.wait(10)


def ask(
    nginx: HTTPConnection, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    nginx.request(method, path, body or None, {name.replace("_", "-"): text for name, text in headers.items()})
    answer = nginx.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def writes(nginx: HTTPConnection, words: str, **more: str) -> int:
    head, form = comment(words)
    return ask(
        nginx, "POST", f"/api/v1/sites/{SITE}/comments", form, **{**{k: str(v) for k, v in head.items()}, **more}
    )[0]


@pytest.mark.sqlite
def test_behind_nginx_a_comment_is_written_and_read_within_a_second(nginx: HTTPConnection) -> None:
    assert ask(nginx, "GET", THREAD)[0] == 200
    assert writes(nginx, "Through the proxy") == 201
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        _, headers, body = ask(nginx, "GET", THREAD, Origin=ORIGIN)
        if json.loads(body)["count"] == 1:
            break
        time.sleep(0.1)
    assert json.loads(body)["count"] == 1
    assert headers["Access-Control-Allow-Origin".lower()] == ORIGIN


@pytest.mark.sqlite
def test_nginx_answers_readers_itself_and_keeps_origins_apart(nginx: HTTPConnection) -> None:
    assert ask(nginx, "GET", "/embed.js")[0] == 200
    assert ask(nginx, "GET", "/embed.js")[1]["X-Cache"] == "HIT"
    ask(nginx, "GET", THREAD, Origin=ORIGIN)
    _, headers, _ = ask(nginx, "GET", THREAD, Origin="https://evil.example")
    assert "access-control-allow-origin" not in headers


@pytest.mark.sqlite
def test_what_a_client_says_of_its_address_is_not_believed(nginx: HTTPConnection) -> None:
    said = [writes(nginx, f"Number {n}", X_Forwarded_For=f"198.51.100.{n}") for n in range(3)]
    assert said == [201, 201, 429]


def test_the_unit_is_one_that_systemd_understands(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd is not installed")
    unit = tmp_path / "comments.service"
    unit.write_text(
        (DEPLOY / "comments.service").read_text().replace("/opt/comments-service/bin/comments-service", "/bin/true")
    )
    done = subprocess.run([verify, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert "comments.service" not in done.stderr, done.stderr


def test_settings_named_in_deploy_exist() -> None:
    known = {f"COMMENTS_{field.upper()}" for field in config.Settings.__dataclass_fields__}
    for file in DEPLOY.iterdir():
        assert set(re.findall(r"COMMENTS_[A-Z_]+", file.read_text())) <= known, file.name
