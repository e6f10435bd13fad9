"""Which language to speak, and the words in it.

Sentences are written in English where they are used and marked with `N_`; gettext catalogues in
`locales/` hold the others. Nothing is formatted here: dates and numbers are the browser's to format.
"""

import gettext
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent / "locales"
DEFAULT = "en"

Translate = Callable[[str], str]


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Mark `sentence` for the catalogues and return it unchanged."""
    return sentence


@cache
def available() -> frozenset[str]:
    """The languages there is a catalogue for, as lower-case tags (`de`, `pt-br`), English included."""
    return frozenset({DEFAULT} | {_tag(path.parent.parent.name) for path in LOCALES.glob("*/LC_MESSAGES/*.mo")})


def choose(*wanted: str | Iterable[str] | None) -> str:
    """The first language of `wanted` that we speak, most wanted first; a region falls back to its language."""
    for entry in wanted:
        for name in [entry] if isinstance(entry, str) else entry or ():
            tag = _tag(name)
            for candidate in (tag, tag.split("-")[0]):
                if candidate in available():
                    return candidate
    return DEFAULT


@cache
def translator(lang: str) -> Translate:
    """The function that says an `N_` sentence in `lang`; English for what a catalogue lacks."""
    return gettext.translation("comments_service", LOCALES, [_folder(lang)], fallback=True).gettext


def _tag(name: str) -> str:
    return name.replace("_", "-").lower()


def _folder(lang: str) -> str:
    language, _, region = lang.partition("-")
    return f"{language}_{region.upper() if len(region) == 2 else region.title()}" if region else language
