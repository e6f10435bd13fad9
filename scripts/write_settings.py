"""Writes docs/settings.md from the settings themselves; `--check` only says whether it is stale."""

import sys
from dataclasses import fields
from pathlib import Path

from comments_service.config import PREFIX, Settings

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"
HEAD = """# Settings

Each setting is an environment variable, or the same name in lower case without `COMMENTS_` in `config.toml` in the
instance folder; the environment wins. A secret can also be in a file: `COMMENTS_SECRET_KEY_FILE=/run/secrets/key`.
A wrong value, or a name that is no setting, stops the start with a line for each.

```toml
# instance/config.toml
public_url = "https://comments.example.org"
trusted_proxies = ["10.0.0.1"]
```

A site's own policy (what is held, when threads close, how many comments a page shows) is kept with the site.

<!-- Everything below is written by scripts/write_settings.py. -->
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(entry(field.name, field.default, field.metadata) for field in fields(Settings))


def entry(name: str, default: object, metadata: object) -> str:
    """One setting: its name, what it does, its default."""
    shown = f"`{default}`" if default not in ("", ()) else "empty"
    secret = " Secret: may be given as a file." if metadata["secret"] else ""  # type: ignore[index]
    return f"\n### {PREFIX}{name.upper()}\n\n{metadata['doc']}{secret} Default: {shown}.\n"  # type: ignore[index]


def main() -> int:
    """Write the page, or with `--check` answer 1 when it is stale."""
    if "--check" in sys.argv:
        return int(not PAGE.exists() or PAGE.read_text() != page())
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
