/* The limit: plain send() of one prepared frame to every connection, as fast as one thread can.
 *   raw_send N SIZE ROUNDS     prints "port P", then for each line of input "sends S cpu C wall W". */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double at(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    int count = atoi(argv[1]), size = atoi(argv[2]), rounds = atoi(argv[3]), one = 1;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in here = {.sin_family = AF_INET};
    here.sin_addr.s_addr = htonl(0x7f000001);
    socklen_t length = sizeof here;
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096)) return 1;
    getsockname(listener, (struct sockaddr *)&here, &length);
    printf("port %d\n", ntohs(here.sin_port));
    fflush(stdout);
    int *fds = malloc(count * sizeof *fds);
    char *frame = malloc(size), line[64];
    memset(frame, 'x', size);
    for (int i = 0; i < count; i++) {
        fds[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fds[i] < 0) return 1;
        setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    while (fgets(line, sizeof line, stdin)) {
        double cpu = at(CLOCK_PROCESS_CPUTIME_ID), wall = at(CLOCK_MONOTONIC);
        long sends = 0;
        for (int round = 0; round < rounds; round++)
            for (int i = 0; i < count; i++) {
                ssize_t sent;
                while ((sent = send(fds[i], frame, size, MSG_NOSIGNAL)) < 0 && errno == EAGAIN) usleep(100);
                if (sent != size) return 1;
                sends++;
            }
        printf("sends %ld cpu %.6f wall %.6f\n", sends, at(CLOCK_PROCESS_CPUTIME_ID) - cpu, at(CLOCK_MONOTONIC) - wall);
        fflush(stdout);
    }
    return 0;
}
