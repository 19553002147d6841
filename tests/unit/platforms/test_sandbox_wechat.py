import pytest

from chaguan.platforms.sandbox.faults import Fault, Faults
from chaguan.platforms.sandbox.wechat import (
    CODE_LIFE_MS,
    FORCE_APART_MS,
    FORCED_PER_DAY,
    LOGINS_PER_MINUTE,
    TOKEN_LIFE_S,
    TOKENS_PER_MINUTE,
    SandboxWeChat,
    Session,
    VendorError,
)

APPS = {"wx1": "s1", "wx2": "s2"}


class World:
    def __init__(self, **how: object) -> None:
        self.now = 1_700_000_000_000
        self.wechat = SandboxWeChat(APPS, clock=lambda: self.now, **how)  # type: ignore[arg-type]

    def exchange(self, code: str, app_id: str = "wx1", secret: str = "s1") -> Session:
        return self.wechat.code_to_session(app_id, secret, code, "authorization_code")

    def token(self, force: bool = False, app_id: str = "wx1") -> str:
        return self.wechat.stable_token(app_id, APPS[app_id], "client_credential", force).access_token

    def sign_in(self, app_id: str = "wx1", phone_id: str = "p1") -> Session:
        return self.exchange(self.wechat.login(app_id, phone_id), app_id, APPS[app_id])


def test_a_phone_is_the_same_person_in_one_app_and_known_by_unionid_across_apps() -> None:
    world = World()
    first, again, elsewhere = world.sign_in(), world.sign_in(), world.sign_in("wx2")
    other = world.sign_in(phone_id="p2")
    assert first.openid == again.openid != elsewhere.openid
    assert first.unionid == elsewhere.unionid != other.unionid
    assert first.session_key != again.session_key
    assert len(first.openid) == len(first.unionid) == 28


def test_openids_survive_a_restart_with_the_same_seed_only() -> None:
    assert World().sign_in().openid == World().sign_in().openid
    assert World(seed="other").sign_in().openid != World().sign_in().openid


def test_an_unbound_account_gives_no_unionid() -> None:
    assert World(bound=False).sign_in().unionid == ""


def test_a_code_works_once() -> None:
    world = World()
    code = world.wechat.login("wx1", "p1")
    world.exchange(code)
    with pytest.raises(VendorError, match="40163"):
        world.exchange(code)


def test_a_code_works_for_five_minutes_and_not_a_millisecond_longer() -> None:
    world = World()
    early, late = world.wechat.login("wx1", "p1"), world.wechat.login("wx1", "p1")
    world.now += CODE_LIFE_MS - 1
    world.exchange(early)
    world.now += 1
    with pytest.raises(VendorError, match="40029"):
        world.exchange(late)


def test_another_apps_code_is_invalid() -> None:
    world = World()
    with pytest.raises(VendorError, match="40029"):
        world.exchange(world.wechat.login("wx1", "p1"), "wx2", "s2")


@pytest.mark.parametrize(
    ("app_id", "secret", "code", "grant_type", "errcode"),
    [
        ("", "s1", "c", "authorization_code", 41002),
        ("wx1", "", "c", "authorization_code", 41004),
        ("wx9", "s1", "c", "authorization_code", 40013),
        ("wx1", "s2", "c", "authorization_code", 40125),
        ("wx1", "s1", "", "authorization_code", 41008),
        ("wx1", "s1", "c", "password", 40002),
        ("wx1", "s1", "c", "authorization_code", 40029),
    ],
)
def test_what_is_missing_or_wrong_has_the_vendors_code(
    app_id: str, secret: str, code: str, grant_type: str, errcode: int
) -> None:
    with pytest.raises(VendorError) as caught:
        World().wechat.code_to_session(app_id, secret, code, grant_type)
    assert caught.value.errcode == errcode


def test_the_hundred_and_first_login_of_one_person_in_a_minute_is_refused_and_no_one_elses() -> None:
    world = World()
    for _ in range(LOGINS_PER_MINUTE):
        world.sign_in()
    with pytest.raises(VendorError, match="45011"):
        world.sign_in()
    world.sign_in(phone_id="p2")
    world.now += 60_000
    world.sign_in()


def test_the_normal_mode_repeats_a_token_until_five_minutes_before_its_end() -> None:
    world = World()
    first = world.token()
    world.now += (TOKEN_LIFE_S - 301) * 1000
    assert world.token() == first
    world.now += 2000
    second = world.token()
    assert second != first
    assert world.wechat.check_token(first) == world.wechat.check_token(second) == "wx1"
    world.now += 300_000
    with pytest.raises(VendorError, match="42001"):
        world.wechat.check_token(first)


def test_forcing_ends_the_old_token_but_not_twice_within_thirty_seconds() -> None:
    world = World()
    first = world.token()
    second = world.token(force=True)
    with pytest.raises(VendorError, match="40001"):
        world.wechat.check_token(first)
    assert world.token(force=True) == second
    world.now += FORCE_APART_MS
    assert world.token(force=True) != second


def test_forcing_is_limited_per_day_and_calls_per_minute() -> None:
    world = World()
    for _ in range(FORCED_PER_DAY):
        world.token(force=True)
        world.now += FORCE_APART_MS
    with pytest.raises(VendorError, match="45009"):
        world.token(force=True)
    world.token()
    world.now += 60_000
    for _ in range(TOKENS_PER_MINUTE):
        world.token(app_id="wx2")
    with pytest.raises(VendorError, match="45011"):
        world.token(app_id="wx2")


def test_a_made_up_token_is_refused() -> None:
    with pytest.raises(VendorError, match="40001"):
        World().wechat.check_token("guess茶")
    with pytest.raises(VendorError, match="41001"):
        World().wechat.check_token("")


def test_a_flood_of_logins_takes_bounded_memory() -> None:
    world = World()
    first = world.wechat.login("wx1", "p")
    for number in range(10_050):
        world.wechat.login("wx1", f"p{number}")
    assert len(world.wechat._codes) == 10_000
    with pytest.raises(VendorError, match="40029"):
        world.exchange(first)


def test_a_fault_happens_as_often_as_asked_and_can_be_taken_back() -> None:
    faults = Faults(frozenset({"a", "b"}))
    assert not faults.set(Fault("c", 1))
    assert faults.set(Fault("a", -1, times=2))
    assert [fault and fault.errcode for fault in (faults.take("a"), faults.take("b"))] == [-1, None]
    assert faults.take("a") is not None and faults.take("a") is None
    faults.set(Fault("a", -1, times=5))
    faults.set(Fault("a", times=0))
    assert faults.take("a") is None
