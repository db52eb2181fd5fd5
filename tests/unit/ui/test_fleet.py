from pulsemon_sinks.reader.servers import Reading, Server
from pulsemon_ui.view_models.attention import ROWS, attention
from pulsemon_ui.view_models.fleet import UNASSIGNED, Fleet, groups, make_fleet, status_text
from pulsemon_ui.view_models.sentence import sentence
from pulsemon_ui.view_models.small_lines import change_text
from pulsemon_ui.view_models.status import Status
from pulsemon_ui.view_models.strip import key_figures, ranking
from support.fleets import server, small_fleet

NOW = 1_800_000_000_000


def reading(value: float, labels: str = "") -> Reading:
    return Reading(value, labels, NOW)


def fleet_of(*servers: Server, cpu: float = 0.5, disk: float = 0.4, as_of_ms: int | None = NOW) -> Fleet:
    readings = (reading(cpu), reading(0.3), reading(disk, "device=sda,mountpoint=/data,type=ext4"), reading(1.0))
    return make_fleet(servers, {one.server_id: readings for one in servers if one.last_seen_ms}, as_of_ms, NOW)


def words(fleet: Fleet) -> str:
    return "".join(part.text for part in sentence(fleet))


def test_every_server_is_counted_once() -> None:
    counts = fleet_of(*small_fleet(NOW)).counts()

    assert {status: count for status, count in counts.items() if count} == {
        Status.SILENT: 1,
        Status.NEW: 1,
        Status.OK: 4,
    }


def test_filters_narrow_the_servers_but_not_the_time_of_the_data() -> None:
    fleet = fleet_of(*small_fleet(NOW)).only({"environment": "staging"})

    assert [host.server_id for host in fleet.hosts] == ["db-1"]
    assert fleet.as_of_ms == NOW


def test_a_server_known_from_its_data_alone_has_a_place_too() -> None:
    fleet = fleet_of(server("lonely", NOW, role="", environment="", region=""))

    assert fleet.places("role") == [UNASSIGNED]


def test_groups_with_silent_servers_come_first_and_silent_servers_first_in_them() -> None:
    fleet = fleet_of(server("a-1", NOW), server("b-1", NOW), server("b-2", NOW - 200_000))

    made = groups(fleet, "role", "status", frozenset())

    assert [(group.name, group.count) for group in made] == [("b", "1 of 2"), ("a", "1")]
    assert [tile.server_id for tile in made[0].tiles] == ["b-2", "b-1"]
    assert made[0].tiles[0].text == "?"


def test_a_status_that_is_pressed_hides_the_others() -> None:
    made = groups(fleet_of(*small_fleet(NOW)), "role", "status", frozenset({Status.NEW}))

    assert [tile.server_id for group in made for tile in group.tiles] == ["queue-1"]


def test_tiles_coloured_by_a_value_show_it_and_silent_ones_stay_silent() -> None:
    fleet = fleet_of(server("a-1", NOW), server("a-2", NOW - 200_000), cpu=0.97)

    silent, busy = groups(fleet, "role", "cpu", frozenset())[0].tiles

    assert (busy.heat, busy.text) == (0.97, "97")
    assert (silent.heat, silent.text) == (None, "?")


def test_silence_is_told_with_since_when() -> None:
    host = fleet_of(server("a-1", NOW - 11_760_000), server("a-2", NOW)).hosts[0]

    assert status_text(host.verdict) == "No data for 3 h 16 min"


def test_the_sentence_names_the_server_that_is_silent_longest() -> None:
    fleet = fleet_of(server("a-1", NOW - 200_000), server("a-2", NOW - 7_200_000), server("a-3", NOW))

    assert words(fleet).startswith("? 2 of 3 servers send no data. Longest: a-2, for 2 h 00 min. Also a-1.")


def test_the_sentence_says_that_all_is_well_and_what_is_highest() -> None:
    fleet = fleet_of(server("a-1", NOW), server("a-2", NOW), cpu=0.5, disk=0.93)

    assert words(fleet) == "● All 2 servers send data. Fullest disk 93% on a-1, busiest CPU 50% on a-1."


def test_when_nothing_arrives_the_sentence_blames_no_single_server() -> None:
    fleet = fleet_of(server("a-1", NOW - 300_000), as_of_ms=NOW - 300_000)

    assert words(fleet).startswith("? Nothing has arrived for 5 min.")


def test_new_servers_are_waited_for() -> None:
    assert "Waiting for a-1." in words(fleet_of(server("a-1", None), server("a-2", NOW)))
    assert words(fleet_of(server("a-1", None), as_of_ms=None)).startswith("Waiting for the first data.")


def test_silent_servers_come_before_high_values_and_rows_are_bounded() -> None:
    servers = [server(f"a-{number}", NOW - (200_000 if number < 7 else 0)) for number in range(20)]

    rows = attention(fleet_of(*servers))

    assert len(rows) == ROWS
    assert [row.key for row in rows] == ["silent"] * 5 + ["value"] * 4


def test_the_fullest_disk_is_named_with_its_mount() -> None:
    row = attention(fleet_of(server("db-1", NOW), disk=0.93))[0]

    assert (row.about, row.value) == ("Disk used on /data", "93%")
    assert row.limit is None


def test_no_more_than_four_rows_of_one_kind() -> None:
    rows = attention(fleet_of(*(server(f"a-{number}", NOW) for number in range(20)), disk=0.99))

    assert sum(row.about.startswith("Disk") for row in rows) == 4


def test_a_small_line_is_told_in_points() -> None:
    assert change_text([0.5, None, 0.97]) == "+47 pts"
    assert change_text([0.5, 0.505]) == "steady"
    assert change_text([None, 0.5]) == ""


def test_the_ranking_leaves_silent_servers_out() -> None:
    ranked = ranking(fleet_of(server("a-1", NOW), server("a-2", NOW - 200_000)), "cpu")

    assert [(one.server_id, one.text) for one in ranked] == [("a-1", "50%")]


def test_key_figures_compare_with_the_same_time_a_day_before() -> None:
    figures = key_figures({"v0": [0.40, 0.5], "v4": [1e6, 2e6], "v3": [1.0, 1.001]})

    assert (figures[0].value, figures[0].change) == ("50%", "▲ 10 pts vs 24 h ago")
    assert (figures[4].value, figures[4].change) == ("2.00 MB/s", "▲ 100% vs 24 h ago")
    assert figures[3].change == "as 24 h ago"
    assert figures[1].change == "no value 24 h ago"
