// Its first thread ends and others go on: it looks dead, and is not.
//
// verdict = "time_limit"
// time_limit_s = 0.1

#include <pthread.h>
#include <unistd.h>

void* wait(void*) {
    for (;;) pause();
}

int main() {
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        pthread_create(&thread, nullptr, wait, nullptr);
    }
    pthread_exit(nullptr);
}
