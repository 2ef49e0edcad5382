"""canopen, can-isotp, udsoncan and cantools on two buses that hear each other.

A subclass opens the buses; nothing here knows what they are made of.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import Any

import canopen
import cantools
import isotp
import pytest
import udsoncan
from canopen.objectdictionary import datatypes
from udsoncan.client import Client
from udsoncan.connections import PythonIsoTpConnection

from tests.downstream.block_server import BlockServer

PATIENCE = 20.0
NODE = 5
DBC = """
VERSION ""
BU_: ECU Tester
BO_ 256 Speed: 8 ECU
 SG_ Kmh : 0|16@1+ (0.01,0) [0|655.35] "km/h" Tester
BO_ 257 Command: 8 Tester
 SG_ Wanted : 0|16@1+ (0.01,0) [0|655.35] "km/h" ECU
BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;
BA_DEF_DEF_ "GenMsgCycleTime" 0;
BA_ "GenMsgCycleTime" BO_ 257 10;
"""


def dictionary() -> Any:
    """Of a node: a text, a number that PDOs carry, and the objects that PDOs are set up by."""
    found = canopen.ObjectDictionary()
    found.node_id = NODE

    def variable(index: int, subindex: int, kind: int, default: Any, where: Any = None) -> None:
        made = canopen.objectdictionary.ODVariable(f"{index:X}.{subindex}", index, subindex)
        made.data_type, made.default, made.access_type = kind, default, "rw"
        made.pdo_mappable = True
        if where is None:
            found.add_object(made)
        else:
            where.add_member(made)

    variable(0x2000, 0, datatypes.VISIBLE_STRING, "")
    variable(0x2001, 0, datatypes.UNSIGNED16, 7)
    variable(0x1017, 0, datatypes.UNSIGNED16, 0)
    for index in (0x1800, 0x1400):
        record = canopen.objectdictionary.ODRecord(f"{index:X}", index)
        variable(index, 0, datatypes.UNSIGNED8, 2, record)
        variable(
            index, 1, datatypes.UNSIGNED32, (0x180 if index == 0x1800 else 0x200) + NODE, record
        )
        variable(index, 2, datatypes.UNSIGNED8, 1, record)
        found.add_object(record)
        mapping = canopen.objectdictionary.ODArray(f"{index + 0x200:X}", index + 0x200)
        variable(index + 0x200, 0, datatypes.UNSIGNED8, 1, mapping)
        variable(index + 0x200, 1, datatypes.UNSIGNED32, 0x20010010, mapping)
        found.add_object(mapping)
    return found


class DownstreamSuite:
    """What the libraries do; `can` is the module that they import."""

    can: Any
    fd: bool = True

    @pytest.fixture
    def pair(self) -> Any:
        """Two open buses. Override."""
        raise NotImplementedError

    # -- canopen ----------------------------------------------------------------------

    @pytest.fixture
    def nodes(self, pair: Any) -> Any:
        """A node, and how a master sees it."""
        networks = [canopen.Network(bus) for bus in pair]
        for network in networks:
            network.connect()
        remote = networks[0].add_node(NODE, dictionary())
        local = networks[1].create_node(NODE, dictionary())
        yield networks[0], remote, local
        for network in networks:
            network.disconnect()

    def test_canopen_sdo(self, nodes: Any) -> None:
        _, remote, local = nodes
        remote.sdo.RESPONSE_TIMEOUT = PATIENCE
        remote.sdo[0x2001].raw = 1234  # expedited
        assert local.sdo[0x2001].raw == remote.sdo[0x2001].raw == 1234
        text = "segmented " * 40
        remote.sdo[0x2000].raw = text
        assert local.sdo[0x2000].raw == remote.sdo[0x2000].raw == text

    def test_canopen_sdo_block_transfer(self, pair: Any) -> None:
        bus, peer = pair
        can = self.can

        def make(arbitration_id: int, data: bytes) -> Any:
            return can.Message(arbitration_id=arbitration_id, data=data, is_extended_id=False)

        server = BlockServer(peer, NODE, make, can.CanError)
        server.start()
        with canopen.Network(bus) as network:
            network.connect()
            node = network.add_node(NODE, dictionary())
            node.sdo.RESPONSE_TIMEOUT = PATIENCE
            data = bytes(number * 7 & 0xFF for number in range(2_000))
            with node.sdo.open(0x2000, 0, "wb", size=len(data), block_transfer=True) as target:
                target.write(data)
            assert server.data == data
            with node.sdo.open(0x2000, 0, "rb", block_transfer=True) as source:
                assert source.read() == data
        peer.shutdown()
        server.join(PATIENCE)
        assert not server.is_alive()

    def test_canopen_heartbeat_and_state(self, nodes: Any) -> None:
        _, remote, local = nodes
        local.nmt.state = "PRE-OPERATIONAL"
        local.nmt.start_heartbeat(20)
        for _ in range(3):
            remote.nmt.wait_for_heartbeat(PATIENCE)
        remote.nmt.state = "OPERATIONAL"
        deadline = time.monotonic() + PATIENCE
        while remote.nmt.wait_for_heartbeat(PATIENCE) != "OPERATIONAL":
            assert time.monotonic() < deadline
        assert local.nmt.state == "OPERATIONAL"
        local.nmt.stop_heartbeat()

    def test_canopen_pdo_and_sync(self, nodes: Any) -> None:
        network, remote, local = nodes
        remote.sdo.RESPONSE_TIMEOUT = PATIENCE
        remote.tpdo.read(from_od=True)
        local.tpdo.read(from_od=True)
        syncs: queue.SimpleQueue[float] = queue.SimpleQueue()
        local.network.subscribe(0x80, lambda _id, _data, stamp: syncs.put(stamp))
        got: queue.SimpleQueue[int] = queue.SimpleQueue()
        remote.tpdo[1].add_callback(lambda pdo: got.put(pdo[0].raw))
        network.subscribe(0x180 + NODE, remote.tpdo[1].on_message)
        network.sync.start(0.01)
        stamps = [syncs.get(timeout=PATIENCE) for _ in range(5)]
        network.sync.stop()
        assert stamps == sorted(stamps)
        local.tpdo[1][0].raw = 4711
        local.tpdo[1].transmit()
        assert got.get(timeout=PATIENCE) == 4711
        local.tpdo[1].start(0.01)
        local.tpdo[1][0].raw = 4712
        local.tpdo[1].update()  # modify_data
        while got.get(timeout=PATIENCE) != 4712:
            pass
        local.tpdo[1].stop()

    # -- can-isotp and udsoncan -------------------------------------------------------

    def stacks(self, pair: Any, *, fd: bool) -> list[Any]:
        """Two ends of a transport connection."""
        addresses = [isotp.Address(rxid=rx, txid=tx) for rx, tx in ((0x7E8, 0x7E0), (0x7E0, 0x7E8))]
        params = {"stmin": 0, "blocksize": 8, "tx_data_length": 64 if fd else 8, "can_fd": fd}
        params |= {"rx_flowcontrol_timeout": 10_000, "rx_consecutive_frame_timeout": 10_000}
        return [
            isotp.CanStack(bus, address=address, params=params)
            for bus, address in zip(pair, addresses, strict=True)
        ]

    @pytest.mark.parametrize("fd", [False, True])
    def test_isotp_4_kb_both_ways(self, pair: Any, fd: bool) -> None:
        if fd and not self.fd:
            pytest.skip("this adapter has no CAN FD")
        ends = self.stacks(pair, fd=fd)
        for end in ends:
            end.start()
        try:
            data = bytes(number * 3 & 0xFF for number in range(4095))
            ends[0].send(data)
            ends[1].send(data[::-1])
            assert ends[1].recv(block=True, timeout=60) == data
            assert ends[0].recv(block=True, timeout=60) == data[::-1]
        finally:
            for end in ends:
                end.stop()

    def test_isotp_behind_a_notifier(self, pair: Any) -> None:
        notifiers = [self.can.Notifier(bus, []) for bus in pair]
        ends: Any = [
            isotp.NotifierBasedCanStack(bus, notifier, address=stack.address, params={"stmin": 0})
            for bus, notifier, stack in zip(
                pair, notifiers, self.stacks(pair, fd=False), strict=True
            )
        ]
        for end in ends:
            end.start()
        try:
            ends[0].send(bytes(300))
            assert ends[1].recv(block=True, timeout=60) == bytes(300)
        finally:
            for end in ends:
                end.stop()
            for notifier in notifiers:
                notifier.stop()

    def test_udsoncan_reads_and_writes(self, pair: Any) -> None:
        tester, ecu = self.stacks(pair, fd=False)
        stored = {0xF190: b"WVWZZZ1JZXW000001", 0x1234: bytes(600)}
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                request = ecu.recv(block=True, timeout=0.05)
                if request is None:
                    continue
                number = int.from_bytes(request[1:3], "big")
                if request[0] == 0x2E:
                    stored[number] = bytes(request[3:])
                    ecu.send(b"\x6e" + request[1:3])
                elif request[0] == 0x22:
                    ecu.send(b"\x62" + request[1:3] + stored[number])
                elif request[0] == 0x10:
                    ecu.send(b"\x50" + request[1:2] + bytes([0, 0x32, 1, 0xF4]))

        thread = threading.Thread(target=serve)
        ecu.start()
        thread.start()
        config: Any = dict(udsoncan.configs.default_client_config)
        config |= {"request_timeout": PATIENCE, "p2_timeout": PATIENCE, "p2_star_timeout": PATIENCE}
        config["use_server_timing"] = False
        config["data_identifiers"] = {
            0xF190: udsoncan.AsciiCodec(17),
            0x1234: "600s",
        }
        try:
            with Client(PythonIsoTpConnection(tester), config=config) as client:
                client.change_session(3)
                read = client.read_data_by_identifier(0xF190)
                assert read.service_data.values[0xF190] == "WVWZZZ1JZXW000001"
                client.write_data_by_identifier(0x1234, (bytes(range(200)) * 3,))
                assert stored[0x1234] == bytes(range(200)) * 3
        finally:
            stop.set()
            thread.join(PATIENCE)
            ecu.stop()

    # -- cantools ---------------------------------------------------------------------

    def test_cantools_tester(self, pair: Any) -> None:
        bus, peer = pair
        database = cantools.database.load_string(DBC, "dbc")
        tester: Any = cantools.tester.Tester("ECU", database, bus)
        tester.start()
        try:
            peer.send(self.frame(256, (8_000).to_bytes(2, "little") + bytes(6)))
            speed: Any = tester.expect("Speed", timeout=PATIENCE)
            assert speed["Kmh"] == pytest.approx(80)
            tester.messages["Command"]["Wanted"] = 50
            tester.send("Command")
            while (msg := peer.recv(PATIENCE)).arbitration_id != 257:
                pass
            decode: Any = database.decode_message
            while decode(257, msg.data)["Wanted"] != pytest.approx(50):
                msg = peer.recv(PATIENCE)  # the periodic one, from before
            tester.messages["Command"]["Wanted"] = 60  # of the periodic message: modify_data
            while decode(257, msg.data)["Wanted"] != pytest.approx(60):
                msg = peer.recv(PATIENCE)
        finally:
            tester.stop()
            for notifier in self.can.Notifier.find_instances(bus):  # which it leaves running
                notifier.stop()

    def frame(self, arbitration_id: int, data: bytes) -> Any:
        """A standard frame of the library's."""
        return self.can.Message(arbitration_id=arbitration_id, data=data, is_extended_id=False)
