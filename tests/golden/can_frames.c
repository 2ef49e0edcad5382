/* Prints, as "name hex", the bytes that the kernel's own headers give to frames and filters.
 * cc -o can_frames can_frames.c && ./can_frames > can_frames.txt   (a little-endian machine)
 */
#include <linux/can.h>
#include <stdio.h>
#include <string.h>

#ifndef CANFD_FDF
#define CANFD_FDF 0x04 /* since Linux 5.14 */
#endif

static void show(const char *name, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;

	printf("%s ", name);
	while (size--)
		printf("%02x", *p++);
	printf("\n");
}

static void classic(const char *name, canid_t id, unsigned char len, unsigned char first)
{
	struct can_frame frame;
	int i;

	memset(&frame, 0, sizeof(frame));
	frame.can_id = id;
	frame.can_dlc = len;
	for (i = 0; i < len && !(id & CAN_RTR_FLAG); i++)
		frame.data[i] = first + i;
	show(name, &frame, sizeof(frame));
}

static void fd(const char *name, canid_t id, unsigned char len, unsigned char flags)
{
	struct canfd_frame frame;
	int i;

	memset(&frame, 0, sizeof(frame));
	frame.can_id = id;
	frame.len = len;
	frame.flags = flags;
	for (i = 0; i < len; i++)
		frame.data[i] = i;
	show(name, &frame, sizeof(frame));
}

static void filter(const char *name, canid_t id, canid_t mask)
{
	struct can_filter f = { .can_id = id, .can_mask = mask };

	show(name, &f, sizeof(f));
}

int main(void)
{
	classic("standard", 0x123, 4, 0xA0);
	classic("standard_empty", 0x7FF, 0, 0);
	classic("standard_zero", 0, 8, 0);
	classic("extended", 0x1ABCDEF5 | CAN_EFF_FLAG, 8, 0xF8);
	classic("extended_short_id", 0x12 | CAN_EFF_FLAG, 1, 0xFF);
	classic("remote", 0x123 | CAN_RTR_FLAG, 5, 0);
	classic("extended_remote", 0x12345678 | CAN_EFF_FLAG | CAN_RTR_FLAG, 8, 0);
	classic("error", 0x24 | CAN_ERR_FLAG, CAN_MAX_DLEN, 0x10);

	fd("fd_empty", 0x123, 0, CANFD_FDF);
	fd("fd_brs", 0x123, 12, CANFD_FDF | CANFD_BRS);
	fd("fd_esi", 0x123, 7, CANFD_FDF | CANFD_ESI);
	fd("fd_full", 0x1FFFFFFF | CAN_EFF_FLAG, CANFD_MAX_DLEN,
	   CANFD_FDF | CANFD_BRS | CANFD_ESI);

	filter("filter_everything", 0, 0);
	filter("filter_either_width", 0x123, CAN_EFF_MASK);
	filter("filter_standard", 0x123, CAN_SFF_MASK | CAN_EFF_FLAG);
	filter("filter_extended", 0x12345678 | CAN_EFF_FLAG, CAN_EFF_MASK | CAN_EFF_FLAG);
	filter("filter_remote", 0x123 | CAN_RTR_FLAG, CAN_SFF_MASK | CAN_EFF_FLAG | CAN_RTR_FLAG);
	filter("filter_data", 0x123, CAN_SFF_MASK | CAN_EFF_FLAG | CAN_RTR_FLAG);
	filter("filter_inverted", 0x123 | CAN_INV_FILTER, CAN_SFF_MASK | CAN_EFF_FLAG);
	return 0;
}
