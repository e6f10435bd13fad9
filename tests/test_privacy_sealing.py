"""An address goes in, and comes out for whom it is meant only."""

import os
import stat
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from comments_service.keys import FILE_NAME, Keys, UnsafeSecret, load_or_create
from comments_service.privacy.sealing import CannotOpen, Sealer

SEALER = Sealer(Keys(b"k" * 32))
OTHER = Sealer(Keys(b"o" * 32))


@given(st.binary(min_size=32, max_size=100), st.text(max_size=40))
def test_keys_are_derived_as_rfc_5869_says(secret: bytes, purpose: str) -> None:
    purpose = purpose.encode("utf-8", "replace").decode()
    library = HKDF(SHA256(), 32, salt=None, info=f"comments-service/{purpose}".encode())
    assert Keys(secret).derive(purpose) == library.derive(secret)


@given(st.text(max_size=254))
def test_a_sealed_address_opens_for_its_row(address: str) -> None:
    row = uuid4()
    sealed = SEALER.seal(address.encode("utf-8", "replace").decode(), row)
    assert SEALER.open(sealed.sealed, row) == address.encode("utf-8", "replace").decode()


def test_a_sealed_address_moved_to_another_row_stays_closed() -> None:
    sealed = SEALER.seal("ada@ada-lovelace.org", uuid4())
    with pytest.raises(CannotOpen):
        SEALER.open(sealed.sealed, uuid4())


def test_eve_with_another_key_reads_nothing() -> None:
    row = uuid4()
    sealed = SEALER.seal("ada@ada-lovelace.org", row)
    with pytest.raises(CannotOpen):
        OTHER.open(sealed.sealed, row)


@pytest.mark.parametrize("place", [0, 1, 13, -1])
def test_a_changed_byte_is_noticed(place: int) -> None:
    row = uuid4()
    sealed = bytearray(SEALER.seal("ada@ada-lovelace.org", row).sealed)
    sealed[place] ^= 1
    with pytest.raises(CannotOpen):
        SEALER.open(bytes(sealed), row)


def test_equal_addresses_are_found_and_seal_differently() -> None:
    one, two = SEALER.seal("Ada@Ada-Lovelace.org", uuid4()), SEALER.seal("ada@ada-lovelace.org", uuid4())
    assert one.lookup == two.lookup
    assert one.sealed != two.sealed
    assert one.lookup != OTHER.lookup("ada@ada-lovelace.org")


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o755)
    secret = load_or_create(folder)
    assert load_or_create(folder) == secret
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize(("name", "mode"), [("", 0o755), (FILE_NAME, 0o640), (FILE_NAME, 0o604)])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    folder = tmp_path / "instance"
    load_or_create(folder)
    os.chmod(folder / name if name else folder, mode)
    with pytest.raises(UnsafeSecret, match="chmod"):
        load_or_create(folder)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(UnsafeSecret, match="5 bytes"):
        Keys(b"short")
