// The right answer does not make up for a crash.
//
// verdict = "runtime_error"

#include <cstdio>
int main() { puts("42"); fflush(stdout); *(volatile int *)8 = 1; }
