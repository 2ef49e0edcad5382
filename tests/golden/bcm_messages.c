/* Prints, as "name hex", messages to and from the kernel's broadcast manager.
 * cc -o bcm_messages bcm_messages.c && ./bcm_messages > bcm_messages.txt
 * (a little-endian machine whose long has 64 bits)
 */
#include <linux/can/bcm.h>
#include <stdio.h>
#include <string.h>

static unsigned char buffer[4096] __attribute__((aligned(8)));
static struct bcm_msg_head *const head = (struct bcm_msg_head *)buffer;

static void begin(__u32 opcode, canid_t id, __u32 flags)
{
	memset(buffer, 0, sizeof(buffer));
	head->opcode = opcode;
	head->can_id = id;
	head->flags = flags;
}

static void add_classic(unsigned char len, unsigned char first)
{
	struct can_frame *frame = &head->frames[head->nframes++];
	int i;

	frame->can_id = head->can_id;
	frame->can_dlc = len;
	for (i = 0; i < len; i++)
		frame->data[i] = first + i;
}

static void add_fd(unsigned char len, unsigned char first)
{
	struct canfd_frame *frame = (struct canfd_frame *)head->frames + head->nframes++;
	int i;

	frame->can_id = head->can_id;
	frame->len = len;
	frame->flags = CANFD_BRS;
	for (i = 0; i < len; i++)
		frame->data[i] = first + i;
}

static void show(const char *name)
{
	size_t one = head->flags & CAN_FD_FRAME ? sizeof(struct canfd_frame)
						: sizeof(struct can_frame);
	size_t size = sizeof(*head) + head->nframes * one;
	size_t i;

	printf("%s ", name);
	for (i = 0; i < size; i++)
		printf("%02x", buffer[i]);
	printf("\n");
}

int main(void)
{
	begin(TX_SETUP, 0x123, SETTIMER | STARTTIMER);
	head->ival2.tv_usec = 10000;
	add_classic(4, 0xA0);
	show("periodic");

	begin(TX_SETUP, 0x1ABCDEF5 | CAN_EFF_FLAG, SETTIMER | STARTTIMER | TX_COUNTEVT);
	head->count = 0xFFFFFFFF;
	head->ival1.tv_sec = 1;
	head->ival1.tv_usec = 999999;
	head->ival2.tv_sec = 400 * 24 * 60 * 60;
	add_classic(8, 0xF8);
	show("two_intervals");

	begin(TX_SETUP, 0x7FF, SETTIMER | STARTTIMER | TX_RESET_MULTI_IDX);
	head->ival2.tv_usec = 1;
	add_classic(8, 0);
	add_classic(0, 0);
	add_classic(1, 0xFF);
	show("sequence");

	begin(TX_SETUP, 0x123, SETTIMER | STARTTIMER | CAN_FD_FRAME);
	head->ival2.tv_sec = 2;
	add_fd(64, 0);
	show("fd");

	begin(TX_SETUP, 0x123, TX_ANNOUNCE | CAN_FD_FRAME);
	add_fd(12, 1);
	add_fd(0, 0);
	show("fd_sequence");

	begin(TX_DELETE, 0x123, 0);
	show("delete");

	begin(TX_READ, 0x123, CAN_FD_FRAME);
	show("fd_read");

	begin(TX_SEND, 0x123, 0);
	add_classic(2, 0x10);
	show("send");

	begin(RX_SETUP, 0x123, SETTIMER | RX_FILTER_ID | RX_ANNOUNCE_RESUME);
	head->ival1.tv_usec = 500000;
	show("watch");

	begin(TX_EXPIRED, 0x1FFFFFFF | CAN_EFF_FLAG, SETTIMER | STARTTIMER | TX_COUNTEVT);
	head->ival1.tv_usec = 1000;
	show("expired");

	begin(RX_CHANGED, 0x123, RX_CHECK_DLC | RX_NO_AUTOTIMER);
	add_classic(8, 0x20);
	show("changed");
	return 0;
}
