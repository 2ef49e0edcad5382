"""Options of the test suite: --kernel says what happens to tests that need a CAN kernel."""

from __future__ import annotations

import gc
import signal
from collections.abc import Generator

import pytest

from tests.kernel_support import missing_for_hardware, missing_for_kernel
from tests.scale import SOAK

HANGUP = getattr(signal, "SIGHUP", None)
NEEDS = {"kernel": missing_for_kernel, "hardware": missing_for_hardware}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kernel",
        choices=("skip", "run", "require"),
        default="run",
        help="tests that need a kernel with CAN: skip them, run them where possible (default), "
        "or fail if one would be skipped",
    )


def pytest_configure() -> None:
    # A run in the background, or under nohup, starts with these ignored, and so would every
    # process that a test starts; tests of signals must not depend on it.
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (HANGUP, signal.SIG_DFL)):
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


def _needs_kernel(item: pytest.Item) -> str | None:
    return next((name for name in NEEDS if item.get_closest_marker(name)), None)


@pytest.hookimpl(trylast=True)  # after the folders have marked their tests
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if SOAK == 1:
        late = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=late)
        items[:] = [item for item in items if item not in late]
    mode = config.getoption("--kernel")
    for item in items:
        need = _needs_kernel(item)
        if need is None:
            continue
        reason = "--kernel=skip" if mode == "skip" else NEEDS[need]()
        if reason and mode == "require":
            raise pytest.UsageError(f"--kernel=require, but {need} tests cannot run: {reason}")
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    # Thousands of tests and their parameters: nobody has to look through them again and again
    # for garbage, least of all the tests that call gc.collect().
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    required = item.config.getoption("--kernel") == "require" and _needs_kernel(item)
    if required and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under --kernel=require: {report.longrepr}"
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.getoption("--kernel") == "skip":
        return
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    ran = [r for r in reports if r.when == "call" and NEEDS.keys() & r.keywords.keys()]
    terminalreporter.write_line(f"kernel tests run: {len(ran)}")
