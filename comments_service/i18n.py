"""Which language to speak, and the words in it.

Sentences are written in English where they are used and marked with `N_`, or with `Counted` where a number chooses the
form; gettext catalogues in `locales/` hold the others (`scripts/languages.py` keeps them). What stands in a sentence
travels beside it (`Sentence`) and is filled in after it was translated. Dates are not formatted here.
"""

import gettext
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeAlias, cast

LOCALES = Path(__file__).parent / "locales"
DOMAIN = "comments_service"
DEFAULT = "en"

# The plural forms of each language as CLDR names them, in the order of its catalogue's `msgstr[n]`.
TWO_FORMS = ("one", "other")
FORMS = {
    **dict.fromkeys(("zh", "ja", "ko", "id"), ("other",)),
    **dict.fromkeys(("fr", "es", "it", "pt"), ("one", "many", "other")),
    **dict.fromkeys(("pl", "ru", "uk"), ("one", "few", "many", "other")),
    "he": ("one", "two", "other"),
    "ar": ("zero", "one", "two", "few", "many", "other"),
}
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he"})
# What stands between the thousands of a number and before its decimals, by CLDR; 1,234.5 elsewhere.
MARKS = {
    **dict.fromkeys(("de", "es", "id", "it", "nl", "pt", "tr", "vi"), (".", ",")),
    **dict.fromkeys(("pl", "ru", "uk"), ("\u00a0", ",")),
    "fr": ("\u202f", ","),
}
# What people and older systems say instead of the names of our catalogues.
OTHER_NAMES = {
    **dict.fromkeys(("zh", "zh-cn", "zh-sg", "zh-my"), "zh-hans"),
    **dict.fromkeys(("zh-tw", "zh-hk", "zh-mo"), "zh-hant"),
    "iw": "he",
    "in": "id",
}

# What each calls itself.
NAMES = {
    "ar": "العربية",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fa": "فارسی",
    "fr": "Français",
    "he": "עברית",
    "hi": "हिन्दी",
    "id": "Bahasa Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "ru": "Русский",
    "tr": "Türkçe",
    "uk": "Українська",
    "vi": "Tiếng Việt",
    "zh-hans": "简体中文",
    "zh-hant": "繁體中文",
}


class Counted(NamedTuple):
    """A sentence about `{count}` things, in the two forms that English has."""

    one: str
    other: str


class Sentence(NamedTuple):
    """A marked sentence and what stands in it, by name; a `count` among that chooses the form of a `Counted`.

    A text stands in it as it is, a number as it is written in the language, and of several marked ones each is said.
    """

    text: str | Counted
    values: "Mapping[str, Value]"

    def __str__(self) -> str:
        return translator(DEFAULT)(self)


Sayable: TypeAlias = str | Sentence
Value: TypeAlias = str | int | float | tuple[Sayable, ...]
Translate = Callable[[Sayable], str]


class Catalogue(gettext.GNUTranslations):
    """A language's sentences, its plural forms among them one by one."""

    _catalog: dict[str | tuple[str, int], str]  # the base class fills it

    def form(self, sentence: Counted, index: int) -> str:
        """`sentence` in the plural form `index`; English when it is not translated yet."""
        return self._catalog.get((sentence.one, index), sentence.other)


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Mark `sentence` for the catalogues and return it unchanged."""
    return sentence


@cache
def available() -> frozenset[str]:
    """The languages there is a catalogue for, as lower-case tags (`de`, `zh-hant`), English included."""
    return frozenset({DEFAULT} | {_tag(path.parent.parent.name) for path in LOCALES.glob("*/LC_MESSAGES/*.mo")})


def choose(*wanted: str | Iterable[str] | None) -> str:
    """The first language of `wanted` that we speak, most wanted first; a region falls back to its language."""
    for entry in wanted:
        for name in [entry] if isinstance(entry, str) else entry or ():
            for candidate in _wider(_tag(name)):
                if candidate in available():
                    return candidate
    return DEFAULT


@cache
def translator(lang: str) -> Translate:
    """The function that says a sentence in `lang` with what stands in it; in English what the catalogue lacks."""
    said = _catalogue(lang).gettext

    def translate(sentence: Sayable) -> str:
        if isinstance(sentence, Sentence):
            return unfilled(lang, sentence).format(**filling(lang, sentence))
        return said(sentence) if sentence else ""  # gettext keeps a catalogue's header under ""

    return translate


def unfilled(lang: str, sentence: Sentence) -> str:
    """`sentence` in `lang`, in the form that its count takes, with its `{placeholders}`."""
    text, catalogue = sentence.text, _catalogue(lang)
    if isinstance(text, Counted):
        return catalogue.ngettext(text.one, text.other, cast(int, sentence.values["count"]))
    return catalogue.gettext(text)


def filling(lang: str, sentence: Sentence) -> dict[str, str]:
    """What stands in `sentence`, in `lang`."""
    return {name: _written(lang, value) for name, value in sentence.values.items()}


def _written(lang: str, value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(translator(lang), value))
    return value if isinstance(value, str) else figure(lang, value)


def figure(lang: str, number: float, form: str = ",") -> str:
    """`number` as it is written in `lang`; `form` is Python's for English."""
    thousands, decimals = MARKS.get(lang.partition("-")[0], (",", "."))
    return format(number, form).translate({ord(","): thousands, ord("."): decimals})


def counted(lang: str, sentence: Counted, count: int, **values: Value) -> str:
    """`sentence` in `lang`, in the form for `count`, with the number and `values` in it."""
    return translator(lang)(Sentence(sentence, {"count": count, **values}))


def forms(lang: str, sentence: Counted) -> dict[str, str]:
    """`sentence` in every plural form of `lang`, by the form's name."""
    catalogue = _catalogue(lang)
    if not isinstance(catalogue, Catalogue):
        return sentence._asdict()
    names = FORMS.get(lang.partition("-")[0], TWO_FORMS)
    return {name: catalogue.form(sentence, index) for index, name in enumerate(names)}


def direction(lang: str) -> str:
    """Which way `lang` is written, as HTML says it."""
    return "rtl" if lang.partition("-")[0] in RIGHT_TO_LEFT else "ltr"


@cache
def _catalogue(lang: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALES, [_folder(lang)], class_=Catalogue, fallback=True)


def _wider(tag: str) -> Iterable[str]:
    """`tag` and what it may fall back to, nearest first: `zh-hant-hk`, `zh-hant`, `zh`."""
    parts = tag.split("-")
    for length in range(len(parts), 0, -1):
        shorter = "-".join(parts[:length])
        yield OTHER_NAMES.get(shorter, shorter)


def _tag(name: str) -> str:
    return name.replace("_", "-").lower()


def _folder(lang: str) -> str:
    language, _, region = lang.partition("-")
    return f"{language}_{region.upper() if len(region) == 2 else region.title()}" if region else language
