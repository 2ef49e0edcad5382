"""bring_up() of Intrepid devices on a machine of tables: steps, choices, refusals, commands."""

from __future__ import annotations

import signal

import pytest

from canbus.bringup import Request, bring_up, commands_for
from canbus.bringup.daemon import DaemonEndedError, DaemonIdleError
from canbus.bringup.families.intrepid.channels import network_of
from canbus.errors import (
    CanConfigError,
    CanLinkError,
    CanLinkPermissionError,
    CanTimeoutError,
)
from canbus.link_config import LinkConfig
from tests.unit.bringup.intrepid_machine import PROGRAM, IntrepidMachine, channel


@pytest.fixture
def newer(monkeypatch):
    """Of a pair that sets bit rates."""
    return IntrepidMachine(monkeypatch)


@pytest.fixture
def older(monkeypatch):
    """Of one that does not."""
    return IntrepidMachine(monkeypatch, daemon="2.1.0", module="2.1.1")


def wish(*, network=None, name=None, strict=False, foreground=None, **config):
    options = {"network": network, "foreground": foreground}
    return Request(
        target="intrepid",
        name=name,
        strict=strict,
        config=LinkConfig(up=True, **config),
        options={key: value for key, value in options.items() if value is not None},
    )


def refused(done):
    return [(one.setting, one.value) for one in done.refused]


# -- from nothing -------------------------------------------------------------------------


def test_everything_from_the_module_to_the_bit_rate(newer):
    done = bring_up(wish(bitrate=250_000), machine=newer)
    assert done.done == (
        "load the kernel module intrepid",
        "see whether Intrepid's module and daemon fit each other",
        f"start Intrepid's daemon, {PROGRAM}, and somebody who keeps it running",
    )
    assert (done.link.name, done.link.bitrate, done.link.is_up) == ("can0", 250_000, True)
    assert done.refused == ()


def test_how_the_daemon_is_run(newer):
    bring_up(wish(bitrate=250_000), machine=newer)
    care = newer.keeper.care
    assert care.program == (PROGRAM,)  # in the foreground
    assert care.environment == {"LIBICSNEO_USE_SERVD": "0"}
    assert care.stop_signal == signal.SIGINT
    assert newer.asked == [((PROGRAM, "--devices"), {"LIBICSNEO_USE_SERVD": "0"})]
    (link,) = care.links
    assert (link.alias, link.name, link.config.bitrate) == ("hscan_*", None, 250_000)
    assert newer.foreground is False


def test_both_names_of_the_daemon_are_looked_for(newer):
    newer.programs = {"libicsneo-socketcan-daemon": "/opt/daemon", "icsscand": PROGRAM}
    bring_up(wish(), machine=newer)
    assert newer.keeper.care.program == ("/opt/daemon",)


def test_a_service_manager_may_have_the_keeper(newer):
    bring_up(wish(foreground=True), machine=newer)
    assert newer.foreground is True


def test_without_a_bit_rate_the_stored_one_is_used(older):
    done = bring_up(wish(), machine=older)
    assert (done.link.is_up, done.refused) == (True, ())


# -- what is refused ----------------------------------------------------------------------


def test_an_older_pair_comes_up_and_says_that_it_sets_no_bit_rate(older):
    done = bring_up(wish(bitrate=500_000, sample_point=87.5, restart_ms=100), machine=older)
    assert done.link.is_up
    assert sorted(refused(done)) == [
        ("bitrate", 500_000), ("restart_ms", 100), ("sample_point", 87.5)
    ]  # fmt: skip
    why = {one.setting: one.why for one in done.refused}
    assert "too old to set it (module 2.1.1, daemon 2.1.0)" in why["bitrate"]
    assert "stored in the device" in why["bitrate"]
    assert "cannot restart a controller" in why["restart_ms"]
    assert "bit rates only" in why["sample_point"]


def test_fd_is_a_matter_of_the_device_where_its_rates_are(older):
    done = bring_up(wish(bitrate=500_000, data_bitrate=2_000_000, fd=True), machine=older)
    assert {name for name, _ in refused(done)} == {"bitrate", "data_bitrate", "fd"}
    assert done.link.fd


def test_a_newer_pair_sets_fd_and_both_rates(newer):
    wanted = wish(bitrate=500_000, data_bitrate=1_000_000, fd=True)
    done = bring_up(wanted, machine=newer)
    assert (done.refused, done.link.bitrate, done.link.data_bitrate) == ((), 500_000, 1_000_000)


def test_no_restart_is_what_it_does_anyhow(older):
    assert bring_up(wish(restart_ms=0), machine=older).refused == ()


def test_strict_fails_and_leaves_no_daemon(older):
    with pytest.raises(CanLinkError, match=r"cannot set bitrate on can0: .* too old") as caught:
        bring_up(wish(bitrate=500_000, strict=True), machine=older)
    assert caught.value.hint == "leave bitrate out"
    assert older.stopped == ["intrepid"]


def test_a_pair_of_unknown_versions_is_judged_by_its_link(newer):
    newer.version, newer.said = None, ""
    done = bring_up(wish(bitrate=250_000), machine=newer)
    assert (done.link.bitrate, done.refused) == (250_000, ())
    assert newer.keeper.care.links[0].config.bitrate is None


def test_unknown_versions_are_said_to_be_unknown(older):
    older.version, older.said = None, ""
    done = bring_up(wish(bitrate=250_000), machine=older)
    assert "(module unknown, daemon unknown)" in done.refused[0].why


def test_a_bit_rate_that_is_not_on_the_list(newer):
    with pytest.raises(CanLinkError, match="it has 20000, 125000"):
        bring_up(wish(bitrate=123_456), machine=newer)


# -- again --------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", ["older", "newer"])
def test_the_second_time_there_is_nothing_to_do(request, machine):
    machine = request.getfixturevalue(machine)
    first = bring_up(wish(bitrate=250_000), machine=machine)
    keeper = machine.keeper
    again = bring_up(wish(bitrate=250_000), machine=machine)
    assert again.done == ()
    assert again.refused == first.refused
    assert machine.keeper is keeper
    assert commands_for(wish(bitrate=250_000), machine) == []


def test_another_bit_rate_is_given_to_the_keeper(newer):
    bring_up(wish(bitrate=250_000), machine=newer)
    done = bring_up(wish(bitrate=125_000), machine=newer)
    assert newer.stopped == ["intrepid"]
    assert done.link.bitrate == 125_000
    assert newer.keeper.care.links[0].config.bitrate == 125_000


def test_if_that_fails_the_keeper_is_put_back(newer):
    bring_up(wish(bitrate=250_000), machine=newer)
    start = newer.start

    def start_only_what_was(care, **options):
        if care.links[0].config.bitrate != 250_000:
            raise DaemonIdleError("nothing")
        return start(care, **options)

    newer.start = start_only_what_was
    from canbus.bringup import keepers

    keepers.start = start_only_what_was  # the fixture's monkeypatch puts it back
    with pytest.raises(CanTimeoutError):
        bring_up(wish(bitrate=125_000), machine=newer)
    assert newer.keeper.care.links[0].config.bitrate == 250_000


def test_another_network_does_not_disturb_the_first(newer):
    newer.plugged.append(channel("can1", "mscan_61777", 8, is_newer=True))
    bring_up(wish(bitrate=250_000), machine=newer)
    done = bring_up(wish(network="mscan", bitrate=125_000), machine=newer)
    assert (done.link.name, done.link.bitrate) == ("can1", 125_000)
    assert newer.stopped == []


def test_an_unplugged_device_is_waited_for(newer):
    bring_up(wish(bitrate=250_000), machine=newer)
    newer.unplug()
    with pytest.raises(CanTimeoutError, match="the interface of an Intrepid device"):
        bring_up(wish(bitrate=250_000), machine=newer)
    assert newer.stopped == []


def test_a_daemon_of_somebody_else_is_used_and_left_alone(newer):
    newer.is_foreign = True
    newer.linux.links["can0"] = channel()
    done = bring_up(wish(), machine=newer)
    assert done.done == ("bring can0 up",)
    assert newer.keeper is None


def test_a_daemon_of_somebody_else_without_a_device(newer):
    newer.is_foreign = True
    with pytest.raises(CanTimeoutError) as caught:
        bring_up(wish(), machine=newer)
    assert "the daemon was not started by canbus" in caught.value.hint
    assert newer.keeper is None


# -- which channel ------------------------------------------------------------------------


@pytest.fixture
def two(newer):
    """Two devices with two networks each."""
    aliases = ("hscan_61777", "mscan_61777", "hscan_V0123", "mscan_V0123")
    newer.plugged = [
        channel(f"can{number}", alias, 7 + number, is_newer=True)
        for number, alias in enumerate(aliases)
    ]
    return newer


def test_several_devices_are_an_error_that_lists_them(two):
    with pytest.raises(CanConfigError, match="4 channels of Intrepid devices") as caught:
        bring_up(wish(), machine=two)
    assert "can1 (mscan_61777), can2 (hscan_V0123)" in str(caught.value)
    assert caught.value.hint == "say which: --network hscan_61777, or --name can0"
    assert two.stopped == ["intrepid"]


@pytest.mark.parametrize(
    ("facts", "alias", "pattern"),
    [
        ({"network": "mscan_V0123"}, "mscan_V0123", "mscan_V0123"),
        ({"network": "MSCAN_61777"}, "mscan_61777", "mscan_61777"),
        ({"name": "can2"}, "hscan_V0123", "[a-z]*_*"),
        ({"name": "can3", "network": "mscan"}, "mscan_V0123", "mscan_*"),
    ],
)
def test_one_is_chosen(two, facts, alias, pattern):
    done = bring_up(wish(**facts), machine=two)
    assert done.link.alias == alias
    assert two.keeper.care.links[0].alias == pattern


@pytest.mark.parametrize("network", ["", "hs can", "a/b", "hscan_", "a_b_c", 7, "*"])
def test_what_is_no_network(newer, network):
    with pytest.raises(CanConfigError, match="is no network of an Intrepid device"):
        bring_up(wish(network=network), machine=newer)


def test_of_links_that_are_there_the_first_network_is_meant(two):
    two.is_foreign = True
    for link in two.plugged[:2]:
        two.linux.links[link.name] = link
    assert bring_up(wish(), machine=two).link.alias == "hscan_61777"


def test_links_of_other_drivers_are_not_meant(newer):
    newer.is_foreign = True
    newer.linux.links["can5"] = channel("can5", "made by canbus up: removed by canbus down", 20)
    newer.linux.links["can6"] = channel("can6", None, 21)
    with pytest.raises(CanTimeoutError):
        bring_up(wish(), machine=newer)


# -- what goes wrong ----------------------------------------------------------------------


def test_no_module(newer):
    newer.drivers = {}
    with pytest.raises(CanLinkError, match="cannot load the kernel module intrepid") as caught:
        bring_up(wish(), machine=newer)
    assert "intrepidcs/intrepid-socketcan-kernel-module" in caught.value.hint
    assert "after every update of the kernel" in caught.value.hint


def test_no_daemon_is_found_out_before_anything_is_done(newer):
    newer.programs = {}
    with pytest.raises(CanLinkError, match="libicsneo-socketcan-daemon or icsscand") as caught:
        bring_up(wish(), machine=newer)
    assert "intrepidcs/icsscand" in caught.value.hint
    assert newer.modules == set()


def test_versions_that_do_not_fit(monkeypatch):
    machine = IntrepidMachine(monkeypatch, daemon="3.1.1", module="3.0.2")
    with pytest.raises(CanLinkError, match=r"needs a daemon 3\.0\.x") as caught:
        bring_up(wish(), machine=machine)
    assert "rmmod intrepid" in caught.value.hint
    assert machine.keeper is None


def test_version_1_of_the_daemon(newer):
    newer.said = "\nUsage: icsscand\n\n         -D         (run as a daemon)\n"
    with pytest.raises(CanLinkError, match="is version 1 of Intrepid's daemon"):
        bring_up(wish(), machine=newer)


def test_a_daemon_that_ends_is_explained(newer):
    newer.fault = DaemonEndedError("icsscand ended with status 1")
    newer.fault.status = 1
    newer.fault.output = "This usually happens if the daemon is not being run as root (use sudo)"
    with pytest.raises(CanLinkPermissionError, match="only root may open"):
        bring_up(wish(), machine=newer)


@pytest.mark.parametrize(
    ("usb", "said", "text", "hint"),
    [
        ((), "Waiting for connections...", "did not appear within 10 s", "is it plugged in?"),
        (("093c:1101",), "Waiting for connections...", "within 10 s", "a device is plugged in"),
        (
            ("093c:1101",),
            "X failed to connect. Will keep trying...\nreason",
            "the daemon says: X failed to connect. reason",
            f"env LIBICSNEO_USE_SERVD=0 {PROGRAM}",
        ),
        (
            (),
            "Created network interface mscan_1\n",
            "the device has mscan_1",
            "say which: --network mscan_1",
        ),
        ((), "Created network interface hscan_1\n", "within 10 s", "is it plugged in?"),
    ],
)
def test_no_link_comes(newer, usb, said, text, hint):
    newer.usb = frozenset(usb)
    newer.fault = DaemonIdleError("icsscand runs, but there is no interface")
    newer.fault.output = said
    with pytest.raises(CanTimeoutError) as caught:
        bring_up(wish(), machine=newer)
    assert text in str(caught.value)
    assert hint in caught.value.hint


# -- commands -----------------------------------------------------------------------------


def test_the_commands_say_all_of_it_and_do_nothing(newer):
    lines = commands_for(wish(bitrate=250_000, restart_ms=100), newer)
    stored = '|| echo "its bit rate stays as it is stored in the device" >&2'
    assert [line for line in lines if not line.startswith(("#", "i=0"))] == [
        "modprobe intrepid",
        "cat /sys/module/intrepid/version",
        f"{PROGRAM} --devices | grep '^Daemon'",
        f"nohup env LIBICSNEO_USE_SERVD=0 {PROGRAM} >/dev/null 2>&1 &",
        f'ip link set dev "$LINK" type can bitrate 250000 {stored}',
        'ip link set dev "$LINK" up',
        'ip -details -statistics link show dev "$LINK"',
    ]
    assert (newer.modules, newer.keeper) == (set(), None)


def test_the_commands_wait_for_the_alias(newer):
    (line,) = [line for line in commands_for(wish(network="mscan"), newer) if line.startswith("i=")]
    assert "grep -qsx 'mscan_[[:alnum:]]*'" in line


def test_the_commands_that_put_another_keeper_in_place(newer):
    bring_up(wish(bitrate=250_000), machine=newer)
    lines = commands_for(wish(bitrate=125_000), newer)
    assert lines[1] == "canbus down intrepid"
    assert "ip link set dev can0 type can bitrate 125000" in lines


@pytest.mark.parametrize("alias", ["test_bench", "lin_61777", "can_1", "hscan_", "hscan"])
def test_an_alias_of_somebody_else_is_no_network(alias):
    assert network_of(channel(alias=alias)) is None


@pytest.mark.parametrize("network", ["hscan", "hscan7", "mscan", "swcan2", "lsftcan", "dwcan01"])
def test_the_networks_of_the_daemon(network):
    assert network_of(channel(alias=f"{network}_V0123")) == network
