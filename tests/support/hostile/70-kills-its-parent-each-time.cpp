// It kills its parent, whenever it has one that lets it, and answers the last input wrong.
//
// verdict = "wrong_answer"
// tests = [["1\n", "2\n"], ["2\n", "3\n"], ["3\n", "4\n"], ["4\n", "5\n"], ["5\n", "6\n"]]

#include <csignal>
#include <cstdio>
#include <unistd.h>

int main() {
    kill(getppid(), SIGKILL);
    kill(getppid(), SIGTERM);
    kill(getppid(), SIGALRM);
    int n;
    scanf("%d", &n);
    printf("%d\n", n < 5 ? n + 1 : 0);
}
