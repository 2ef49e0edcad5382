/* Prints, as "name hex", CAN XL frames and the VCID options of a socket.
 * cc -o canxl_frames canxl_frames.c && ./canxl_frames > canxl_frames.txt   (little-endian)
 * Needs the headers of Linux 6.1. What came later is written out below, where it is missing.
 */
#include <linux/can.h>
#include <linux/can/raw.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#ifndef CANXL_VCID_OFFSET
#define CANXL_VCID_OFFSET 16
#endif
#ifndef CANXL_RRS
#define CANXL_RRS 0x02
#endif
#ifndef CAN_RAW_XL_VCID_TX_SET
struct can_raw_vcid_options {
	__u8 flags, tx_vcid, rx_vcid, rx_vcid_mask;
};
#define CAN_RAW_XL_VCID_TX_SET 0x01
#define CAN_RAW_XL_VCID_TX_PASS 0x02
#define CAN_RAW_XL_VCID_RX_FILTER 0x04
#endif

static void show(const char *name, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;

	printf("%s ", name);
	while (size--)
		printf("%02x", *p++);
	printf("\n");
}

static void xl(const char *name, canid_t prio, unsigned char flags, unsigned char sdt,
	       unsigned int af, unsigned short len)
{
	static struct canxl_frame frame;
	int i;

	memset(&frame, 0, sizeof(frame));
	frame.prio = prio;
	frame.flags = CANXL_XLF | flags;
	frame.sdt = sdt;
	frame.len = len;
	frame.af = af;
	for (i = 0; i < len; i++)
		frame.data[i] = i;
	show(name, &frame, CANXL_HDR_SIZE + len);
}

static void vcid(const char *name, unsigned char flags, unsigned char tx, unsigned char rx,
		 unsigned char mask)
{
	struct can_raw_vcid_options options = {
		.flags = flags, .tx_vcid = tx, .rx_vcid = rx, .rx_vcid_mask = mask,
	};

	show(name, &options, sizeof(options));
}

int main(void)
{
	xl("smallest", 0, 0, 0, 0, CANXL_MIN_DLEN);
	xl("sec", 0x123, CANXL_SEC, 0x03, 0x12345678, 7);
	xl("rrs", 0x7FF, CANXL_RRS, 0xFF, 0xFFFFFFFF, 8);
	xl("vcid", 0x123 | 0x45 << CANXL_VCID_OFFSET, CANXL_SEC, 0, 0x87654321, 64);
	xl("as_long_as_fd", 0x100, 0, 1, 2, sizeof(struct canfd_frame) - CANXL_HDR_SIZE);
	xl("largest", 0x7FF, 0, 0x05, 1, CANXL_MAX_DLEN);

	vcid("vcid_default", 0, 0, 0, 0xFF);
	vcid("vcid_one", CAN_RAW_XL_VCID_TX_SET | CAN_RAW_XL_VCID_RX_FILTER, 0x45, 0x45, 0xFF);
	vcid("vcid_all", CAN_RAW_XL_VCID_TX_PASS | CAN_RAW_XL_VCID_RX_FILTER, 0, 0, 0);
	return 0;
}
