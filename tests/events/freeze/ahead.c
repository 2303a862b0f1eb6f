/* Advances the clocks of a process by the number of seconds in the file named by CLOCK_AHEAD, and stops them if the number is
   followed by "=". Load it before the C library, with LD_PRELOAD. The clock of the kernel is not affected, so only waits until
   an absolute time last longer. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The time of each clock when it was first read after it had stopped. Thread-local, so that no thread waits for another. */
static __thread struct timespec still[CLOCK_BOOTTIME + 1];

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = syscall(SYS_clock_gettime, clock, time);
    if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME))
        return result;
    const char *name = getenv("CLOCK_AHEAD");
    int file = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
    if (file == -1)
        return 0;
    char seconds[24] = "";
    ssize_t length = read(file, seconds, sizeof seconds - 1);
    close(file);
    if (length <= 0)
        return 0;
    time->tv_sec += atoll(seconds);
    if (strchr(seconds, '=') != NULL) {
        if (still[clock].tv_sec == 0)
            still[clock] = *time;
        *time = still[clock];
    }
    return 0;
}
