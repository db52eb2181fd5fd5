"""What a key is, and whom it lets in: the rules that the gateway and the command line share."""

import hashlib
import random
from dataclasses import replace

import pytest
from pulsemon_schemas import keys
from pulsemon_schemas.keys import WRITE_METRICS, HashedSecret, Key, Refusal, Shown

NOW_MS = 1_800_000_000_000
RANDOM = random.Random(7)


def made() -> tuple[Key, Shown]:
    text = keys.new_text(keys.new_id(RANDOM.randbytes), RANDOM.randbytes)
    seen = keys.shown(text)
    assert seen is not None
    return Key(seen.key_id, "web-1", frozenset({WRITE_METRICS}), (HashedSecret(seen.digest),)), seen


def test_a_key_shows_its_id_and_the_log_holds_only_a_digest() -> None:
    text = keys.new_text("abcdefgh2345", RANDOM.randbytes)
    prefix, key_id, secret = text.split("_")
    seen = keys.shown(text)
    assert seen == Shown("abcdefgh2345", hashlib.sha256(secret[:43].encode()).hexdigest())
    assert (prefix, key_id, len(secret)) == ("pm", "abcdefgh2345", 49)
    assert secret[:43] not in str(Key("a", "b", frozenset(), (HashedSecret(seen.digest),)).body())


def test_every_mistyped_character_is_noticed_without_asking_anybody() -> None:
    text = keys.new_text("abcdefgh2345", RANDOM.randbytes)
    for at in range(len(text)):
        wrong = text[:at] + ("b" if text[at] != "b" else "c") + text[at + 1 :]
        assert keys.shown(wrong) is None, at
    assert keys.shown(text.swapcase()) is None
    assert keys.shown(text + "\n") is None
    assert keys.shown("") is None


def test_secrets_fill_their_characters() -> None:
    lowest = keys.new_text("a" * 12, lambda count: bytes(count))
    highest = keys.new_text("a" * 12, lambda count: b"\xff" * count)
    assert keys.shown(lowest) is not None
    assert keys.shown(highest) is not None
    assert len(lowest) == len(highest)
    assert highest[16] != "0", "all of 256 bits fit into 43 characters, with none to spare"


def test_what_a_key_may_is_refused_for_one_reason_at_a_time() -> None:
    key, seen = made()
    _, other = made()

    def refusal(key: Key | None, seen: Shown = seen, scope: str = WRITE_METRICS) -> Refusal | None:
        return keys.refusal(key, seen, scope, NOW_MS)

    assert refusal(key) is None
    assert refusal(None) is Refusal.UNKNOWN
    assert refusal(key, other) is Refusal.UNKNOWN
    assert refusal(key, scope="other") is Refusal.MISSING_SCOPE
    assert refusal(replace(key, expires_at_ms=NOW_MS)) is Refusal.EXPIRED
    assert refusal(replace(key, expires_at_ms=NOW_MS + 1)) is None
    assert refusal(keys.revoked(key)) is Refusal.REVOKED
    assert refusal(keys.revoked(key), other) is Refusal.UNKNOWN, "who has not the secret learns nothing"


def test_a_rotated_secret_is_good_for_the_grace_and_never_longer_than_before() -> None:
    key, old = made()
    _, new = made()
    rotated = keys.rotated(key, new.digest, NOW_MS, 1000)
    assert keys.refusal(rotated, new, WRITE_METRICS, NOW_MS + 10**9) is None
    assert keys.refusal(rotated, old, WRITE_METRICS, NOW_MS + 999) is None
    assert keys.refusal(rotated, old, WRITE_METRICS, NOW_MS + 1000) is Refusal.ROTATED_OUT
    leaked = keys.rotated(key, new.digest, NOW_MS, 0)
    assert keys.refusal(leaked, old, WRITE_METRICS, NOW_MS) is Refusal.ROTATED_OUT
    again = keys.rotated(rotated, made()[1].digest, NOW_MS, 10_000)
    assert keys.refusal(again, old, WRITE_METRICS, NOW_MS + 1000) is Refusal.ROTATED_OUT
    for _ in range(10):
        again = keys.rotated(again, made()[1].digest, NOW_MS, 0)
    assert len(again.secrets) == keys.MAX_SECRETS


def test_the_body_is_read_as_it_was_written() -> None:
    key, _ = made()
    for one in (key, keys.revoked(key), replace(keys.rotated(key, "0" * 64, NOW_MS, 5), expires_at_ms=NOW_MS)):
        assert keys.read(one.key_id, one.body()) == one


@pytest.mark.parametrize(
    "wrong",
    [
        {"server_id": ""},
        {"server_id": None},
        {"secrets": [{"sha256": 7, "ends_at": None}]},
        {"secrets": [{"sha256": "é", "ends_at": None}]},
        {"secrets": None},
        {"scopes": [1]},
        {"scopes": None},
        {"revoked": "no"},
        {"revoked": None},
        {"expires_at": "never"},
        {"expires_at": True},
    ],
)
def test_a_body_that_is_none_opens_nothing(wrong: dict[str, object]) -> None:
    body = made()[0].body()
    assert keys.read("a", body | wrong) is None
    body.pop(next(iter(wrong)))
    assert keys.read("a", body) is None


def test_only_good_secrets_of_direct_keys_are_logins_of_kafka() -> None:
    key, seen = made()
    direct = replace(key, is_direct=True)
    name = f"pm_{key.key_id}_{seen.digest[:8]}"
    assert keys.logins(key, NOW_MS) == frozenset(), "a plain key has none"
    assert keys.logins(direct, NOW_MS) == {name}
    assert keys.logins(keys.revoked(direct), NOW_MS) == frozenset()
    assert keys.logins(replace(direct, expires_at_ms=NOW_MS), NOW_MS) == frozenset()
    _, newer = made()
    both = keys.rotated(direct, newer.digest, NOW_MS, 1000)
    assert keys.logins(both, NOW_MS + 999) == {name, f"pm_{key.key_id}_{newer.digest[:8]}"}
    assert keys.logins(both, NOW_MS + 1000) == {f"pm_{key.key_id}_{newer.digest[:8]}"}


def test_a_key_written_before_there_were_direct_ones_is_not_direct() -> None:
    key, _ = made()
    body = {name: value for name, value in key.body().items() if name != "direct"}
    assert keys.read(key.key_id, body) == key
    assert keys.read(key.key_id, {**body, "direct": "yes"}) is None
