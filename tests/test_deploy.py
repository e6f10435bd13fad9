"""What `deploy/` offers works: nginx in front, the systemd unit, names of settings that exist."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from people import ORIGIN, PAGE, SITE
from running import HOST, Service, comment, free_port

from comments_service import config, http, server
from comments_service.accounts import tokens
from comments_service.comments.cache import Cache
from comments_service.sites import policy, registry

pytestmark = pytest.mark.once
DEPLOY = Path(__file__).parent.parent / "deploy"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
KEPT_SECONDS = 2.1  # nginx counts whole seconds, and to the end of the last
THREAD = f"/api/v1/sites/{SITE}/thread?page={PAGE}"


@pytest.fixture
def service(app: object, settings: config.Settings) -> Iterator[Service]:
    """A site that publishes at once and lets each client write twice an hour, behind a trusted proxy."""
    registry.add(SITE, [ORIGIN], policy.Policy(moderation="none", hold_at=90.0, spam_at=99.0), http.now())
    with Service(settings.instance_path, trusted_proxies=HOST, submit_limits="2 per hour") as service:
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


def test_nginx_answers_readers_itself_and_keeps_origins_apart(nginx: HTTPConnection) -> None:
    assert ask(nginx, "GET", "/embed.js")[0] == 200
    assert ask(nginx, "GET", "/embed.js")[1]["X-Cache"] == "HIT"
    ask(nginx, "GET", THREAD, Origin=ORIGIN)
    _, headers, _ = ask(nginx, "GET", THREAD, Origin="https://evil.example")
    assert "access-control-allow-origin" not in headers


def count(nginx: HTTPConnection) -> tuple[int, str]:
    """How many comments somebody sees who comes now, and from where."""
    with closing(HTTPConnection(nginx.host, nginx.port, timeout=10)) as own:
        status, headers, body = ask(own, "GET", THREAD)
    assert status == 200, body
    return json.loads(body)["count"], headers["X-Cache"]


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def asked_and_waiting(service: Service) -> int:
    """How many requests have arrived at the service, which has not read them yet."""
    here = f":{service.port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    return sum(line[1].endswith(here) and line[3] == "01" and not line[4].endswith(":00000000") for line in lines)


def test_while_one_asks_anew_the_others_read_what_there_was(nginx: HTTPConnection, service: Service) -> None:
    assert count(nginx) == (0, "MISS")
    assert service.submits("Not seen yet")[0].status == 201
    service.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(KEPT_SECONDS)
        seen = [count(nginx) for _ in range(20)]
        assert [number for number, _ in seen] == [0] * 20
        assert {source for _, source in seen} <= {"STALE", "UPDATING"}
        wait_for(lambda: asked_and_waiting(service) > 0)
        assert asked_and_waiting(service) == 1
    finally:
        service.process.send_signal(signal.SIGCONT)
    wait_for(lambda: count(nginx)[0] == 1)


def test_while_the_service_is_away_readers_read_and_nobody_else_gets_anything(
    nginx: HTTPConnection, service: Service
) -> None:
    private = {
        "/admin/": 303,
        "/api/v1/moderation/comments": 200,
        "/api/v1/moderation/events": 200,
        f"/api/v1/sites/{SITE}/token?page={PAGE}": 200,
        f"/s/{SITE}/thread?page={PAGE}": 200,
    }
    token = {"Authorization": f"Bearer {tokens.add('Mia', [SITE], http.now())}"}
    for path, status in {**private, THREAD: 200, "/embed.js": 200}.items():
        assert ask(nginx, "GET", path, **token)[0] == status, path
    service.kill()
    time.sleep(KEPT_SECONDS)
    assert count(nginx) == (0, "STALE")
    assert ask(nginx, "GET", "/embed.js")[0] == 200
    assert {ask(nginx, "GET", path, **token)[0] for path in private} == {502}
    assert writes(nginx, "Into the void") == 502


def test_nginx_keeps_what_the_service_itself_keeps_for_everybody_and_nothing_else(app: Flask) -> None:
    kept = re.search(r"location ~ (\S+) {", (DEPLOY / "nginx.conf").read_text())
    assert kept is not None
    cache: Cache = app.extensions["cache"]
    found = set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", SITE, rule.rule)
        if re.search(kept[1], path):
            assert rule.methods == {"GET", "HEAD", "OPTIONS"}
            assert cache.key(path, "")
            found.add(rule.rule.rpartition("/")[2])
    assert found == {"embed.js", "pow.js", "thread", "counts", "latest", "feed.atom"}


def test_what_a_client_says_of_its_address_is_not_believed(nginx: HTTPConnection) -> None:
    said = [writes(nginx, f"Number {n}", X_Forwarded_For=f"198.51.100.{n}") for n in range(3)]
    assert said == [201, 201, 429]


@pytest.mark.parametrize("question", [["verify"], ["security", "--offline=true", "--threshold=20"]], ids=" ".join)
def test_the_unit_is_one_that_systemd_understands_and_calls_safe(tmp_path: Path, question: list[str]) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not installed")
    unit = tmp_path / "comments.service"
    unit.write_text(
        (DEPLOY / "comments.service").read_text().replace("/opt/comments-service/bin/comments-service", "/bin/true")
    )
    done = subprocess.run([analyze, *question, str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, "comments.service" in done.stderr) == (0, False), done.stdout + done.stderr


def test_stopping_is_given_more_time_than_it_takes() -> None:
    unit = (DEPLOY / "comments.service").read_text()
    assert f"TimeoutStopSec={compose()['stop_grace_period'].removesuffix('s')}\n" in unit
    assert int(re.search(r"TimeoutStopSec=(\d+)", unit)[1]) > server.DRAIN_SECONDS


def compose() -> dict[str, Any]:
    """The one service of the compose file."""
    file = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert set(file) == {"services", "volumes"}
    (service,) = file["services"].values()
    assert {volume.partition(":")[0] for volume in service["volumes"]} == set(file["volumes"])
    return service


def instructions() -> list[tuple[str, str]]:
    """What the Dockerfile says, word and rest."""
    lines = [line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_container_is_built_from_files_that_are_there_and_from_no_others(tmp_path: Path) -> None:
    """The image has not been built here; what its first step does with what it is given is done."""
    build = compose()["build"]
    root = (DEPLOY / build["context"]).resolve()
    assert (root / build["dockerfile"]) == DEPLOY / "Dockerfile"
    sent = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert sent[0] == "*"
    for name in sent[1:]:
        given = root / name.removeprefix("!")
        (shutil.copytree if given.is_dir() else shutil.copy)(given, tmp_path / given.name)
    made = tmp_path / "made"
    build_it = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build_it, "--wheel-dir", made, tmp_path], check=True, capture_output=True)
    assert len(list(made.glob("*.whl"))) == 1


def test_the_container_runs_what_the_package_brings_where_it_is_reached() -> None:
    said = dict(instructions())
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    assert json.loads(said["CMD"])[0] in project["scripts"]
    wanted = re.search(r"/src\[(.*)\]", next(rest for word, rest in instructions() if word == "RUN"))
    assert wanted is not None
    assert set(wanted[1].split(",")) == set(project["optional-dependencies"])
    assert int(said["EXPOSE"]) == config.Settings.port
    (port,) = compose()["ports"]
    assert port.endswith(f":{config.Settings.port}")
    (volume,) = compose()["volumes"]
    assert volume.endswith(f":{said['VOLUME']}")
    assert f"COMMENTS_INSTANCE_PATH={said['VOLUME']} " in said["ENV"]


def test_the_containers_health_is_that_of_the_service(service: Service) -> None:
    (command,) = [rest.removeprefix("CMD ") for word, rest in instructions() if word == "HEALTHCHECK"]
    words = [word.replace(":8000", f":{service.port}") for word in json.loads(command)]
    asks = [sys.executable, *words[1:]]
    assert subprocess.run(asks, check=False).returncode == 0
    service.kill()
    assert subprocess.run(asks, check=False, stderr=subprocess.DEVNULL).returncode == 1


def test_settings_named_in_deploy_exist() -> None:
    known = {f"COMMENTS_{field.upper()}" for field in config.Settings.__dataclass_fields__}
    for file in DEPLOY.iterdir():
        assert set(re.findall(r"COMMENTS_[A-Z_]+", file.read_text())) <= known, file.name
