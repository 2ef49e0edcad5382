"""Numbers of the kernel's socket interface. Values only.

Written out because several are missing from the `socket` module of some builds of Python.
Sources: <linux/can.h>, <linux/can/raw.h>, <linux/can/error.h>, <asm-generic/socket.h>.
"""

import socket

AF_CAN = 29
CAN_RAW = 1
SOL_CAN_RAW = 101

CAN_RAW_FILTER = 1
CAN_RAW_ERR_FILTER = 2
CAN_RAW_LOOPBACK = 3
CAN_RAW_RECV_OWN_MSGS = 4
CAN_RAW_FD_FRAMES = 5
CAN_ERR_MASK = 0x1FFFFFFF  # every class of error frames

SOL_SOCKET = socket.SOL_SOCKET  # differs between architectures
SO_TIMESTAMPNS_OLD = 35  # struct timespec of the architecture's long
SO_TIMESTAMPNS_NEW = 64  # 64-bit seconds everywhere (kernel 5.1)
SO_MEMINFO = 55
SK_MEMINFO_VARS = 9
SK_MEMINFO_DROPS = 8

MSG_DONTROUTE = 0x4  # on receive: sent from this machine (net/can/raw.c, raw_rcv)
MSG_CONFIRM = 0x800  # on receive: sent through this very socket
MSG_CTRUNC = 0x8
MSG_TRUNC = 0x20
MSG_DONTWAIT = 0x40
