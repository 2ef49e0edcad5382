"""Each deliberate fault of a backend is found by the rule that names it; a sound one passes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

HERE = Path(__file__).parent
SUITE = HERE / "faults_suite.py"

RULE_OF = {
    "RecvZeroWaits": "recv_with_zero_timeout_returns_none_at_once",
    "RecvIsEarly": "recv_with_timeout_returns_none_not_before_the_deadline",
    "RecvIsLate": "recv_with_timeout_does_not_wait_much_longer",
    "ShutdownWakesNobody": "shutdown_wakes_every_waiting_reader",
    "FiltersAreForgotten": "filters_set_later_pass_what_matches",
    "OpeningFiltersAreForgotten": "filters_given_at_opening_pass_what_matches",
    "QueueFullWaitsForEver": "send_into_a_full_queue_keeps_its_deadline_and_then_raises_"
    "can_timeout_error",
    "QueueFullAtOnce": "send_into_a_full_queue_waits_for_room",
    "QueueFullIsSilent": "send_into_a_full_queue_waits_for_room",
    "OrderIsLost": "order_is_kept",
    "ExtendedIsForgotten": "a_classic_frame_arrives_as_it_was_sent",
    "OwnFramesComeBack": "own_frames_are_not_received_unasked",
    "ClassicGetsFd": "a_classic_bus_does_not_receive_fd_frames",
    "StampsJump": "time_stamps_do_not_decrease",
    "AllOnOneWire": "a_frame_stays_on_its_channel",
    "LossesAreSilent": "every_frame_is_received_or_counted",
    "DescriptorStaysReadable": "fileno_is_readable_exactly_while_a_frame_waits",
    "DescriptorIsLeft": "nothing_is_left_open_after_shutdown",
    "ThreadIsLeft": "nothing_is_left_open_after_shutdown",
    "ClosedIsAnOsError": "everything_is_refused_after_shutdown",
    "FramesAreShared": "a_received_frame_belongs_to_its_receiver",
    "OptionsAreSwallowed": "an_unknown_option_is_refused_with_the_nearest_name",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[str | None]]:
    """By bus class and rule: what each of its tests said; None where it passed. One run for all."""
    report = tmp_path_factory.mktemp("faults") / "report.xml"
    asked = [f"{SUITE}::Test{fault}::test_{rule}" for fault, rule in RULE_OF.items()]
    asked += [f"{SUITE}::TestSoundBus::test_{rule}" for rule in dict.fromkeys(RULE_OF.values())]
    options = ["-q", "-p", "no:cacheprovider", "--kernel=skip", f"--junitxml={report}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *asked],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout[-3000:] + done.stderr
    found: dict[tuple[str, str], list[str | None]] = {}
    for case in ET.parse(report).iter("testcase"):
        bus = case.attrib["classname"].rpartition(".Test")[2]
        rule = case.attrib["name"].partition("[")[0].removeprefix("test_")
        problem = case.find("failure")
        assert case.find("skipped") is None, f"{bus}: {rule} was skipped"
        assert case.find("error") is None, f"{bus}: {rule}: {ET.tostring(case).decode()}"
        found.setdefault((bus, rule), []).append(
            None if problem is None else problem.attrib["message"]
        )
    return found


@pytest.mark.parametrize("fault", RULE_OF)
def test_a_fault_is_found_by_its_rule(
    outcomes: dict[tuple[str, str], list[str | None]], fault: str
) -> None:
    said = outcomes[fault, RULE_OF[fault]]
    assert any(said), f"{fault} passed {RULE_OF[fault]}"


@pytest.mark.parametrize("rule", dict.fromkeys(RULE_OF.values()))
def test_a_sound_backend_passes_the_rule(
    outcomes: dict[tuple[str, str], list[str | None]], rule: str
) -> None:
    said = outcomes["SoundBus", rule]
    assert said == [None] * len(said)
    assert said


def test_every_fault_has_a_rule() -> None:
    text = (HERE / "faulty_plugin.py").read_text()
    faults = {line.split()[1].split("(")[0] for line in text.splitlines() if "(SoundBus):" in line}
    assert faults == RULE_OF.keys()
