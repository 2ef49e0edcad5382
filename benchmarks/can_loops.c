/* The work of the benchmarks done in C: as near to the kernel as a program gets.
 *
 *     can_loops LINK ID
 *
 * Opens a socket that receives the frames with this identifier, with kernel time stamps, and
 * one that only sends. Reads commands from standard input, one a line, and answers each with
 * one line: nanoseconds spent, or one number for each frame (latency).
 *
 *     recvmsg N, recvmmsg N    take N frames that wait
 *     single N                 N times: send one to ourselves, time taking it
 *     latency N                N times: time both
 *     write ID N, sendmmsg ID N    send N frames
 *     filters K N              install K filters, N times
 *     pace ID N RATE           send N frames, RATE a second, in bursts of a millisecond's
 *
 * How it is driven: c_program.py. Built by the Makefile. No error is survived.
 */
#define _GNU_SOURCE
#include <linux/can.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, CONTROL = 64, BUFFER = 8 << 20, MOST_FILTERS = 512 };

struct record { long long ns; unsigned id; unsigned char len, data[8]; };

static struct mmsghdr head[BATCH];
static struct iovec vec[BATCH];
static struct can_frame frame[BATCH];
static char control[BATCH][CONTROL] __attribute__((aligned(8)));
static volatile struct record kept;

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void check(int good, const char *what)
{
    if (!good) {
        perror(what);
        exit(1);
    }
}

static int open_socket(const char *link, const struct can_filter *filters, int count)
{
    struct sockaddr_can address = {.can_family = AF_CAN, .can_ifindex = if_nametoindex(link)};
    int s = socket(AF_CAN, SOCK_RAW, CAN_RAW), one = 1, size = BUFFER;

    check(s >= 0 && address.can_ifindex, link);
    check(!setsockopt(s, SOL_CAN_RAW, CAN_RAW_FILTER, filters, count * sizeof *filters), "filter");
    check(!setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size), "buffer");
    check(!setsockopt(s, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one), "stamps");
    check(!bind(s, (struct sockaddr *)&address, sizeof address), "bind");
    return s;
}

static void prepare(int i, int receive)
{
    vec[i] = (struct iovec){&frame[i], sizeof frame[i]};
    head[i].msg_hdr = (struct msghdr){.msg_iov = &vec[i], .msg_iovlen = 1};
    if (receive) {
        head[i].msg_hdr.msg_control = control[i];
        head[i].msg_hdr.msg_controllen = CONTROL;
    }
}

static void decode(int i)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(&head[i].msg_hdr);

    if (c && c->cmsg_type == SO_TIMESTAMPNS) {
        struct timespec t;
        memcpy(&t, CMSG_DATA(c), sizeof t);
        kept.ns = t.tv_sec * 1000000000LL + t.tv_nsec;
    }
    kept.id = frame[i].can_id & CAN_EFF_MASK;
    kept.len = frame[i].len;
    memcpy((void *)kept.data, frame[i].data, 8);
}

static void take(int s, int wanted, int batch)
{
    while (wanted > 0) {
        int n = wanted < batch ? wanted : batch;

        for (int i = 0; i < n; i++)
            prepare(i, 1);
        n = batch == 1 ? recvmsg(s, &head[0].msg_hdr, MSG_DONTWAIT) > 0
                       : recvmmsg(s, head, n, MSG_DONTWAIT, NULL);
        check(n > 0, "receive: fewer frames than promised");
        for (int i = 0; i < n; i++)
            decode(i);
        wanted -= n;
    }
}

static void put(int s, unsigned id, int count, int batch)
{
    const struct can_frame model = {.can_id = id, .len = 8, .data = {0, 1, 2, 3, 4, 5, 6, 7}};

    while (count > 0) {
        int n = count < batch ? count : batch;

        for (int i = 0; i < n; i++) {
            frame[i] = model;
            prepare(i, 0);
        }
        n = batch == 1 ? write(s, &frame[0], sizeof frame[0]) > 0 : sendmmsg(s, head, n, 0);
        check(n > 0, "send");
        count -= n;
    }
}

static void pace(int s, unsigned id, int count, int rate)
{
    struct timespec next;

    clock_gettime(CLOCK_MONOTONIC, &next);
    for (int sent = 0, due = 0, tick = 1; sent < count; sent = due, tick++) {
        due = (int)((long long)rate * tick / 1000);
        if (due > count)
            due = count;
        put(s, id, due - sent, BATCH);
        next.tv_nsec += 1000000;
        if (next.tv_nsec >= 1000000000) {
            next.tv_nsec -= 1000000000;
            next.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
}

static long long one_by_one(int out, int in, unsigned id, int count, int whole)
{
    long long spent = 0, start, clock = now();

    for (int i = 0; i < count; i++)
        start = now(); /* what reading the clock costs */
    clock = (now() - clock) / count;
    for (int i = 0; i < count; i++) {
        start = now();
        put(out, id, 1, 1);
        if (!whole)
            start = now();
        take(in, 1, 1);
        spent += now() - start - clock;
        if (whole)
            printf("%lld ", now() - start);
    }
    return spent;
}

int main(int argc, char **argv)
{
    static struct can_filter many[MOST_FILTERS];
    char line[80], what[20];
    unsigned a, b, c;

    check(argc == 3, "usage: can_loops LINK ID");
    unsigned id = strtoul(argv[2], NULL, 16);
    struct can_filter mine = {id, CAN_SFF_MASK | CAN_EFF_FLAG | CAN_RTR_FLAG};
    int in = open_socket(argv[1], &mine, 1), out = open_socket(argv[1], NULL, 0);
    int spare = open_socket(argv[1], NULL, 0);

    setlinebuf(stdout);
    puts("ready");
    while (fgets(line, sizeof line, stdin)) {
        a = b = c = 0;
        check(sscanf(line, "%19s %u %u %u", what, &a, &b, &c) >= 2, line);
        long long start = now();
        if (!strcmp(what, "recvmsg"))
            take(in, a, 1);
        else if (!strcmp(what, "recvmmsg"))
            take(in, a, BATCH);
        else if (!strcmp(what, "write"))
            put(out, a, b, 1);
        else if (!strcmp(what, "sendmmsg"))
            put(out, a, b, BATCH);
        else if (!strcmp(what, "pace"))
            pace(out, a, b, c);
        else if (!strcmp(what, "single") || !strcmp(what, "latency"))
            start = now() - one_by_one(out, in, id, a, what[0] == 'l');
        else if (!strcmp(what, "filters") && a <= MOST_FILTERS)
            for (unsigned n = 0; n < b; n++) {
                for (unsigned i = 0; i < a; i++)
                    many[i] = (struct can_filter){i, CAN_SFF_MASK | CAN_EFF_FLAG | CAN_RTR_FLAG};
                check(!setsockopt(spare, SOL_CAN_RAW, CAN_RAW_FILTER, many, a * sizeof *many),
                      "filters");
            }
        else
            check(0, line);
        printf("%lld\n", now() - start);
    }
    return 0;
}
