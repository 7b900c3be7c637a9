// Its macros change the main function that is compiled with it.
//
// verdict = ["wrong_answer", "tampered", "runtime_error", "compile_error"]
// function = "f"
// tests = [[[3], 7], [[4], 9]]

#include <cstdio>
#define main other
#define return return 7 *
int f(int n) { return 0; }
int other() { puts("7"); }
