"""The commenter's address: is it one, what is its usual spelling, and was it mistyped?"""

from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3

# Large providers, and names a letter away from one of them that are real.
PROVIDERS = (
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "outlook.com",
    "yahoo.com",
    "icloud.com",
    "proton.me",
    "protonmail.com",
    "aol.com",
    "gmx.net",
    "web.de",
    "live.com",
    "mail.ru",
    "yandex.ru",
)
REAL = frozenset(
    {
        *("gmx.com", "gmx.de", "gmx.at", "gmx.ch", "mail.com", "email.com", "ymail.com", "fmail.com", "live.co"),
        *("cloud.com", "alive.com", "clive.com", "olive.com", "aoe.com", "mail.su", "mail.rs"),
    }
)
TOP_LEVEL_SLIPS = {
    ".con": ".com",
    ".cmo": ".com",
    ".ocm": ".com",
    ".comm": ".com",
    ".vom": ".com",
    ".xom": ".com",
    ".ner": ".net",
    ".nte": ".net",
    ".ogr": ".org",
    ".rog": ".org",
}
DOMAINS_KEPT = 1024  # most of what people type comes from a few
SHORTEST = 7  # letters of a domain; below that a letter more or less is another name


class NotAnAddress(ValueError):
    """No address that mail can be sent to."""


def normalise(text: str) -> str:
    """`text` as the address it is, its domain in lower case; raises `NotAnAddress`.

    Only the form is looked at: asking the domain's servers could hold a request for many seconds.
    """
    if len(text) > MAX_LENGTH:
        raise NotAnAddress("too long")
    try:
        # Strict is the length of what stands before the @ (RFC 5321, 4.5.3.1.1).
        found = validate_email(
            text, check_deliverability=False, allow_quoted_local=False, allow_domain_literal=False, strict=True
        )
    except EmailNotValidError as error:
        raise NotAnAddress("not an address") from error
    return found.normalized


def suggest(text: str) -> str | None:
    """The address that was likely meant by `text`, or None when nothing looks mistyped."""
    local, _, domain = text.strip().lower().replace(" ", "").rpartition("@")
    if not local or not domain:
        return None
    meant = _domain_meant(domain.replace(",", ".").strip("."))
    suggestion = f"{text.strip().rpartition('@')[0].replace(' ', '')}@{meant}"
    if suggestion.lower() == text.strip().lower():
        return None
    try:
        return normalise(suggestion)
    except NotAnAddress:
        return None


@lru_cache(DOMAINS_KEPT)
def _domain_meant(domain: str) -> str:
    for slip, right in TOP_LEVEL_SLIPS.items():
        if domain.endswith(slip):
            domain = domain.removesuffix(slip) + right
    if "." not in domain:
        return next((provider for provider in PROVIDERS if provider.partition(".")[0] == domain), domain)
    if domain in PROVIDERS or domain in REAL or len(domain) < SHORTEST:
        return domain
    return next(
        (provider for provider in PROVIDERS if len(provider) >= SHORTEST and _one_slip(domain, provider)), domain
    )


def _one_slip(typed: str, meant: str) -> bool:
    """Whether one letter left out, added, changed, or two swapped make `meant` of `typed` (Damerau, 1964)."""
    if abs(len(typed) - len(meant)) > 1:
        return False
    start = _shared(typed, meant)
    typed, meant = typed[start:][::-1], meant[start:][::-1]
    end = _shared(typed, meant)
    typed, meant = typed[end:], meant[end:]
    return max(len(typed), len(meant)) <= 1 or (len(typed) == 2 and typed == meant[::-1])


def _shared(one: str, other: str) -> int:
    """How many letters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))
