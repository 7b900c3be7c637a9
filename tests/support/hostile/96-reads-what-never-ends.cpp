// Its compiler is to take in files that have no end.
//
// verdict = ["compile_error", "wrong_answer", "runtime_error"]

asm(".section .rodata\n.incbin \"/dev/zero\", 0, 100000000000\n.incbin \"/dev/random\"\n.include \"/dev/stdin\"\n");

int main() {}
