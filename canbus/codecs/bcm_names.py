"""Opcodes and flags of struct bcm_msg_head, by the names of <linux/can/bcm.h>. Nothing else."""

from enum import IntEnum, IntFlag


class BcmOpcode(IntEnum):
    """What a message asks (SETUP, DELETE, READ, SEND) or tells; the kernel's names."""

    TX_SETUP = 1
    TX_DELETE = 2
    TX_READ = 3
    TX_SEND = 4
    RX_SETUP = 5
    RX_DELETE = 6
    RX_READ = 7
    TX_STATUS = 8
    TX_EXPIRED = 9
    RX_STATUS = 10
    RX_TIMEOUT = 11
    RX_CHANGED = 12


class BcmFlag(IntFlag):
    """How a task behaves; the kernel's names."""

    SETTIMER = 0x0001
    STARTTIMER = 0x0002
    TX_COUNTEVT = 0x0004
    TX_ANNOUNCE = 0x0008
    TX_CP_CAN_ID = 0x0010
    RX_FILTER_ID = 0x0020
    RX_CHECK_DLC = 0x0040
    RX_NO_AUTOTIMER = 0x0080
    RX_ANNOUNCE_RESUME = 0x0100
    TX_RESET_MULTI_IDX = 0x0200
    RX_RTR_FRAME = 0x0400
    CAN_FD_FRAME = 0x0800
