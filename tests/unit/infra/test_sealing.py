import base64
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaguan.infra import keyring as keys
from chaguan.infra.keyring import KeyFile, KeyVariable, MasterKeyError
from chaguan.infra.sealing import (
    OVERHEAD,
    WRAPPED_BYTES,
    DamagedError,
    DataKey,
    Keyring,
    Vault,
    WrongMasterKey,
    check,
    new_root,
    rewrap_root,
)

OWNER = "c_conversation"


def key_file(folder: Path) -> Path:
    path = folder / "master.key"
    keys.create_key_file(path)
    return path


def vault_on(path: Path, root: bytes | None = None) -> Vault:
    ring = Keyring(KeyFile(path))
    return Vault(ring, root or new_root(ring))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return key_file(tmp_path)


@given(plaintext=st.binary(max_size=300), aad=st.binary(max_size=80))
def test_what_is_sealed_opens_again_at_the_same_place(plaintext: bytes, aad: bytes) -> None:
    key = DataKey(b"k" * 32)
    sealed = key.seal(plaintext, aad)
    assert len(sealed) == len(plaintext) + OVERHEAD
    assert key.unseal(sealed, aad) == plaintext


@given(data=st.data())
def test_any_altered_byte_is_noticed(data: st.DataObject) -> None:
    key = DataKey(b"k" * 32)
    sealed = bytearray(key.seal("茶".encode() * 9, b"entry 1"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DamagedError):
        key.unseal(bytes(sealed), b"entry 1")


@given(length=st.integers(0, OVERHEAD + 3))
def test_sealed_bytes_cut_short_are_noticed(length: int) -> None:
    key = DataKey(b"k" * 32)
    with pytest.raises(DamagedError):
        key.unseal(key.seal(b"text", b"")[:length], b"")


def test_sealed_text_moved_to_another_entry_does_not_open() -> None:
    key = DataKey(b"k" * 32)
    with pytest.raises(DamagedError):
        key.unseal(key.seal(b"text", b"entry 1"), b"entry 2")


def test_another_owners_key_does_not_open_it(path: Path) -> None:
    vault = vault_on(path)
    mine, theirs = (vault.unwrap(owner, vault.wrap(owner)) for owner in ("mine", "theirs"))
    with pytest.raises(DamagedError):
        theirs.unseal(mine.seal(b"text", b""), b"")


def test_a_wrapped_key_handed_to_another_owner_does_not_open(path: Path) -> None:
    vault = vault_on(path)
    wrapped = vault.wrap("mine")
    assert len(wrapped) == WRAPPED_BYTES
    with pytest.raises(DamagedError):
        vault.unwrap("theirs", wrapped)


def test_nonces_do_not_repeat_across_threads_and_refills() -> None:
    key = DataKey(b"k" * 32)
    with ThreadPoolExecutor(4) as pool:
        nonces = list(pool.map(lambda _: key.seal(b"", b"")[1:13], range(5_000)))
    assert len(set(nonces)) == len(nonces)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_does_not_reuse_its_parents_nonces() -> None:
    key = DataKey(b"k" * 32)
    key.seal(b"", b"")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, key.seal(b"", b"")[1:13])
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 12) != key.seal(b"", b"")[1:13]
    os.close(reader)
    os.close(writer)


def test_a_rotation_by_another_process_is_taken_up_while_serving(path: Path) -> None:
    vault = vault_on(path)
    before = vault.wrap(OWNER)
    sealed = vault.unwrap(OWNER, before).seal(b"text", b"")

    new = keys.rotate(path)

    assert not vault.is_current(before)
    after = vault.rewrap(OWNER, before)
    assert after[1:9].hex() == new
    assert vault.is_current(after)
    assert vault.rewrap(OWNER, after) == after
    assert vault.unwrap(OWNER, after).unseal(sealed, b"") == b"text"
    assert vault.wrap("new owner")[1:9].hex() == new


def test_a_server_that_has_not_noticed_opens_what_the_new_key_wrapped(path: Path) -> None:
    serving = vault_on(path)
    keys.rotate(path)
    wrapped = Vault(ring := Keyring(KeyFile(path)), new_root(ring)).wrap(OWNER)
    serving.unwrap(OWNER, wrapped)


def test_a_retired_key_opens_nothing_any_more(path: Path) -> None:
    vault = vault_on(path)
    left_behind, old = vault.wrap(OWNER), Keyring(KeyFile(path)).current_id
    keys.rotate(path)
    assert keys.retire_old(path) == [old]
    vault.wrap("any")
    with pytest.raises(WrongMasterKey, match=old):
        vault.unwrap(OWNER, left_behind)


def test_derived_keys_survive_rotation_and_restart(path: Path) -> None:
    ring = Keyring(KeyFile(path))
    root = new_root(ring)
    links = Vault(ring, root).derive("links")
    keys.rotate(path)
    root = rewrap_root(ring, root)
    keys.retire_old(path)
    again = Vault(Keyring(KeyFile(path)), root)
    assert again.derive("links") == links
    assert again.derive("search") != links


def test_a_wrong_master_key_is_recognised_at_start(tmp_path: Path, path: Path) -> None:
    root = new_root(Keyring(KeyFile(path)))
    other = key_file(tmp_path / "elsewhere")
    with pytest.raises(WrongMasterKey, match="Put the right key back"):
        check(Keyring(KeyFile(other)), root)
    with pytest.raises(DamagedError):
        check(Keyring(KeyFile(path)), root[:-1] + bytes([root[-1] ^ 1]))
    check(Keyring(KeyFile(path)), root)


def test_new_keys_are_refused_once_the_key_file_is_gone(path: Path) -> None:
    vault = vault_on(path)
    wrapped = vault.wrap(OWNER)
    path.unlink()
    vault.unwrap(OWNER, wrapped)
    with pytest.raises(MasterKeyError, match="missing"):
        vault.wrap("another")


def test_the_cache_is_bounded_and_forgets(path: Path) -> None:
    vault = Vault(ring := Keyring(KeyFile(path)), new_root(ring), cached_keys=2)
    wrapped = {owner: vault.wrap(owner) for owner in "abc"}
    first = vault.unwrap("a", wrapped["a"])
    vault.unwrap("b", wrapped["b"])
    assert vault.unwrap("a", wrapped["a"]) is first
    vault.unwrap("c", wrapped["c"])
    assert vault.cached("b") is None
    assert vault.cached("a") is first
    vault.forget("a")
    assert vault.cached("a") is None


def test_a_replaced_wrapped_key_is_not_answered_from_the_cache(path: Path) -> None:
    vault = vault_on(path)
    old = vault.unwrap(OWNER, vault.wrap(OWNER))
    new = vault.unwrap(OWNER, vault.wrap(OWNER))
    with pytest.raises(DamagedError):
        new.unseal(old.seal(b"erased", b""), b"")


def test_the_created_file_is_for_its_owner_only_and_never_replaced(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(MasterKeyError, match="cannot be written"):
        keys.create_key_file(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["master.key"]


def test_a_world_readable_key_file_is_refused(path: Path) -> None:
    path.chmod(0o604)
    with pytest.raises(MasterKeyError, match="chmod 600"):
        Keyring(KeyFile(path))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no key"),
        ("# only a comment\n", "holds no key"),
        ("not base64!\n", "not base64"),
        (base64.b64encode(b"short").decode(), "5 bytes"),
        (base64.b64encode(b"x" * 33).decode(), "33 bytes"),
        ("茶\n", "not base64"),
    ],
)
def test_a_malformed_key_file_gets_a_clear_sentence(path: Path, text: str, sentence: str) -> None:
    path.write_text(text)
    with pytest.raises(MasterKeyError, match=sentence) as caught:
        Keyring(KeyFile(path))
    assert str(path) in caught.value.detail


def test_a_missing_or_unreadable_key_file_gets_a_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="missing"):
        Keyring(KeyFile(tmp_path / "none"))
    with pytest.raises(MasterKeyError, match="cannot be read"):
        Keyring(KeyFile(tmp_path))


def test_two_rotations_at_once_do_not_lose_a_key(path: Path) -> None:
    path.with_name("master.key.new").touch()
    before = path.read_bytes()
    with pytest.raises(MasterKeyError, match="being changed"):
        keys.rotate(path)
    assert path.read_bytes() == before


def test_the_environment_gives_keys_too_the_first_is_current(tmp_path: Path) -> None:
    new, old = os.urandom(32), os.urandom(32)
    text = ",".join(base64.b64encode(key).decode() for key in (new, old))
    source = keys.choose_source(tmp_path / "unused", text, may_create=True)
    ring = Keyring(source)
    assert ring.current_id == keys.key_id(new).hex()
    assert not (tmp_path / "unused").exists()
    wrapped = Keyring(KeyVariable(base64.b64encode(old).decode())).wrap(OWNER, b"k" * 32)
    assert ring.unwrap(OWNER, wrapped) == b"k" * 32
    with pytest.raises(MasterKeyError, match="CHAGUAN_MASTER_KEY"):
        Keyring(KeyVariable("c2hvcnQ="))


def test_a_key_file_is_made_only_where_nothing_is_sealed_yet(tmp_path: Path) -> None:
    path = tmp_path / "data" / "master.key"
    with pytest.raises(MasterKeyError, match="missing"):
        Keyring(keys.choose_source(path, None, may_create=False))
    Keyring(keys.choose_source(path, None, may_create=True))
    assert path.exists()
