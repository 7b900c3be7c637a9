// It recurses until the stack or the memory ends.
//
// verdict = ["runtime_error", "memory_limit"]

int f(volatile int n) { volatile char pad[4096]; pad[0] = n; return f(n + 1) + pad[0]; }
int main() { return f(0); }
