// A gibibyte of initialised data is larger than a compiler's output may be.
//
// verdict = ["compile_error", "memory_limit"]

char big[1 << 30] = {1};
int main() { return big[5]; }
