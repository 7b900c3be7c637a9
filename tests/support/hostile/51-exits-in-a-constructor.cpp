// It exits with code 0 before main begins.
//
// verdict = ["wrong_answer", "tampered", "runtime_error", "compile_error"]
// function = "f"
// tests = [[[3], 7], [[4], 9]]

#include <unistd.h>
struct Quit { Quit() { _exit(0); } } quit;
int f(int n) { return 2 * n + 1; }
