"""The firmware of known adapters: one table of values, with sources. No behaviour here."""

from __future__ import annotations

from string import ascii_letters
from types import MappingProxyType

from canbus.testing.slcan.firmware import Empty, Firmware, Mode, Stamps, Style

_EVERY = ascii_letters
_COMMON = {
    "S0": 10_000,
    "S1": 20_000,
    "S2": 50_000,
    "S3": 100_000,
    "S4": 125_000,
    "S5": 250_000,
    "S6": 500_000,
    "S8": 1_000_000,
}
_LAWICEL_RATES = MappingProxyType({**_COMMON, "S7": 800_000})
_CANABLE_RATES = MappingProxyType({**_COMMON, "S7": 750_000})
_MORE_RATES = {"S9": 83_333, "SA": 75_000, "SB": 62_500, "SC": 33_300, "SD": 5_000}
_DATA = {"Y1": 1_000_000, "Y2": 2_000_000, "Y4": 4_000_000, "Y5": 5_000_000}
_LISTEN = MappingProxyType({"O": Mode.NORMAL, "L": Mode.LISTEN_ONLY})
_SJA1000 = MappingProxyType({"M": 8, "m": 8, "W": 1})

LAWICEL = Firmware(
    name="lawicel",
    summary="LAWICEL CANUSB",
    source="LAWICEL CANUSB manual",
    bitrates=_LAWICEL_RATES,
    version="V1013",
    serial="NA123",
    opens=_LISTEN,
    registers=(4,),
    accepts="XQU",
    filters=_SJA1000,
    stamps=(Stamps(),),
    status="open",
    clears_status=True,
    needs_bitrate=True,
)
USBTIN = Firmware(
    name="usbtin",
    summary="USBtin with firmware 1.8",
    source="USBtin, firmware/source/main.c and frontend.c",
    bitrates=_LAWICEL_RATES,
    version="V0100",
    detail="v0108",
    serial="NFFFF",
    opens=MappingProxyType({**_LISTEN, "l": Mode.LOOPBACK}),
    registers=(6,),
    filters=MappingProxyType({"M": 8, "m": 8, "W": 4}),
    stamps=(Stamps(wrap=60_001, while_open=True),),  # its counter is tested by `> 60000`
    status="any",
    queue=3,
    empty=Empty.REFUSED,
)
CANABLE1 = Firmware(
    name="canable1",
    summary="CANable 1.x with its slcan firmware, released builds",
    source="normaldotcom/canable-fw, src/slcan.c",
    bitrates=_CANABLE_RATES,
    style=Style.NONE,
    version="b158aa4 github.com/normaldotcom/cantact-fw.git",
    accepts="MmAa",
    lax=_EVERY,
    closes_twice=True,
    queue=30,
    empty=Empty.REPEATS,
    remote_data=True,
)
CANABLE2 = CANABLE1._replace(
    name="canable2",
    summary="CANable 2.0 with its slcan firmware, released builds; CAN FD",
    source="normaldotcom/canable2-fw, src/slcan.c",
    bitrates=MappingProxyType({**_CANABLE_RATES, "S9": 83_300}),
    data_bitrates=MappingProxyType(_DATA),
    queue=66,
    version="16e7497-dirty github.com/normaldotcom/canable2.git",
    accepts="MmA",
)
NAKAKIYO = Firmware(
    name="canable2-nakakiyo",
    summary="CANable 2.0 with Nakakiyo's firmware; CAN FD",
    source="Nakakiyo092/canable2-fw, doc/",
    bitrates=MappingProxyType({**_LAWICEL_RATES, "S9": 83_300}),
    data_bitrates=MappingProxyType({"Y0": 500_000, **_DATA, "Y8": 8_000_000}),
    version="VL2K5",
    detail='v: hardware="CANable2.0", software="VL2K5"',
    serial="NA123",
    opens=MappingProxyType({**_LISTEN, "=": Mode.LOOPBACK, "+": Mode.LOOPBACK}),
    registers=(4, 8),
    accepts="AQUXfz",
    filters=_SJA1000,
    stamps=(Stamps(), Stamps("Z2", digits=8, tick_ns=1_000, wrap=3_600_000_000)),
    status="open",
    queue=67,
    clears_status=True,
)
CANTACT = CANABLE1._replace(
    name="cantact",
    queue=1,
    summary="CANtact; answers nothing at all",
    source="linklayer/cantact-fw, Src/slcan.c",
    version="",
    accepts="Mm",
)
CANABLE25 = Firmware(
    name="canable2.5",
    summary="CANable 2.5 firmware, slcan 100: answers once it was told to by MF; CAN FD",
    source="CANable 2.5, Source/Slcan/control.c and its manual",
    bitrates=MappingProxyType({**_LAWICEL_RATES, "S9": 83_333}),
    data_bitrates=MappingProxyType({"Y0": 500_000, **_DATA, "Y8": 8_000_000}),
    style=Style.NONE,
    told="MF",
    untold="Mf",
    version="+Board: MksMakerbase\tMCU: STM32G431\tDevID: 1128\tFirmware: 2429224\tSlcan: 100"
    "\tClock: 160\tLimits: 512,256,128,128,32,32,16,16",
    opens=MappingProxyType(
        {
            "O": Mode.NORMAL,
            "ON": Mode.NORMAL,
            "OS": Mode.LISTEN_ONLY,
            "OI": Mode.LOOPBACK,
            "OE": Mode.LOOPBACK,
        }
    ),
    prepares=MappingProxyType({"M0": Mode.NORMAL, "M1": Mode.LISTEN_ONLY}),
    accepts="AELM",
    has_filter_list=True,
    needs_bitrate=True,
    closes_twice=True,
    close_answers=False,
    close_forgets=True,
    queue=67,
)
CANDAPTER = Firmware(
    name="candapter",
    summary="Ewert CANdapter; extended frames as `x`, answers without CR",
    source="CANdapter manual",
    bitrates=_LAWICEL_RATES,
    style=Style.ACK,
    version="V0100",
    stamps=(Stamps("A1", "A0"),),
    needs_bitrate=True,
    extended_x=True,
)
WEACT = Firmware(
    name="weact",
    summary="WeAct USB2CANFDV1; CAN FD",
    source="WeAct USB2CANFDV1, Source/App/slcan.c",
    bitrates=MappingProxyType({**_LAWICEL_RATES, **_MORE_RATES}),
    data_bitrates=MappingProxyType({**_DATA, "Y3": 3_000_000}),
    style=Style.PLAIN,
    version="WeAct Studio V1.0.0.5_2a4b6c8d",
    prepares=MappingProxyType({"M0": Mode.NORMAL, "M1": Mode.LISTEN_ONLY}),
    accepts="A",
    lax="SY",
    is_one_shot=True,
    confirms=True,
    closes_twice=True,
    empty=Empty.REFUSED,
    remote_data=True,
    wants_remote_data=True,
)
WICAN = Firmware(
    name="wican",
    summary="WiCAN; never refuses anything",
    source="wican-fw, main/slcan.c",
    bitrates=_LAWICEL_RATES,
    style=Style.NEVER_REFUSES,
    version="V2011",
    detail="V2011",
    serial="N43010123",
    opens=MappingProxyType({**_LISTEN, "Y": Mode.LOOPBACK}),
    filters=MappingProxyType({"M": 8, "m": 8}),
    stamps=(Stamps(while_open=True),),
    status="any",
    lax=_EVERY,
    closes_twice=True,
)
KERNEL = Firmware(
    name="slcan",
    summary="the Linux kernel's slcan driver at the other end; knows frames only",
    source="drivers/net/can/slcan/slcan-core.c",
    bitrates=_LAWICEL_RATES,
    style=Style.NONE,
    lax=_EVERY,
    always_open=True,
)

FIRMWARES: dict[str, Firmware] = {
    row.name: row
    for row in (
        LAWICEL,
        USBTIN,
        CANABLE1,
        CANABLE1._replace(
            name="canable1-answers",
            summary="CANable 1.x, builds that answer",
            style=Style.PLAIN,
            detail=CANABLE1.version,
        ),
        CANABLE2,
        CANABLE2._replace(
            name="canable2-answers", summary="CANable 2.0, builds that answer", style=Style.PLAIN
        ),
        NAKAKIYO,
        CANABLE25,
        CANABLE25._replace(
            name="canable2.5-answers",
            summary="CANable 2.5 firmware, slcan 105: answers as LAWICEL's until told MF",
            style=Style.PLAIN,
            bitrates=MappingProxyType({**_LAWICEL_RATES, **_MORE_RATES}),
            version="+Board: Multiboard\tMCU: STM32G431\tDevID: 1128\tFirmware: 2492419"
            "\tSlcan: 105\tClock: 160\tChannels: 1\tQuartz: No"
            "\tLimits: 512,256,128,128,32,32,16,16\tHAL: 1.2.5\tSerial: 209F336F4E4D5018",
        ),
        CANTACT,
        CANDAPTER,
        WEACT,
        WICAN,
        KERNEL,
    )
}
"""By name."""
