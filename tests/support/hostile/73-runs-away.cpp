// What it leaves is never the same process for long: each forks and ends.
//
// verdict = ["wrong_answer", "time_limit"]
// time_limit_s = 0.3

#include <cstdio>
#include <unistd.h>

int main() {
    puts("nothing");
    fflush(stdout);
    for (int i = 0; i < 20; i++)
        if (fork() == 0) {
            setsid();
            for (;;)
                if (fork() > 0) _exit(0);
        }
}
