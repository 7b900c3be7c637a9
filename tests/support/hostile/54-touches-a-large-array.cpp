// A gibibyte of zeros costs nothing until it is touched.
//
// verdict = ["memory_limit", "runtime_error"]

#include <cstring>
char big[1 << 30];
int main() { memset(big, 1, sizeof big); return big[5] - 1; }
