"""What the form answers to each address of the isemail tests, by the test's id, and why.

RFC 5322 allows much that no mail server takes and nobody's address holds; a form is kinder when it asks again. White
space around an address comes with copying it and is no mistake.
"""

from collections.abc import Mapping

ACCEPTED: Mapping[str, tuple[int, ...]] = {
    "Plain addresses, of any letters that RFC 5321 lets stand bare.": (8, 9, 10, 11, 12, 14, 19, 21, 22, 29, 32, 101),
    "As long as the parts of an address may be.": (25, 27, 37, 38),
    "Whether a domain or its mail server exists is for DNS, and asking it could hold a request for seconds.": (
        *(13, 33, 167, 168),
    ),
    "A domain of another script, in the letters that travel; kept in those people read.": (100,),
    "Copied with the spaces and line breaks around it, which are dropped.": (
        *(88, 89, 99, 127, 128, 132, 141, 142, 143, 144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154, 155, 156),
        *(157, 158),
    ),
}

REFUSED: Mapping[str, tuple[int, ...]] = {
    "No address at all, or half of one.": (1, 2, 3, 4, 6, 7, 17, 18),
    "A domain without a dot has no mailbox that a stranger could write to, though a few top-level domains once had.": (
        *(5, 166),
    ),
    "Dots stand between letters; the one that ends a domain in DNS ends none in mail.": (15, 16, 34, 35, 36),
    "A label neither begins nor ends with a hyphen.": (30, 31, 102),
    "Longer than the domain, or the whole address, may be (RFC 5321, 4.5.3.1).": (28, 39, 40, 41),
    "A machine's number is no domain of a person; robots like them.": (
        *(23, 24, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84),
        *(106, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 159),
    ),
    "Quoted names are allowed in mail and used by nobody; libraries disagree on them.": (
        *(42, 43, 45, 46, 48, 54, 55, 56, 58, 59, 60, 124, 125, 129, 134, 138, 139),
    ),
    "Quoted wrongly.": (20, 44, 47, 49, 50, 51, 52, 53, 57, 103, 107, 133, 160),
    "Spaces within an address: perhaps two of them, perhaps a slip. The form asks.": (85, 86, 87),
    "Comments belong into the header of a mail, not into an address.": (
        *(90, 91, 92, 93, 94, 95, 96, 97, 98, 104, 105, 108, 109, 110, 126, 130, 131, 135, 140, 165),
    ),
    "Nothing is left of a name, or of a label, when its control characters are gone.": (122, 123, 136, 137),
    "No letter of a domain.": (161,),
}

# Refused by a form that is strict; taken by ours as yet.
TOO_LONG_A_NAME = 26  # 65 letters before the @, where RFC 5321 (4.5.3.1.1) allows 64

OUTCOMES: Mapping[int, str] = {
    **{number: "accepted" for ids in ACCEPTED.values() for number in ids},
    **{number: "refused" for ids in REFUSED.values() for number in ids},
    TOO_LONG_A_NAME: "refused",
}
