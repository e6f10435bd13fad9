"""Ada reads German, Ben Arabic, and neither of them meets a word of English or a number in the wrong form."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from babel.messages import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from people import PAGE, SITE, Commenter, Mia, Reader

from comments_service import i18n
from comments_service.comments import form, texts
from comments_service.comments.models import Status
from comments_service.comments.texts import COMMENTS
from comments_service.comments.threads import State

# And English, which needs no catalogue.
SPOKEN = ["ar", "de", "es", "fa", "fr", "he", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "tr", "uk", "vi"]
SPOKEN += ["zh-hans", "zh-hant"]
COUNTS = [*range(200), 1_000, 1_000_000, 2_000_001]
OWN_PAGES = "http://127.0.0.1:8000"
ADA = {"name": "Ada", "email": "ada@ada-lovelace.org", "body": "Hello"}

TWICE_IN_GERMAN = "Das hast du hier schon gesagt."


def locale(lang: str) -> Locale:
    return Locale.parse(lang, sep="-")


def number_forms(lang: str) -> set[str]:
    """The plural forms of `lang` by CLDR."""
    return set(locale(lang).plural_form.tags) | {"other"}


def catalogue(lang: str) -> Catalog:
    """What the service itself reads."""
    (path,) = (p for p in i18n.LOCALES.glob("*/LC_MESSAGES/*.mo") if p.parts[-3].replace("_", "-").lower() == lang)
    with path.open("rb") as file:
        return read_mo(file)


def sentences() -> list[Any]:
    """The messages there are, as the code has them."""
    with (i18n.LOCALES / f"{i18n.DOMAIN}.pot").open("rb") as file:
        return [message for message in read_po(file) if message.id]


def translations(lang: str) -> list[tuple[str, str]]:
    """Each sentence with its words in `lang`, plural forms one by one."""
    pairs = []
    for message in catalogue(lang):
        if message.id:
            original, said = message.id, message.string
            pairs += [(original[1], text) for text in said] if message.pluralizable else [(original, said)]
    return pairs


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^}]*\}?", text))


TAG = re.compile(r"<[^>]*>|&\w+;")


def letters(sentence: str) -> int:
    """How much of a sentence there is to translate."""
    return sum(map(str.isalpha, re.sub(r"\{\w+\}|<[^>]*>|&\w+;|<code>.*?</code>", "", sentence)))


# The catalogues --------------------------------------------------------------------------------------------------


def test_the_languages_we_promise_are_the_languages_we_speak() -> None:
    assert i18n.available() == {*SPOKEN, "en"}


def test_the_catalogues_are_as_the_code_is() -> None:
    script = Path(__file__).parent.parent / "scripts" / "languages.py"
    check = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (check.returncode, check.stderr) == (0, "")


def test_what_people_are_told_is_among_the_sentences() -> None:
    known = {message.id for message in sentences()}
    told = [*texts.TEXTS.values(), *texts.PAGE_TEXTS.values(), *form.MESSAGES.values()]
    labels = [field.label for field in form.FIELDS if field.drawn]
    assert {tuple(text) if isinstance(text, i18n.Counted) else text for text in [*told, *labels]} <= known


def test_the_widget_has_a_use_for_every_sentence_and_a_sentence_for_every_use() -> None:
    source = "".join(file.read_text() for file in sorted((Path(i18n.__file__).parent / "widget" / "src").glob("*.js")))
    of_a_value = {*Status, *State, "moderator"}
    composed = {f"required_{field.name}" for field in form.FIELDS} | {f"thanks_{status}" for status in Status}
    assert set(texts.TEXTS) <= {*re.findall(r"'(\w+)'", source), *of_a_value, *composed}
    assert set(re.findall(r"\bsay\('(\w+)'", source)) <= set(texts.TEXTS)
    assert Status.APPROVED not in texts.TEXTS  # what is published needs no note


@pytest.mark.parametrize("lang", SPOKEN)
def test_no_sentence_is_left_untranslated(lang: str) -> None:
    words = catalogue(lang)
    for message in sentences():
        said = words.get(message.id[0] if message.pluralizable else message.id)
        assert said is not None, message.id
        assert said.string, message.id
        assert all(said.string), message.id


@pytest.mark.parametrize("lang", SPOKEN)
def test_a_long_sentence_is_not_english(lang: str) -> None:
    assert [said for sentence, said in translations(lang) if said == sentence and letters(sentence) > 12] == []


@pytest.mark.parametrize("lang", SPOKEN)
def test_a_translation_has_the_placeholders_of_its_sentence(lang: str) -> None:
    for message in catalogue(lang):
        if message.id and not message.pluralizable:
            assert placeholders(message.string) == placeholders(message.id)


@pytest.mark.parametrize("lang", SPOKEN)
def test_a_number_is_left_out_only_where_the_form_says_it(lang: str) -> None:
    rule = locale(lang).plural_form
    for message in filter(lambda each: each.pluralizable, sentences()):
        wanted = placeholders(message.id[1])
        for name, sentence in i18n.forms(lang, i18n.Counted(*message.id)).items():
            numbers = [count for count in COUNTS if rule(count) == name]
            without = sorted(set(wanted) - {"{count}", "{number}"})
            assert placeholders(sentence) == wanted or (placeholders(sentence) == without and len(numbers) == 1), (
                sentence
            )


@pytest.mark.parametrize("lang", SPOKEN)
def test_a_translation_is_plain_text_but_for_the_tags_of_its_sentence(lang: str) -> None:
    for sentence, said in translations(lang):
        assert sorted(TAG.findall(said)) == sorted(TAG.findall(sentence)), said
        assert not re.search(r"[<&\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", TAG.sub("", said)), said
        assert said == said.strip()
        for mark in ("**", "`", "> ", " *" if sentence.endswith("*") else "*"):
            assert said.count(mark.strip()) == sentence.count(mark.strip()), said


# Numbers ---------------------------------------------------------------------------------------------------------


def counted(key: str) -> i18n.Counted:
    sentence = texts.TEXTS[key]
    assert isinstance(sentence, i18n.Counted)
    return sentence


@pytest.mark.parametrize("lang", [*SPOKEN, "en"])
def test_a_language_has_the_forms_that_cldr_gives_it(lang: str) -> None:
    assert set(i18n.forms(lang, COMMENTS)) == number_forms(lang)


@pytest.mark.parametrize("lang", [*SPOKEN, "en"])
@pytest.mark.parametrize("key", ["comments", "left"])
def test_a_count_takes_the_form_that_a_browser_would_take(lang: str, key: str) -> None:
    rule, forms = locale(lang).plural_form, i18n.forms(lang, counted(key))
    for count in COUNTS:
        said = forms[rule(count)].format(count=i18n.figure(lang, count))
        assert i18n.counted(lang, counted(key), count) == said


def test_polish_counts_as_poles_do() -> None:
    said = [i18n.counted("pl", COMMENTS, count) for count in (1, 3, 5, 12, 22)]
    assert said == ["1 komentarz", "3 komentarze", "5 komentarzy", "12 komentarzy", "22 komentarze"]


@pytest.mark.parametrize("lang", [*SPOKEN, "en"])
def test_a_figure_is_written_as_the_language_writes_it(lang: str) -> None:
    marks = locale(lang).number_symbols["latn"]
    assert i18n.figure(lang, 1_234_567.5) == "1{group}234{group}567{decimal}5".format_map(marks)


def test_what_stands_in_a_sentence_is_filled_in_once_it_is_translated() -> None:
    five = i18n.Sentence(COMMENTS, {"count": 5})
    assert (i18n.translator("pl")(five), str(five)) == ("5 komentarzy", "5 comments")
    nested = i18n.Sentence("{what}: {braces} {many}", {"what": ("Comment", five), "braces": "{count}", "many": 1234})
    assert i18n.translator("de")(nested) == "Kommentar, 5 Kommentare: {count} 1.234"


# Choosing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("de-AT", "de"),
        ("fr_CA", "fr"),
        ("pt-BR", "pt"),
        ("zh", "zh-hans"),
        ("zh-CN", "zh-hans"),
        ("zh-Hans", "zh-hans"),
        ("zh-Hans-SG", "zh-hans"),
        ("zh-TW", "zh-hant"),
        ("zh-HK", "zh-hant"),
        ("zh-Hant", "zh-hant"),
        ("zh-Hant-HK", "zh-hant"),
        ("iw", "he"),
        ("en-GB", "en"),
        ("tlh", "en"),
        ("", "en"),
        ("../../etc", "en"),
        ("-", "en"),
    ],
)
def test_a_name_of_a_language_finds_it(asked: str, spoken: str) -> None:
    assert i18n.choose(asked) == spoken


def test_the_first_language_that_we_speak_is_taken() -> None:
    assert i18n.choose("tlh", None, ["sv", "it-CH", "de"]) == "it"


def test_nothing_said_is_nothing_translated() -> None:
    assert [i18n.translator(lang)("") for lang in (*SPOKEN, "en")] == [""] * (len(SPOKEN) + 1)


# The thread ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", [*SPOKEN, "en"])
def test_a_thread_brings_every_sentence_in_every_form(lang: str, thread: Reader) -> None:
    said = thread.opens(lang=lang).json["texts"]
    plain = {key for key, text in texts.TEXTS.items() if isinstance(text, str)}
    assert set(said) == plain | {f"{key}.{name}" for key in ("comments", "left") for name in number_forms(lang)}
    assert all(isinstance(sentence, str) and sentence for sentence in said.values())


def test_a_german_page_gets_a_german_thread(thread: Reader) -> None:
    answer = thread.opens(lang="de-CH").json
    assert answer["texts"]["title"] == "Schreibe einen Kommentar"
    assert answer["texts"]["comments.other"] == "{count} Kommentare"
    assert [field["label"] for field in answer["form"]["fields"]][:3] == ["Kommentar", "Name", "E-Mail-Adresse"]


def test_a_page_in_a_language_we_do_not_speak_gets_an_english_thread(thread: Reader) -> None:
    assert thread.opens(lang="tlh").json["texts"] == thread.opens().json["texts"]
    assert thread.opens(lang="tlh").json["texts"]["title"] == "Leave a Comment"


# Refusals --------------------------------------------------------------------------------------------------------


def speaks(client: FlaskClient, lang: str) -> None:
    """Let the browser ask for `lang`."""
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = lang


def test_a_refusal_speaks_the_commenters_language(ada: Commenter) -> None:
    speaks(ada.client, "de-DE,de;q=0.9,en;q=0.5")
    ada.submits("Hallo")
    assert ada.submits("Hallo").json["detail"] == TWICE_IN_GERMAN


def test_wrong_fields_are_explained_in_the_commenters_language(ada: Commenter) -> None:
    speaks(ada.client, "de")
    refusal = ada.submits(name=" ").json
    assert refusal["detail"] == "Bitte sieh dir einige Felder noch einmal an."
    assert [error["message"] for error in refusal["errors"]] == ["Bitte fülle dieses Feld aus."]


def test_a_refusal_in_no_language_of_ours_is_english(ada: Commenter) -> None:
    speaks(ada.client, "tlh")
    ada.submits("nuqneH")
    assert ada.submits("nuqneH").json["detail"] == "You have said that here already."


# The page without scripts ----------------------------------------------------------------------------------------


def opens(client: FlaskClient, **query: str) -> str:
    return client.get(f"/s/{SITE}/thread", query_string={"page": PAGE, **query}).text


def sends(client: FlaskClient, **fields: str) -> Any:
    """Send the form from one of our own pages."""
    filled = {"page": PAGE, **ADA, **fields}
    return client.post(f"/s/{SITE}/comments", data=filled, headers={"Origin": OWN_PAGES})


def test_a_german_reader_gets_a_german_page(blog: str, client: FlaskClient) -> None:
    speaks(client, "de")
    page = opens(client)
    assert '<html lang="de" dir="ltr">' in page
    assert "Noch keine Kommentare" in page
    assert "Leave a Comment" not in page


def test_the_language_asked_for_goes_before_the_readers_and_leads_on(ada: Commenter, mia: Mia) -> None:
    mia.approves(ada.submits())
    speaks(ada.client, "fr")
    page = opens(ada.client, lang="de")
    assert "1 Kommentar</h1>" in page
    assert "<title>1 Kommentar</title>" in page
    assert re.search(r'href="[^"]*&amp;lang=de&amp;parent=[^"]*#form"', page)
    assert "&amp;lang=" not in opens(ada.client)


@pytest.mark.parametrize(("lang", "heading"), [("ar", "تعليقان"), ("pl", "2 komentarze"), ("en", "2 comments")])
def test_the_page_counts_in_the_right_form(
    lang: str, heading: str, ada: Commenter, ben: Commenter, mia: Mia, client: FlaskClient
) -> None:
    mia.approves(ada.submits())
    mia.approves(ben.submits("Second!"))
    assert f">{heading}</h1>" in opens(client, lang=lang)


@pytest.mark.parametrize("lang", [*SPOKEN, "en"])
def test_a_page_is_written_in_the_direction_of_its_language(lang: str, blog: str, client: FlaskClient) -> None:
    way = "rtl" if locale(lang).text_direction == "rtl" else "ltr"
    assert f'<html lang="{lang}" dir="{way}">' in opens(client, lang=lang)


def test_a_form_sent_back_speaks_the_language_it_was_written_in(blog: str, client: FlaskClient) -> None:
    speaks(client, "en")
    assert '<input type="hidden" name="lang" value="de">' in opens(client, lang="de")
    answer = sends(client, lang="de", body="")
    assert answer.status_code == 422
    assert "Bitte sieh dir einige Felder noch einmal an." in answer.text
    assert "Bitte fülle dieses Feld aus." in answer.text
    assert "Please" not in answer.text


def test_what_was_said_already_is_refused_in_german(blog: str, client: FlaskClient) -> None:
    sends(client, lang="de")
    answer = sends(client, lang="de")
    assert answer.status_code == 409
    assert TWICE_IN_GERMAN in answer.text
