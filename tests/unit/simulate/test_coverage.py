from pulsemon_deploy.simulate.coverage import DAY_SECONDS, Gap, Window, groups, missing, newest_first
from pulsemon_deploy.simulate.fleet import fleet

DAY = 20_000 * DAY_SECONDS
HOUR = 3600


def minutes(*windows: Window) -> list[int]:
    return [minute for window in windows for minute in range(window.start // 60, window.end // 60)]


def test_nothing_known_is_cut_at_the_days_newest_first() -> None:
    found = missing(DAY - 2 * HOUR, DAY + DAY_SECONDS + HOUR, [])
    assert found == [
        Window(DAY + DAY_SECONDS, DAY + DAY_SECONDS + HOUR),
        Window(DAY, DAY + DAY_SECONDS),
        Window(DAY - 2 * HOUR, DAY),
    ]


def test_everything_known_leaves_nothing() -> None:
    assert missing(DAY, DAY + HOUR, minutes(Window(DAY, DAY + HOUR))) == []


def test_only_the_holes_are_missing() -> None:
    known = minutes(Window(DAY, DAY + 600), Window(DAY + 1200, DAY + 1800))
    assert missing(DAY, DAY + HOUR, known) == [Window(DAY + 1800, DAY + HOUR), Window(DAY + 600, DAY + 1200)]


def test_minutes_outside_do_not_matter() -> None:
    known = minutes(Window(DAY - HOUR, DAY), Window(DAY + HOUR, DAY + 2 * HOUR))
    assert missing(DAY, DAY + HOUR, known) == [Window(DAY, DAY + HOUR)]


def test_missing_and_known_make_up_the_whole() -> None:
    known = {DAY // 60 + offset for offset in (0, 1, 5, 59, 1000, 1439, 1440, 2000)}
    windows = missing(DAY, DAY + 2 * DAY_SECONDS, known)
    assert sorted([*minutes(*windows), *known]) == minutes(Window(DAY, DAY + 2 * DAY_SECONDS))


def test_servers_without_a_history_of_their_own_are_a_group_of_their_own() -> None:
    servers = fleet(60, seed=1)
    old = {server.server_id: DAY - 5 * DAY_SECONDS for server in servers[:52]}
    live_only = {servers[52].server_id: DAY - 60}
    found = groups(servers, old | live_only, DAY)
    assert [len(group) for group in found] == [50, 2, 8]
    assert servers[52] in found[2]


def test_the_newest_window_is_filled_first() -> None:
    first, second = Gap((), Window(DAY, DAY + 60)), Gap((), Window(DAY + 60, DAY + 120))
    assert list(newest_first([first, second])) == [second, first]
