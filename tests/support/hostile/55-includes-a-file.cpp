// It includes a file of the machine. The compiler may quote what it read, so what it says is cut short.
//
// verdict = "compile_error"

#include "/etc/passwd"
int main() {}
