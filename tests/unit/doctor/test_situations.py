"""Every recorded system, and what is found first; and that no system is too strange to look at."""

from __future__ import annotations

import pytest

from canbus.bringup import doctor
from canbus.bringup.doctor import Severity
from tests.unit.doctor.fake_system import SITUATIONS, FakeSystem, load

NAMES = sorted(path.stem for path in SITUATIONS.glob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_the_right_cause_comes_first(name: str, tmp_path) -> None:
    facts = load(name)
    found = doctor.run(system=FakeSystem(tmp_path, facts))
    names = [finding.name for finding in found]
    assert (names[0], found[0].channel) == (facts["expect"], facts.get("expect_channel")), found
    assert set(facts.get("also", [])) <= set(names)
    assert facts["source"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_comes_with_evidence_meaning_and_remedy(name: str, tmp_path) -> None:
    for finding in doctor.run(system=FakeSystem(tmp_path, load(name))):
        assert "\n" not in finding.what
        if finding.severity >= Severity.WARNING:
            assert finding.evidence, finding
            assert finding.meaning, finding
            assert finding.commands, finding


def test_a_wrong_bit_rate_is_to_be_found_by_listening(tmp_path) -> None:
    finding = doctor.run(system=FakeSystem(tmp_path, load("bus-wrong-bitrate")))[0]
    assert finding.commands[0] == "canbus detect can0"
