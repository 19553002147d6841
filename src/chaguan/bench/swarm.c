/* Many clients on one thread. Connects N sockets, optionally upgrades each to a WebSocket and says hello, then
 * reads and counts until its input ends.
 *   swarm PORT N raw|ws SILENT WINDOW
 * SILENT sockets (the first ones) never read after their hello. Prints "ready SECONDS" once all are in. A line
 * "beat" makes every client send a heartbeat; every line is answered with "bytes TOTAL reads READS". */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTING, UPGRADING, GREETING, READY };
static int *stage, *index_of;
static char buffer[1 << 18];
static int epfd, is_ws, silent;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) { perror(what); exit(1); }

static int open_one(int port, int i) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    if (fd < 0) die("socket");
    setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    struct linger hard = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons(port)};
    from.sin_addr.s_addr = htonl(0x7f000002 + i % 8);
    to.sin_addr.s_addr = htonl(0x7f000001);
    if (bind(fd, (struct sockaddr *)&from, sizeof from)) die("bind");
    if (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) die("connect");
    struct epoll_event ev = {.events = EPOLLOUT, .data.fd = fd};
    epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev);
    stage[fd] = CONNECTING;
    index_of[fd] = i;
    return fd;
}

static void say_upgrade(int fd) {
    static const char request[] =
        "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "User-Agent: swarm\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    if (write(fd, request, sizeof request - 1) != sizeof request - 1) die("upgrade");
}

static void say_hello(int fd) {
    char body[200];
    unsigned char out[256];
    int n = snprintf(body, sizeof body,
        "{\"type\":\"hello\",\"id\":1,\"protocol\":1,\"token\":\"u_%026d\",\"device_id\":\"d_%026d\"}", index_of[fd], index_of[fd]);
    int head = n < 126 ? 2 : 4;
    out[0] = 0x81;
    if (n < 126) out[1] = 0x80 | n;
    else { out[1] = 0x80 | 126; out[2] = n >> 8; out[3] = n & 255; }
    memcpy(out + head, "\1\2\3\4", 4);
    for (int i = 0; i < n; i++) out[head + 4 + i] = body[i] ^ (i % 4 + 1);
    if (write(fd, out, head + 4 + n) != head + 4 + n) die("hello");
}

static void say_heartbeats(int top) {
    static const unsigned char beat[] = "\x81\x9b\0\0\0\0{\"type\":\"heartbeat\",\"id\":2}";
    for (int fd = 3; fd <= top; fd++)
        if (stage[fd] == READY && write(fd, beat, sizeof beat - 1) != sizeof beat - 1) die("heartbeat");
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    int port = atoi(argv[1]), count = atoi(argv[2]), window = atoi(argv[5]), started = 0, ready = 0, told = 0;
    is_ws = !strcmp(argv[3], "ws");
    silent = atoi(argv[4]);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    stage = calloc(count + 64, sizeof *stage);
    index_of = calloc(count + 64, sizeof *index_of);
    epfd = epoll_create1(0);
    struct epoll_event in = {.events = EPOLLIN, .data.fd = 0}, got[512];
    epoll_ctl(epfd, EPOLL_CTL_ADD, 0, &in);
    long long bytes = 0, reads = 0;
    double begun = now();
    for (;;) {
        while (started < count && started - ready < window) open_one(port, started++);
        if (ready == count && !told) {
            told = 1;
            printf("ready %.6f\n", now() - begun);
            fflush(stdout);
        }
        int n = epoll_wait(epfd, got, 512, -1);
        for (int i = 0; i < n; i++) {
            int fd = got[i].data.fd;
            if (fd == 0) {
                if (read(0, buffer, sizeof buffer) <= 0) return 0;
                if (!strncmp(buffer, "beat", 4)) say_heartbeats(count + 32);
                printf("bytes %lld reads %lld\n", bytes, reads);
                fflush(stdout);
            } else if (stage[fd] == CONNECTING) {
                int error = 0;
                socklen_t size = sizeof error;
                getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
                if (error) { errno = error; die("connect"); }
                struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};
                epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &ev);
                if (is_ws) { say_upgrade(fd); stage[fd] = UPGRADING; }
                else { stage[fd] = READY; ready++; }
            } else {
                ssize_t size = read(fd, buffer, sizeof buffer);
                if (size <= 0) { fprintf(stderr, "lost at stage %d\n", stage[fd]); return 1; }
                bytes += size;
                reads++;
                if (stage[fd] == UPGRADING) {
                    if (memcmp(buffer, "HTTP/1.1 101", 12)) { fprintf(stderr, "%.*s\n", (int)size, buffer); return 1; }
                    say_hello(fd);
                    stage[fd] = GREETING;
                } else if (stage[fd] == GREETING) {
                    stage[fd] = READY;
                    ready++;
                    if (index_of[fd] < silent) epoll_ctl(epfd, EPOLL_CTL_DEL, fd, NULL);
                }
            }
        }
    }
}
