// It includes a file without end.
//
// verdict = "compile_error"

#include "/dev/zero"
int main() {}
