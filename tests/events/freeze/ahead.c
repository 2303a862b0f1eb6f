/* Clocks that are ahead by as many seconds as the file that CLOCK_AHEAD names says, and stand still from then on where "=" stands
   behind them: to be loaded before the C library, by LD_PRELOAD. The kernel's own clock goes on as it did, so only waits that
   are told to it as a moment last longer. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* When each clock was looked at first since it stands still; of each thread, so that none waits for another. */
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
