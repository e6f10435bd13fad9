"""Brings the catalogues of sentences up to date with the code; `--check` only says which are stale or incomplete.

After changing a sentence: run this, translate what is new in `locales/*/LC_MESSAGES/*.po`, run it again. A new language
is a new folder in `locales/`: `python scripts/languages.py sv` makes it, and `i18n.FORMS` names its plural forms.
"""

import io
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel import Locale
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.plural import to_gettext

from comments_service.i18n import DOMAIN, LOCALES

PACKAGE = LOCALES.parent
TEMPLATE = LOCALES / f"{DOMAIN}.pot"
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
# In templates `_` and `html_` say a sentence and `n_` one with a number (`accounts.http`).
KEYWORDS = {"N_": None, "Counted": (1, 2), "_": None, "html_": None, "n_": (1, 2)}
PLACEHOLDER = re.compile(r"\{\w*\}")
HEADER = "# Sentences of comments-service, kept by scripts/languages.py.\n#"


class Sentences(Catalog):
    """A catalogue whose header says nothing that changes by itself, and counts as CLDR does."""

    @property
    def num_plurals(self) -> int:
        """How many plural forms its language has."""
        return len(self.locale.plural_form.tags | {"other"}) if self.locale else 2

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The header: what gettext needs to read the file."""
        headers = [("Project-Id-Version", "comments-service"), ("MIME-Version", "1.0")]
        headers += [("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", "8bit")]
        return headers if self.locale is None else [*headers, *self._of_language(self.locale)]

    @staticmethod
    def _of_language(locale: Locale) -> Iterator[tuple[str, str]]:
        yield "Language", str(locale)
        # `e` is the exponent in "1e6"; no count is written so, and gettext does not know it.
        yield "Plural-Forms", re.sub(r"\be\b", "0", to_gettext(locale.plural_form))


def template() -> Sentences:
    """The sentences of the code, each with the places it stands in."""
    found = Sentences(domain=DOMAIN, header_comment=HEADER, fuzzy=False)
    extracted = extract_from_dir(PACKAGE, METHODS, {"**.html": {"silent": "false"}}, keywords=KEYWORDS)
    for path, _, message, _, _ in sorted(extracted, key=lambda one: one[:2]):
        found.add(message, None, [(path, None)])
    return found


def updated(locale: str, sentences: Sentences) -> Sentences:
    """The catalogue of `locale` with exactly `sentences`: the known translated, the new empty."""
    path = source(locale)
    known = read_po(io.BytesIO(path.read_bytes())) if path.exists() else Catalog()
    catalogue = Sentences(locale, DOMAIN, header_comment=HEADER, fuzzy=False)
    for message in said(sentences):
        old = known.get(message.id)
        catalogue.add(message.id, old.string if old else "", message.locations)
    return catalogue


def said(catalogue: Catalog) -> list:
    """The messages of `catalogue` without its header."""
    return [message for message in catalogue if message.id]


def problems(catalogue: Sentences) -> Iterator[str]:
    """What is wrong with a catalogue: sentences without words, or without the right placeholders."""
    for message in said(catalogue):
        original = message.id[-1] if message.pluralizable else message.id
        strings = message.string if message.pluralizable else (message.string,)
        if not all(strings) or len(strings) != (catalogue.num_plurals if message.pluralizable else 1):
            yield f"{original!r} is not translated"
        # A form that only one number has may say it in words; the last is never such a form.
        elif placeholders(strings[-1]) != placeholders(original):
            yield f"{strings[-1]!r} has other placeholders than {original!r}"


def placeholders(text: str) -> list[str]:
    """The `{names}` in `text`."""
    return sorted(PLACEHOLDER.findall(text))


def written(catalogue: Catalog) -> bytes:
    """`catalogue` as a text file."""
    file = io.BytesIO()
    write_po(file, catalogue, width=0, sort_by_file=False, include_lineno=False)
    return file.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """`catalogue` as the file that the service reads."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def source(locale: str) -> Path:
    """Where the words of `locale` are written."""
    return LOCALES / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


def files(locales: Iterable[str], sentences: Sentences) -> dict[Path, bytes]:
    """Every file of ours as it should be."""
    all_files = {TEMPLATE: written(sentences)}
    for locale in locales:
        catalogue = updated(locale, sentences)
        all_files[source(locale)] = written(catalogue)
        all_files[source(locale).with_suffix(".mo")] = compiled(catalogue)
    return all_files


def main() -> int:
    """Write the files, or with `--check` answer 1 when one is stale; 1 too when a sentence is not translated."""
    added = [argument for argument in sys.argv[1:] if argument != "--check"]
    locales = sorted({path.name for path in LOCALES.iterdir() if path.is_dir()} | set(added))
    sentences = template()
    wrong = [f"{locale}: {text}" for locale in locales for text in problems(updated(locale, sentences))]
    for path, content in files(locales, sentences).items():
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        elif not path.exists() or path.read_bytes() != content:
            wrong.append(f"{path.relative_to(LOCALES)} is stale: run scripts/languages.py")
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
