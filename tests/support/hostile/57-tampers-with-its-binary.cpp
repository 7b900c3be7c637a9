// It replaces its own binary by a script that prints the answer to the second test.
//
// verdict = "wrong_answer"
// tests = [["41\n", "42\n"], ["42\n", "43\n"]]

#include <cstdio>
#include <unistd.h>
#include <sys/stat.h>
int main() {
    int n;
    if (scanf("%d", &n) != 1) return 1;
    chmod("../main", 0777);
    unlink("../main");
    rename("../main", "../other");
    if (FILE *f = fopen("../main", "w")) { fputs("#!/bin/sh\necho 43\n", f); fclose(f); }
    if (FILE *f = fopen("/proc/self/exe", "w")) { fputs("#!/bin/sh\necho 43\n", f); fclose(f); }
    printf("%d\n", 42);
}
