// Its process waits where no ordinary signal reaches it: for a child by vfork that does nothing.
//
// verdict = "time_limit"
// time_limit_s = 0.1

#include <unistd.h>

int main() {
    if (vfork() == 0)
        for (;;) pause();
}
