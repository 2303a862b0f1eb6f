/* Clocks that are ahead by as many seconds as stand in the file that CLOCK_AHEAD names: to be loaded before the C library,
   by LD_PRELOAD. The kernel's own clock goes on as it did, so only waits that are told to it as a moment last longer. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static time_t ahead(void) {
    const char *name = getenv("CLOCK_AHEAD");
    int file = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
    if (file == -1)
        return 0;
    char seconds[24] = "";
    ssize_t length = read(file, seconds, sizeof seconds - 1);
    close(file);
    return length > 0 ? atoll(seconds) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME))
        time->tv_sec += ahead();
    return result;
}
