"""Numbers of the kernel's socket interface. Values only.

Written out because several are missing from the `socket` module of some builds of Python.
Sources: <linux/can.h>, <linux/can/raw.h>, <linux/can/error.h>, <asm-generic/socket.h>.
"""

import socket

AF_CAN = 29
CAN_RAW = 1
CAN_BCM = 2
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

SO_PRIORITY = 12
SO_RCVBUFFORCE = 33
SO_SNDBUFFORCE = 32
SO_MARK = 36
SO_TIMESTAMPING_OLD = 37
SO_TIMESTAMPING_NEW = 65
SO_RXQ_OVFL = 40
TIMESTAMPNS_TYPES = (SO_TIMESTAMPNS_OLD, SO_TIMESTAMPNS_NEW)
TIMESTAMPING_TYPES = (SO_TIMESTAMPING_OLD, SO_TIMESTAMPING_NEW)
SOF_TIMESTAMPING_RX_HARDWARE = 1 << 2  # <linux/net_tstamp.h>
SOF_TIMESTAMPING_RX_SOFTWARE = 1 << 3
SOF_TIMESTAMPING_SOFTWARE = 1 << 4
SOF_TIMESTAMPING_RAW_HARDWARE = 1 << 6

CAN_RAW_JOIN_FILTERS = 6
CAN_RAW_XL_FRAMES = 7
CAN_RAW_XL_VCID_OPTS = 8
CAN_ERR_BUSOFF = 0x40
CAN_ERR_RESTARTED = 0x100
SK_MEMINFO_WMEM_ALLOC = 2
