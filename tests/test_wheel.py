"""What is shipped is whole: the wheel alone, in a place of its own, shows the demonstration."""

import ast
import json
import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from running import START_SECONDS, Service

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "comments_service"
NAME = re.compile(r"[A-Za-z0-9._-]+")


def run(*words: str) -> None:
    """Run Python with `words`, without a network."""
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), ".")
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `comments-service` of a fresh environment that has the wheel, and never saw the checkout."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    run("-m", "venv", "--without-pip", str(venv))
    run("-m", "pip", "--python", str(venv), "install", "--no-deps", "--no-index", str(wheel))
    # What it depends on is borrowed from the tests' own environment, but not the checkout that is installed there.
    (packages,) = venv.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return venv / "bin" / "comments-service"


@pytest.fixture
def demo(installed: Path, tmp_path: Path) -> Iterator[Service]:
    """The demonstration, run by somebody in an empty folder."""
    service = Service(tmp_path / "instance", [str(installed), "demo"])
    with service:
        yield service


def printed(service: Service, words: str) -> str:
    """The path of the address that the demonstration printed behind `words`."""
    assert service.process.stdout is not None
    for line in service.process.stdout:
        if line.startswith(words):
            address = urlsplit(line.removeprefix(words).strip())
            assert (address.hostname, address.port) == (service.host, service.port)
            return address.path
    raise AssertionError(f"it printed nothing about: {words}")


def files() -> set[str]:
    """The files of the checkout's package."""
    paths = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in paths}


def declared() -> set[str]:
    """The distributions that come when the package is installed: what it declares, and what that needs."""
    found: set[str] = set()
    wanted = [requires for requires in metadata.requires("comments-service") or () if "extra ==" not in requires]
    while wanted:
        name = NAME.match(wanted.pop())[0].lower().replace("_", "-")
        if name in found:
            continue
        try:
            wanted += [more for more in metadata.requires(name) or () if "extra ==" not in more]
        except metadata.PackageNotFoundError:  # for another machine or Python
            continue
        found.add(name)
    return found


def imported() -> set[str]:
    """The top names of all that the package imports."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {PACKAGE.name}


def test_whatever_is_imported_is_installed_with_the_package() -> None:
    where = metadata.packages_distributions()
    known = imported() - {"webauthn"}  # of an extra, without which test_passkeys shows that all else works
    missing = {name for name in known if not {one.lower().replace("_", "-") for one in where[name]} & declared()}
    assert missing == set()


def test_the_wheel_has_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    packed = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert packed == files()
    for needed in (
        "comments_service/widget/dist/embed.js",
        "comments_service/migrations/env.py",
        "comments_service/accounts/templates/accounts/sign_in.html",
        "comments_service/accounts/static/admin.css",
    ):
        assert needed in packed
    assert any(name.startswith("comments_service/migrations/versions/0001") for name in packed)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_command_comes_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    python = installed.parent / "python"
    asked = "import comments_service; print(comments_service.__file__)"
    done = subprocess.run([python, "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(installed.parent.parent))


def test_the_demonstration_runs_from_the_wheel(demo: Service, wheel: Path, tmp_path: Path) -> None:
    article = printed(demo, "The article, with its comments:")
    sign_in = printed(demo, "Sign in as its moderator, once:")

    response, page = demo.asks("GET", article)
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    script = re.search(rb'src="([^"]*/embed\.js)"', page)
    site = re.search(rb'<comments-thread[^>]*site="([^"]+)"', page)
    assert script is not None
    assert site is not None

    response, code = demo.asks("GET", urlsplit(script[1].decode()).path)
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/javascript")
    with zipfile.ZipFile(wheel) as archive:
        assert code == archive.read("comments_service/widget/dist/embed.js")

    response, thread = demo.asks("GET", f"/api/v1/sites/{site[1].decode()}/thread?page={article}")
    assert response.status == 200
    assert [one["name"].split()[0] for one in json.loads(thread)["comments"]] == ["Ada", "Ben", "Yuki"]

    response, form = demo.asks("GET", "/admin/sign-in", Accept="text/html")
    assert response.status == 200
    assert b"<form" in form
    for sheet in re.findall(rb'(?:href|src)="(/[^"]+\.(?:css|js|svg)[^"]*)"', form):
        assert demo.asks("GET", sheet.decode())[0].status == 200

    response, link = demo.asks("GET", sign_in, Accept="text/html")
    assert response.status == 200
    assert b"<form" in link
    assert {path.name for path in (tmp_path / "instance").iterdir()} >= {"comments.sqlite3", "secret.key"}


def test_the_demonstration_can_be_run_again(installed: Path, tmp_path: Path) -> None:
    for _ in range(2):
        with Service(tmp_path / "instance", [str(installed), "demo"]) as service:
            path = printed(service, "Sign in as its moderator, once:")
            assert service.asks("GET", path, Accept="text/html")[0].status == 200
            service.process.terminate()
            assert service.process.wait(START_SECONDS) == 0


@pytest.mark.parametrize("before", ["enable", "disable"])
def test_whoever_imports_the_package_keeps_the_collector_as_it_was(before: str) -> None:
    code = f"import gc; gc.{before}(); import comments_service; print(gc.isenabled())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(before == "enable")


def test_whoever_froze_objects_before_he_imports_the_package_has_them_frozen_still() -> None:
    code = "import gc; gc.freeze(); import comments_service; assert gc.get_freeze_count()"
    subprocess.run([sys.executable, "-c", code], check=True)
