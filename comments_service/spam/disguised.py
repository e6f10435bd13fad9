"""A link that does not show where it leads: another host in its text, a shortener, look-alike letters in its host."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from ..comments import markup
from ..comments.form import Submission
from ..i18n import N_, Sentence
from ..sites.policy import Policy
from . import hosts
from .folding import has_look_alikes
from .judgement import Evidence, Known

POINTS_OTHER_HOST = 3.0
POINTS_LOOK_ALIKE = 2.0
POINTS_SHORT = 0.7
SHOWN = 3
OTHER_HOST = N_("A link reads {shown} and leads to {host}.")
SHORT = N_("{host} hides where a link leads.")
LOOK_ALIKE = N_("{host} mixes letters of two alphabets.")

# fmt: off
SHORTENERS = frozenset((
    "adf.ly", "bc.vc", "bit.do", "bit.ly", "buff.ly", "clck.ru", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ouo.io",
    "ow.ly", "qr.ae", "rb.gy", "rebrand.ly", "s.id", "shorte.st", "shorturl.at", "soo.gd", "surl.li", "t.co", "t.ly",
    "tiny.cc", "tinyurl.com", "trib.al", "u.to", "v.gd", "vk.cc", "x.co",
))
# fmt: on


def check(submission: Submission, policy: Policy, known: Known) -> Evidence | None:
    """The points of the worst disguise, with the links that wear one."""
    found = list(_found(submission))
    if not found:
        return None
    worst = sorted(found, key=lambda each: -each[0])[:SHOWN]
    said = {str(sentence): sentence for _, sentence in worst}
    return Evidence("disguised", worst[0][0], tuple(said.values()))


def _found(submission: Submission) -> Iterator[tuple[float, Sentence]]:
    for link in markup.links(submission.tree):
        host = _host(link.href)
        shown = [other for other in hosts.linked(link.text) if hosts.registrable(other) != hosts.registrable(host)]
        if host and shown:
            yield POINTS_OTHER_HOST, Sentence(OTHER_HOST, {"shown": hosts.shown(shown[0]), "host": hosts.shown(host)})
        yield from _of_host(host)
    yield from _of_host(_host(submission.website))


def _of_host(host: str) -> Iterator[tuple[float, Sentence]]:
    if host in SHORTENERS:
        yield POINTS_SHORT, Sentence(SHORT, {"host": host})
    if has_look_alikes(_readable(host)):
        yield POINTS_LOOK_ALIKE, Sentence(LOOK_ALIKE, {"host": hosts.shown(host)})


def _host(address: str) -> str:
    try:
        return hosts.clean(urlsplit(address).hostname or "")
    except ValueError:
        return ""


def _readable(host: str) -> str:
    """`host` with its punycode read."""
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        return host
