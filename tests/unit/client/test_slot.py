import os
import uuid
from pathlib import Path

import pytest
from pulsemon_producers.client.slot import Past, take_slot


def test_slots_are_numbers_that_are_found_again(tmp_path: Path) -> None:
    folder = str(tmp_path / "slots")
    first, second = (take_slot(folder, "web-1", "shop", "") for _ in range(2))
    assert (first.instance, second.instance) == ("0", "1")
    assert first.past == Past()
    first.remember(Past("abc", 7, 1_780_000_000_000, 1))
    first.release()
    first.release()

    third = take_slot(folder, "web-1", "shop", "")
    assert (third.instance, third.past) == ("0", Past("abc", 7, 1_780_000_000_000, 1))
    for slot in (second, third):
        slot.release()


def test_a_slot_with_a_name_is_shared_by_adding_to_it(tmp_path: Path) -> None:
    folder = str(tmp_path)
    slots = [take_slot(folder, "web-1", "shop", "mail/ö") for _ in range(3)]
    assert [slot.instance for slot in slots] == ["mail/ö", "mail/ö.1", "mail/ö.2"]
    for slot in slots:
        slot.release()


def test_services_and_servers_have_slots_of_their_own(tmp_path: Path) -> None:
    folder = str(tmp_path)
    names = [("web-1", "shop"), ("web-1", "shöp"), ("web-1", "sh_p"), ("web-2", "shop"), ("web-1", "x" * 253)]
    slots = [take_slot(folder, server_id, service, "") for server_id, service in names]
    assert {slot.instance for slot in slots} == {"0"}
    for slot in slots:
        slot.release()


@pytest.mark.parametrize("content", [b"", b"garbage", b"[]", b"[1]", b'["a", "b", "c", "d"]', b"\xff\xfe"])
def test_what_cannot_be_read_is_nobodys_past(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "web-1.shop.0.slot").write_bytes(content)
    slot = take_slot(str(tmp_path), "web-1", "shop", "")
    assert (slot.instance, slot.past) == ("0", Past())
    slot.release()


@pytest.mark.parametrize("kind", ["open to others", "link", "file"])
def test_a_folder_that_others_may_write_to_is_not_used(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "slots"
    if kind == "link":
        folder.symlink_to(tmp_path)
    elif kind == "file":
        folder.touch()
    else:
        folder.mkdir()
        folder.chmod(0o777)
    slot = take_slot(str(folder), "web-1", "shop", "")

    assert slot.instance == f"pid-{os.getpid()}"
    assert "PULSEMON_CLIENT_RUNTIME_FOLDER" in caplog.text
    slot.remember(Past())
    slot.release()


def test_a_link_in_place_of_a_slot_is_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "web-1.shop.0.slot").symlink_to(tmp_path / "elsewhere")
    slot = take_slot(str(tmp_path), "web-1", "shop", "x")
    assert slot.instance == "x"
    slot.release()
    take_slot(str(tmp_path), "web-1", "shop", "").release()
    assert not (tmp_path / "elsewhere").exists()


def test_others_of_the_host_that_see_other_folders_have_other_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_id = f"web-{uuid.uuid4().hex}"
    slots = []
    for folder in ("private", "of another user", "private"):
        monkeypatch.setattr("pulsemon_producers.client.slot._default_folder", lambda folder=folder: tmp_path / folder)
        slots.append(take_slot("", server_id, "shop", ""))
    assert [slot.instance for slot in slots] == ["0", "1", "2"]

    slots[0].release()
    again = take_slot("", server_id, "shop", "")
    assert again.instance == "0", "it goes with its process"
    for slot in [*slots, again]:
        slot.release()


def test_where_nothing_can_be_written_numbers_are_found_again_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("pulsemon_producers.client.slot._default_folder", lambda: str(tmp_path / "file"))
    server_id = f"web-{uuid.uuid4().hex}"
    slots = [take_slot("", server_id, "shop", wanted, "shop-7f") for wanted in ("", "", "mail", "mail")]
    assert [slot.instance for slot in slots] == ["shop-7f/0", "shop-7f/1", "mail", "mail.1"]
    slots[0].remember(Past())
    slots[0].release()
    slots[0] = take_slot("", server_id, "shop", "", "shop-7f")
    assert slots[0].instance == "shop-7f/0"
    assert "It sends as instance shop-7f/1, and a restart cannot tell what it sent" in caplog.text
    for slot in slots:
        slot.release()


def test_a_folder_that_was_named_is_all_there_is(tmp_path: Path) -> None:
    slots = [take_slot(str(tmp_path / name), "web-1", "shop", "") for name in ("a", "b")]
    assert [slot.instance for slot in slots] == ["0", "0"]
    for slot in slots:
        slot.release()


def test_a_number_comes_after_the_scope_and_a_name_stands_alone(tmp_path: Path) -> None:
    folder = str(tmp_path)
    slots = [take_slot(folder, "web-1", "shop", wanted, "shop-7f") for wanted in ("", "", "mail", "mail")]
    assert [slot.instance for slot in slots] == ["shop-7f/0", "shop-7f/1", "mail", "mail.1"]
    for slot in slots:
        slot.release()

    (tmp_path / "file").touch()
    assert take_slot(str(tmp_path / "file"), "web-1", "shop", "", "shop-7f").instance == f"shop-7f/pid-{os.getpid()}"
