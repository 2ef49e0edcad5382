"""The bits and masks of a frame: what `Message` keeps in one integer. Numbers only.

The top three bits stand where <linux/can.h> puts them in can_id; the low byte is that of
struct canfd_frame.flags (and XLF that of struct canxl_frame.flags), so that encoding and
decoding copy them as they are. The bits between are ours and never leave the process.
"""

EFF = 0x80000000
RTR = 0x40000000
ERR = 0x20000000
ID_FLAGS = EFF | RTR | ERR

BRS = 0x01
ESI = 0x02
FDF = 0x04
FD_FLAGS = BRS | ESI | FDF
XLF = 0x80

NOT_RX = 0x100  # sent from this machine
OWN = 0x200  # sent by the very bus that received it

STAMP_SHIFT = 10  # three bits: the index of a TimestampSource
STAMP_MASK = 7 << STAMP_SHIFT
STAMP_KERNEL = 1 << STAMP_SHIFT
STAMP_HARDWARE = 2 << STAMP_SHIFT
STAMP_ADAPTER = 3 << STAMP_SHIFT
STAMP_HOST = 4 << STAMP_SHIFT

EFF_MASK = 0x1FFFFFFF
SFF_MASK = 0x7FF
MAX_DLC = 8
MAX_DLC_FD = 64
MAX_DLC_XL = 2048
