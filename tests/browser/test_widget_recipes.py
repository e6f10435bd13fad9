"""The recipes of docs/embed.md, taken from there and followed with the real thing."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.articles import Articles
from tests.browser.conftest import Complaints, Service
from tests.browser.engines import patiently, running
from tests.browser.reader import Reader

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "embed.md"
# What a bundler sets: warnings are wanted, talk about the bundler is not.
VUE_FLAGS = ("OPTIONS_API", "PROD_DEVTOOLS", "PROD_HYDRATION_MISMATCH_DETAILS")
# An application with two routes, and a way to none.
PAGES = ("/app/bread", "/app/rye")
REACT = """
import { createElement, useState } from 'react'
import { createRoot } from 'react-dom/client'
%s
const App = () => {
  const [page, go] = useState('/app/bread')
  window.go = go
  return page && createElement(Comments, { page })
}
createRoot(document.querySelector('#app')).render(createElement(App))
"""
VUE = """
import { createApp, reactive } from 'vue'
const route = reactive({ path: '/app/bread' })
window.go = (path) => (route.path = path)
%s
createApp({ setup: () => ({ route }), render }).mount('#app')
"""
# What a bundler's plug-in does with a template, in module form.
COMPILE = """
import { compile } from '@vue/compiler-dom'
const [template, isCustomElement] = process.argv.slice(1)
console.log(compile(template, { mode: 'module', prefixIdentifiers: true, isCustomElement: eval(isCustomElement) }).code)
"""
WORDPRESS = Path("/usr/share/wordpress")
MARIADB = Path("/usr/sbin/mariadbd")
# The least that WordPress calls a theme, a request for an article, and how it is installed and asked.
THEME = """<!doctype html><html <?php language_attributes(); ?>><title><?php bloginfo( 'name' ); ?></title>
<?php while ( have_posts() ) { the_post(); the_title( '<h1>', '</h1>' ); the_content(); comments_template(); } ?>"""
REQUEST = """<?php
$table_prefix = 'wp_';
[$host, $path] = explode( '/', substr( WP_HOME, 7 ) );
$_SERVER += ['HTTP_HOST' => $host, 'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => "/$path/bread/"];
"""
INSTALL = """<?php
define( 'WP_INSTALLING', true );
require 'settings.php';
( new mysqli( null, 'root', '', null, 0, substr( DB_HOST, 10 ) ) )->query( 'CREATE DATABASE wordpress' );
require ABSPATH . 'wp-settings.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
function wp_mail() {}
wp_install( 'Bakery', 'mia', 'mia@desk.example', false, '', 'secret' );
switch_theme( 'bakery' );
update_option( 'permalink_structure', '/%postname%/' );
wp_insert_post( ['post_title' => 'Bread & "butter"', 'post_name' => 'bread', 'post_status' => 'publish'] );
"""
SHOW = """<?php
define( 'WP_USE_THEMES', true );
require 'settings.php';
require ABSPATH . 'wp-settings.php';
wp();
require ABSPATH . WPINC . '/template-loader.php';
"""


@pytest.fixture
def recipe(service: Service) -> Callable[..., str]:
    """What docs/embed.md says to write, for this service."""
    document = DOCUMENT.read_text()

    def find(name: str) -> str:
        [code] = re.findall(rf"^\*\*{name}\*\*.*?```\w+\n(.*?)```", document, re.MULTILINE | re.DOTALL)
        return code.replace("https://comments.example.org", service.url).strip()

    return find


def needed(found: object, what: str) -> None:
    """Leave the test out without `what`, except where nothing may be."""
    if not found and os.environ.get("CI") != "true":
        pytest.skip(f"missing: {what}")
    assert found, what


def run(*command: str | Path, **options: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def bundle(folder: Path, source: str) -> None:
    """Build `source` into `app.js`, with the packages of this repository."""
    needed((ROOT / "node_modules" / "vue").exists(), "node_modules (npm ci)")
    (folder / "app.jsx").write_text(source)
    run(
        ROOT / "node_modules/.bin/esbuild", folder / "app.jsx", "--bundle", "--jsx=automatic", "--minify",
        '--define:process.env.NODE_ENV="development"', f"--outfile={folder / 'app.js'}",
        *(f"--define:__VUE_{flag}__=true" for flag in VUE_FLAGS),
        env=os.environ | {"NODE_PATH": str(ROOT / "node_modules")},
    )  # fmt: skip


def compiled(template: str) -> str:
    """The render function of a Vue `template`, compiled with the option that the recipe names."""
    [option] = re.findall(r"`compilerOptions\.isCustomElement: (.*?)`", DOCUMENT.read_text())
    template = f'<div v-if="route.path">{template}</div>'
    return run("node", "--input-type=module", "-e", COMPILE, template, option, cwd=ROOT)


@pytest.mark.parametrize("framework", ["React", "Vue"])
def test_an_application_shows_the_thread_of_its_route(
    framework: str, recipe: Callable[[str], str], page: Page, articles: Articles, service: Service, tmp_path: Path
) -> None:
    folder = tmp_path / framework
    folder.mkdir()
    code = recipe(framework)
    bundle(folder, REACT % code if framework == "React" else VUE % compiled(code))
    articles.lay_out(folder)
    url = articles.publish(
        service.url, f"/{framework}/", f'<!doctype html><html lang="en"><title>App</title><main id="app"></main>'
        f'<script async src="{service.url}/embed.js"></script><script src="app.js"></script>',
    )  # fmt: skip
    for path in PAGES:
        if not any(c["page"] == path for c in service.waiting()):
            service.submit(path, articles.url, body=f"Below {path} in {framework}")
            service.approve_all(path)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"warning", "error"} else None)
    ada = Reader(page).opens(url)
    expect(ada.comments().filter(has_text=f"Below {PAGES[0]} in {framework}")).to_be_visible()
    page.evaluate("page => go(page)", PAGES[1])
    expect(ada.comments().filter(has_text=f"Below {PAGES[1]} in {framework}")).to_be_visible()
    expect(ada.comments().filter(has_text=f"Below {PAGES[0]}")).to_have_count(0)
    expect(page.locator("comments-thread")).to_have_count(1)
    page.evaluate("go('')")
    expect(page.locator("comments-thread")).to_have_count(0)
    assert [line for line in said if "favicon" not in line and "404" not in line] == []


def test_an_article_made_by_hugo(
    recipe: Callable[[str], str], page: Page, articles: Articles, service: Service, tmp_path: Path
) -> None:
    needed(shutil.which("hugo"), "hugo")
    source = tmp_path / "source"
    write(source / "config.toml", f'baseURL = "{articles.url}/hugo/"\ntitle = "Bakery"\n')
    write(source / "content/bread.md", '---\ntitle: "Bread & \\"butter\\""\n---\nFlour.\n')
    write(source / "layouts/partials/comments.html", recipe("Hugo"))
    call = re.search(r"`(\{\{ partial .*?\}\})`", DOCUMENT.read_text())
    assert call
    write(source / "layouts/_default/single.html", f"<!doctype html><html lang=en><h1>{{{{ .Title }}}}</h1>{call[1]}")
    run("hugo", "--source", source, "--destination", tmp_path / "hugo")
    articles.lay_out(tmp_path / "hugo")
    Reader(page).opens(f"{articles.url}/hugo/bread/").writes("Made by Hugo")
    assert thread_of(service, "Made by Hugo") == ("/hugo/bread", 'Bread & "butter"')


def test_an_article_made_by_jekyll(
    recipe: Callable[[str], str], page: Page, articles: Articles, service: Service, tmp_path: Path
) -> None:
    needed(shutil.which("jekyll"), "jekyll")
    source = tmp_path / "source"
    call = re.search(r"`(\{% include .*?%\})`", DOCUMENT.read_text())
    assert call
    write(source / "_config.yml", f"url: {articles.url}\nbaseurl: /jekyll\npermalink: pretty\n")
    write(source / "_posts/2026-11-23-bread.md", '---\nlayout: post\ntitle: Bread & "butter"\n---\nFlour.\n')
    write(source / "_layouts/post.html", f"<!doctype html><html lang=en><h1>{{{{ page.title }}}}</h1>{call[1]}")
    write(source / "_includes/comments.html", recipe("Jekyll"))
    run("jekyll", "build", "--disable-disk-cache", "--source", source, "--destination", tmp_path / "jekyll")
    articles.lay_out(tmp_path / "jekyll")
    Reader(page).opens(f"{articles.url}/jekyll/2026/11/23/bread/").writes("Made by Jekyll")
    assert thread_of(service, "Made by Jekyll") == ("/jekyll/2026/11/23/bread", 'Bread & "butter"')


def test_an_article_of_wordpress(
    recipe: Callable[[str], str], page: Page, articles: Articles, service: Service, tmp_path: Path
) -> None:
    needed(WORDPRESS.is_dir() and shutil.which("php") and MARIADB.exists(), "wordpress, php-cli, mariadb-server-core")
    theme = tmp_path / "content/themes/bakery"
    write(theme / "style.css", "/* Theme Name: Bakery */")
    write(theme / "index.php", THEME)
    write(theme / "comments.php", recipe("WordPress"))
    settings = {
        "ABSPATH": f"{WORDPRESS}/",
        "WP_CONTENT_DIR": f"{tmp_path}/content",
        "WP_HOME": f"{articles.url}/wordpress",
    }
    settings |= {"WP_SITEURL": settings["WP_HOME"], "DB_HOST": f"localhost:{tmp_path}/sql", "DB_NAME": "wordpress"}
    settings |= {"DB_USER": "root", "DB_PASSWORD": "", "DB_CHARSET": "utf8mb4", "DB_COLLATE": ""}
    defined = "".join(f"define('{name}', '{value}');\n" for name, value in settings.items())
    write(tmp_path / "settings.php", REQUEST.replace("<?php\n", f"<?php\n{defined}"))
    write(tmp_path / "install.php", INSTALL)
    write(tmp_path / "show.php", SHOW)
    (tmp_path / "data").mkdir()
    with ExitStack() as stack:
        # Without its tables of users it asks nobody who he is, and is there at once.
        running(stack, [
            MARIADB, "--no-defaults", f"--datadir={tmp_path}/data", f"--socket={tmp_path}/sql", "--skip-networking",
            "--skip-grant-tables", *(["--user=root"] if os.geteuid() == 0 else []),
        ], {})  # fmt: skip
        patiently(lambda: (tmp_path / "sql").exists() or None)
        run("php", tmp_path / "install.php")
        html = run("php", tmp_path / "show.php")
    assert "<h1>Bread" in html
    Reader(page).opens(articles.publish(service.url, "/wordpress/bread/", html)).writes("Made by WordPress")
    assert thread_of(service, "Made by WordPress") == ("/wordpress/bread", "Bread & “butter”")


def thread_of(service: Service, body: str) -> tuple[str, str]:
    """The key and the title of the page below which the comment `body` waits."""
    [held] = [comment for comment in service.waiting() if comment["body_source"] == body]
    return held["page"], held["thread"]["title"]


def test_articles_made_by_mkdocs_with_material_and_its_instant_loading(
    recipe: Callable[[str], str],
    page: Page,
    articles: Articles,
    service: Service,
    tmp_path: Path,
    complaints: Complaints,
) -> None:
    needed(find_spec("material"), "mkdocs-material")
    source = tmp_path / "source"
    theme = "theme:\n  name: material\n  font: false\n  custom_dir: overrides\n  features: [navigation.instant]\n"
    write(source / "mkdocs.yml", f"site_name: Bakery\nsite_url: {articles.url}/mkdocs/\n{theme}")
    write(source / "docs/index.md", "---\ncomments: true\n---\n# Bread\n\n[Rye](rye.md) and [tools](tools.md)\n")
    write(source / "docs/rye.md", "---\ncomments: true\n---\n# Rye\n")
    write(source / "docs/tools.md", "# Tools\n")
    write(source / "overrides/partials/comments.html", recipe("MkDocs"))
    run(sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", tmp_path / "mkdocs", cwd=source)
    articles.lay_out(tmp_path / "mkdocs")
    ada = Reader(page).opens(f"{articles.url}/mkdocs/")
    ada.writes("Below the bread")
    assert thread_of(service, "Below the bread")[0] == "/mkdocs"
    page.evaluate("window.same = true")
    article = page.locator("article.md-content__inner")
    article.get_by_role("link", name="Rye").click()
    expect(article.get_by_role("heading", name="Rye")).to_be_visible()
    expect(page.locator("comments-thread #form")).to_be_visible()
    expect(ada.own()).to_have_count(0)
    assert page.evaluate("same")  # nothing was loaded anew
    page.get_by_role("link", name="Tools").first.click()
    expect(article.get_by_role("heading", name="Tools")).to_be_visible()
    expect(page.locator("comments-thread")).to_have_count(0)


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
