"""report.html in a real browser, opened as a file: filters, two clicks to a reason, and nothing hostile acts."""

import re
import shutil

import pytest
from reports import ALL_OUTCOMES, FAILING, HTML, host_report, hostile, report

from conformance.report.page import page as page_of

pytestmark = pytest.mark.browser

# Without these Chromium asks its maker's machines for updates.
_ALONE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Of hosts, and of plugins: a matrix each.
BOTH = [report(), host_report({"HVFS-001": FAILING}), host_report(name="other")]
MANY = [report(ALL_OUTCOMES, name="one"), report(name="two"), report({"LOAD-004": FAILING}, name="three")]


# Imported where they are used: the everyday run collects these tests too, and has no browser to drive.
@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - as said

    with sync_playwright() as playwright:
        found = shutil.which("chromium")
        assert found, "Debian's package chromium is not installed"
        with playwright.chromium.launch(executable_path=found, args=list(_ALONE)) as chromium:
            yield chromium


@pytest.fixture
def expect():
    from playwright.sync_api import expect  # noqa: PLC0415 - as above

    return expect


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page of some reports, and makes sure in the end that it asked nobody for anything and broke nothing."""
    contexts, wrong = [], []

    def asked(request):
        if not request.url.startswith("file:"):
            wrong.append(f"asked for {request.url}")

    def open_page(reports, *, fragment="", **settings):
        file = tmp_path / "report.html"
        file.write_text(page_of(reports), "utf-8")
        contexts.append(browser.new_context(**settings))
        page = contexts[-1].new_page()
        page.on("request", asked)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("dialog", lambda dialog: wrong.append("a dialog"))
        page.goto(f"{file.as_uri()}{fragment}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def shown(page):
    """The ids of the requirements that can be seen."""
    return [row.get_attribute("id") for row in page.locator(".requirement:visible").all()]


def status(page):
    return page.get_by_role("status").inner_text()


def total():
    return len(report().requirements)


def test_a_filter_hides_what_it_is_not_about(opened, expect):
    page = opened([report(ALL_OUTCOMES)])
    assert len(shown(page)) == total()
    failing = page.get_by_role("button", name=re.compile("fails 2"))
    expect(failing).to_have_attribute("aria-pressed", "false")
    failing.click()
    expect(failing).to_have_attribute("aria-pressed", "true")
    assert shown(page) == ["DELTA-001", "VFS-002"]
    assert status(page) == f"2 of {total()} shown"
    expect(page.get_by_role("heading", name=re.compile("^LOAD"))).to_be_hidden()
    page.get_by_role("button", name=re.compile("warns 1")).click()
    assert shown(page) == ["DELTA-001", "CAP-004", "VFS-002"]
    failing.click()
    assert shown(page) == ["CAP-004"]
    page.get_by_role("button", name="show all").click()
    assert len(shown(page)) == total()


def test_group_level_and_text(opened, expect):
    page = opened([report(ALL_OUTCOMES)])
    page.get_by_role("combobox", name="group").select_option("CAP")
    assert {i.partition("-")[0] for i in shown(page)} == {"CAP"}
    page.get_by_role("combobox", name="level").select_option("SHOULD")
    assert shown(page) == [row.id for row in report().requirements if row.group == "CAP" and row.level == "SHOULD"]
    page.get_by_role("button", name="show all").click()
    words = page.get_by_role("searchbox", name="text")
    words.fill("NETWORK declared")
    assert shown(page) == ["CAP-004"]
    words.fill("nothing is like this")
    assert shown(page) == []
    expect(page.get_by_text("Nothing is like that.")).to_be_visible()


@pytest.mark.parametrize("reports", [[report(ALL_OUTCOMES)], MANY], ids=["one", "many"])
def test_two_clicks_lead_to_the_reason(opened, reports, expect):
    page = opened(reports)
    reason = page.locator("#DELTA-001 .reason dd")
    expect(reason).to_be_hidden()
    page.get_by_role("button", name=re.compile("fails")).click()
    page.locator("#DELTA-001 summary").click()
    expect(reason).to_be_visible()
    expect(reason).to_have_text(FAILING["reason"])
    for words in (*FAILING["case"], FAILING["mend"], FAILING["log"][-1], FAILING["again"]):
        expect(page.locator("#DELTA-001").get_by_text(words, exact=False).first).to_be_visible()


def test_one_click_on_what_fails(opened, expect):
    page = opened([report(ALL_OUTCOMES)])
    page.get_by_role("link", name="DELTA-001").click()
    expect(page.locator("#DELTA-001 .reason dd")).to_be_visible()
    expect(page.locator("#DELTA-001 summary")).to_be_in_viewport()


def test_a_link_from_outside(opened, expect):
    page = opened([report(ALL_OUTCOMES)], fragment="#DELTA-001")
    expect(page.locator("#DELTA-001 .reason dd")).to_be_visible()


def test_by_keyboard_alone(opened, expect):
    page = opened([report(ALL_OUTCOMES)])
    page.get_by_role("button", name=re.compile("fails 2")).focus()
    page.keyboard.press("Enter")
    assert shown(page) == ["DELTA-001", "VFS-002"]
    page.locator("#DELTA-001 summary").focus()
    page.keyboard.press("Space")
    expect(page.locator("#DELTA-001 .reason dd")).to_be_visible()


def test_everything_opens_and_closes_at_once(opened):
    page = opened([report(ALL_OUTCOMES)])
    page.get_by_role("button", name=re.compile("fails 2")).click()
    page.get_by_role("button", name="open what is shown").click()
    assert page.locator("details[open]").count() == 2
    page.get_by_role("button", name="open what is shown").click()
    assert page.locator("details[open]").count() == 0


def test_without_scripts_it_can_be_read(opened, expect):
    page = opened([report(ALL_OUTCOMES)], java_script_enabled=False)
    expect(page.get_by_role("button", name=re.compile("fails"))).to_be_hidden()
    page.locator("#DELTA-001 summary").click()
    expect(page.locator("#DELTA-001 .reason dd")).to_be_visible()


@pytest.mark.parametrize("reports", [[hostile()], [hostile(), report(), hostile()]], ids=["one", "many"])
def test_nothing_that_a_plugin_says_acts(opened, reports):
    """Every text holds tags, attributes and ends of scripts that would set the title or load a picture."""
    page = opened(reports)
    page.get_by_role("button", name="open what is shown").click()
    page.mouse.move(300, 300)
    for row in page.locator("#DELTA-001, #DELTA-001 *").all()[:40]:
        row.dispatch_event("mouseover")
    page.get_by_role("searchbox", name="text").fill("taken")
    assert page.title() != "taken"
    assert page.title().endswith("Signal K WebAssembly conformance")
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
    assert HTML in page.locator("#DELTA-001 .reason dd").first.inner_text()


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize(
    "reports", [[report(ALL_OUTCOMES)], MANY, BOTH, [hostile()]], ids=["one", "many", "both", "hostile"]
)
def test_it_fits_the_screen(opened, width, reports):
    """Nothing makes the page wider than a phone; wide tables scroll by themselves."""
    page = opened(reports, viewport={"width": width, "height": 700})
    page.get_by_role("button", name="open what is shown").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("reports", [[report(ALL_OUTCOMES)], MANY, BOTH], ids=["one", "many", "hosts and plugins"])
def test_everyone_can_read_it(opened, scheme, reports):
    """axe finds nothing against WCAG: contrast, names of controls, headings, tables."""
    page = opened(reports, color_scheme=scheme, bypass_csp=True)
    page.get_by_role("button", name=re.compile("fails")).click()
    page.get_by_role("button", name="open what is shown").click()
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - as above

    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
