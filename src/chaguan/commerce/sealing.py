"""What stands in an object and in an act is sealed, each bound to its place."""

from chaguan.commerce.store import Key
from chaguan.infra.sealing import DataKey, Vault


class Seals:
    def __init__(self, vault: Vault) -> None:
        self._objects = DataKey(vault.derive("business objects"))
        self._acts = DataKey(vault.derive("card acts"))

    def seal(self, key: Key, body: bytes) -> bytes:
        return self._objects.seal(body, _place(key))

    def open(self, key: Key, sealed: bytes) -> bytes:
        return self._objects.unseal(sealed, _place(key))

    def seal_act(self, act_id: str, text: str) -> bytes:
        return self._acts.seal(text.encode(), act_id.encode())

    def open_act(self, act_id: str, sealed: bytes) -> str:
        return self._acts.unseal(sealed, act_id.encode()).decode()


def _place(key: Key) -> bytes:
    return "\x00".join(key.values).encode()
