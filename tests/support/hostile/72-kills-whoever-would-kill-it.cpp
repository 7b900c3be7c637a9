// What it leaves forks, and kills every process that it can, all the time.
//
// verdict = ["wrong_answer", "runtime_error", "time_limit"]
// time_limit_s = 0.3

#include <csignal>
#include <cstdio>
#include <unistd.h>

int main() {
    puts("nothing");
    fflush(stdout);
    if (fork() == 0) {
        setsid();
        for (;;) {
            kill(-1, SIGKILL);
            kill(-1, SIGSTOP);
            if (fork() > 0) _exit(0);
        }
    }
}
