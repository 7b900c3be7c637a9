// It writes to stdout without end.
//
// verdict = "output_limit"

#include <cstdio>
int main() { for (;;) puts("x"); }
