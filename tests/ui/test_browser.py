"""The pages in a real browser, over a small fleet that the tests steer."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from support.dashboards import ServedDashboard, served

pytestmark = pytest.mark.browser

SOON_MS = 15_000


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDashboard]:
    with served(tmp_path_factory.mktemp("dashboard")) as one:
        yield one


@pytest.fixture(autouse=True)
def plain_fleet(dashboard: ServedDashboard) -> None:
    dashboard.steer()


@pytest.fixture(scope="module")
def session(browser: Browser, dashboard: ServedDashboard) -> list[dict[str, object]]:
    """The cookies of a browser that was let in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(dashboard.link())
    page.wait_for_url(f"{dashboard.origin}/")
    cookies = context.cookies()
    context.close()
    return [dict(cookie) for cookie in cookies]


def signed_in(browser: Browser, session: list[dict[str, object]], **options: object) -> BrowserContext:
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.add_cookies(session)  # type: ignore[arg-type]
    context.set_default_timeout(SOON_MS)
    return context


@pytest.fixture
def page(browser: Browser, session: list[dict[str, object]]) -> Iterator[Page]:
    """A signed-in tab of 1600 x 1000 pixels in which no script may fail."""
    context = signed_in(browser, session, viewport={"width": 1600, "height": 1000})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


def open_overview(page: Page, dashboard: ServedDashboard, query: str = "") -> None:
    page.goto(f"{dashboard.origin}/{query}")
    expect(page.locator(".tile").first).to_be_visible(timeout=SOON_MS)


def test_a_link_opens_the_dashboard_once_and_only_for_the_browser_that_came(
    browser: Browser, dashboard: ServedDashboard
) -> None:
    link = dashboard.link()
    first, second = browser.new_context(), browser.new_context()
    page = first.new_page()
    page.goto(link)
    expect(page.locator(".tile").first).to_be_visible(timeout=SOON_MS)

    stranger = second.new_page()
    stranger.goto(link)
    expect(stranger.get_by_text("pulsemon status")).to_be_visible()
    stranger.goto(f"{dashboard.origin}/server?id=web-1")
    expect(stranger.get_by_text("pulsemon status")).to_be_visible()
    first.close()
    second.close()


def test_a_tile_opens_its_server_and_back_leads_to_the_fleet(page: Page, dashboard: ServedDashboard) -> None:
    open_overview(page, dashboard)

    page.locator('.tile[data-id="db-1"]').click()
    expect(page.get_by_role("heading", name="db-1")).to_be_visible(timeout=SOON_MS)
    expect(page).to_have_url(re.compile(r"/server\?id=db-1"))
    expect(page.locator("canvas").first).to_be_visible(timeout=SOON_MS)

    page.go_back()
    expect(page.locator(".tile").first).to_be_visible(timeout=SOON_MS)


def test_tiles_are_walked_and_opened_by_keyboard(page: Page, dashboard: ServedDashboard) -> None:
    open_overview(page, dashboard, "?refresh=off")
    first = page.locator(".tile").first
    first.focus()

    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".tile:focus")).to_have_count(1)
    target = page.locator(".tile:focus").get_attribute("data-id")
    assert target != first.get_attribute("data-id")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(rf"/server\?.*id={target}"))
    expect(page).to_have_url(re.compile("refresh=off"))


def test_a_row_worth_a_look_opens_its_server(page: Page, dashboard: ServedDashboard) -> None:
    open_overview(page, dashboard)

    page.get_by_role("link", name="cache-1, Sends no data").click()

    expect(page.get_by_role("heading", name="cache-1")).to_be_visible(timeout=SOON_MS)


def test_a_red_tile_leads_to_the_card_of_its_alert(page: Page, dashboard: ServedDashboard) -> None:
    open_overview(page, dashboard)
    expect(page.locator(".tile.critical")).to_have_count(0)

    dashboard.steer(is_judged=True)

    tile = page.locator(".tile.critical")
    expect(tile).to_have_attribute("data-id", "web-1", timeout=SOON_MS)
    expect(tile).to_have_text("◆")
    names = [re.compile(name) for name in ("Critical", "Warning", "No data", "New", "OK")]
    expect(page.locator(".chip")).to_have_text(names)
    expect(page.get_by_role("status")).to_contain_text("3 of 6 servers need attention. Critical: web-1, disk used on")
    expect(page.get_by_role("link", name="web-1, Disk used on /data")).to_be_visible()
    tile.click()
    card = page.get_by_role("list", name="Open alerts").get_by_role("listitem")
    expect(card).to_contain_text("Critical: Disk used on /data", timeout=SOON_MS)
    expect(card).to_contain_text("would not have fired just below 95%")


def test_filters_survive_a_reload(page: Page, dashboard: ServedDashboard) -> None:
    open_overview(page, dashboard)
    page.get_by_role("button", name="No data").click()
    expect(page.locator(".tile")).to_have_count(1)
    expect(page).to_have_url(re.compile("status=silent"))

    page.reload()

    expect(page.locator(".tile")).to_have_count(1, timeout=SOON_MS)
    expect(page.get_by_role("button", name="No data")).to_have_attribute("aria-pressed", "true")


def test_how_often_to_refresh_is_in_the_url(page: Page, dashboard: ServedDashboard) -> None:
    open_overview(page, dashboard)

    page.get_by_role("radio", name="60s").click()
    expect(page).to_have_url(re.compile("refresh=60s"))
    page.reload()

    expect(page.get_by_role("radio", name="60s")).to_be_checked(timeout=SOON_MS)


def test_filters_that_match_nothing_are_cleared_from_the_url_too(page: Page, dashboard: ServedDashboard) -> None:
    page.goto(f"{dashboard.origin}/?env=staging&status=silent")

    page.get_by_role("button", name="Clear filters").click()

    expect(page.locator(".tile")).to_have_count(6, timeout=SOON_MS)
    expect(page).not_to_have_url(re.compile("env=|status="))


def test_a_new_value_is_seen_without_touching_the_page(page: Page, dashboard: ServedDashboard) -> None:
    open_overview(page, dashboard, "?colour=cpu")
    tile = page.locator('.tile[data-id="web-1"]')
    expect(tile).to_have_text("42")

    dashboard.steer(cpu=0.97)

    expect(tile).to_have_text("97", timeout=SOON_MS)


def test_dragging_over_a_panel_chooses_that_time(page: Page, dashboard: ServedDashboard) -> None:
    page.goto(f"{dashboard.origin}/server?id=web-1&refresh=off")
    canvas = page.locator("canvas").first
    expect(canvas).to_be_visible(timeout=SOON_MS)
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, box["y"] + 80, steps=4)
    page.mouse.up()

    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"), timeout=SOON_MS)
    page.get_by_role("button", name="Back to live").click()
    expect(page).not_to_have_url(re.compile("from="))


def test_when_the_store_is_away_the_last_good_data_stay_with_one_line(page: Page, dashboard: ServedDashboard) -> None:
    open_overview(page, dashboard)

    dashboard.steer(is_away=True)

    expect(page.get_by_text("The store does not answer. This is what was known")).to_be_visible(timeout=SOON_MS)
    expect(page.locator(".tile")).to_have_count(6)
    dashboard.steer()
    expect(page.get_by_text("The store does not answer.")).to_have_count(0, timeout=SOON_MS)


def test_an_empty_fleet_waits_and_then_shows_its_first_server(page: Page, dashboard: ServedDashboard) -> None:
    dashboard.steer(is_empty=True)
    page.goto(f"{dashboard.origin}/")
    expect(page.get_by_text("Your first server")).to_be_visible(timeout=SOON_MS)

    dashboard.steer()

    expect(page.locator(".tile").first).to_be_visible(timeout=SOON_MS)


def test_a_hostile_name_is_shown_as_it_is(page: Page, dashboard: ServedDashboard) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    open_overview(page, dashboard)
    page.locator('.tile[data-id="evil-1"]').click()

    expect(page.get_by_role("heading", name="<img src=x onerror=alert(1)>")).to_be_visible(timeout=SOON_MS)


def test_the_age_of_the_data_ticks_in_the_browser(page: Page, dashboard: ServedDashboard) -> None:
    open_overview(page, dashboard, "?refresh=off")
    chip = page.locator(".fresh")
    expect(chip).to_have_text(re.compile(r"Data \d+ s old"))
    before = chip.inner_text()

    expect(chip).not_to_have_text(before, timeout=SOON_MS)


@pytest.mark.parametrize("path", ["/", "/server?id=web-1&all=true"])
def test_no_request_leaves_the_host(page: Page, dashboard: ServedDashboard, path: str) -> None:
    outside: list[str] = []
    own = (dashboard.origin, f"ws://{dashboard.origin.removeprefix('http://')}", "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(own) else outside.append(request.url))

    page.goto(dashboard.origin + path)
    expect(page.locator("canvas").first).to_be_visible(timeout=SOON_MS)

    assert outside == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "is_judged"), [("/?colour=disk&status=ok,silent", False), ("/", True), ("/server?id=web-1", True)]
)
def test_axe_finds_nothing(
    browser: Browser,
    session: list[dict[str, object]],
    dashboard: ServedDashboard,
    theme: str,
    path: str,
    is_judged: bool,
) -> None:
    dashboard.steer(is_judged=is_judged)
    context = signed_in(browser, session, color_scheme=theme, viewport={"width": 1600, "height": 1000})
    page = context.new_page()
    page.goto(dashboard.origin + path)
    expect(page.locator("canvas").first).to_be_visible(timeout=SOON_MS)
    if is_judged:
        expect(page.locator(".critical").first).to_be_visible(timeout=SOON_MS)

    results = Axe().run(page)

    context.close()
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("path", ["/", "/server?id=db-1"])
def test_no_page_scrolls_sideways(page: Page, dashboard: ServedDashboard, path: str) -> None:
    page.goto(dashboard.origin + path)
    expect(page.locator("canvas").first).to_be_visible(timeout=SOON_MS)

    for width in (1600, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"document.documentElement.scrollWidth <= {width}", timeout=SOON_MS)


def test_a_session_outlives_the_process(browser: Browser, session: list[dict[str, object]], tmp_path: Path) -> None:
    from support.dashboards import START_SECONDS, STOP_SECONDS, start
    from support.waiting import wait_until

    with served(tmp_path) as first:
        context = browser.new_context()
        page = context.new_page()
        page.goto(first.link())
        expect(page.locator(".tile").first).to_be_visible(timeout=SOON_MS)
        first.process.terminate()
        first.process.wait(STOP_SECONDS)
        (tmp_path / "console.log").unlink()
        second = start(first.settings, tmp_path)
        try:
            wait_until(lambda: "READY" in first.console, START_SECONDS, "the dashboard is ready again")
            page.reload()
            expect(page.locator(".tile").first).to_be_visible(timeout=SOON_MS)
        finally:
            second.terminate()
            second.wait(STOP_SECONDS)
        context.close()
