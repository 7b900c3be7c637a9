// It never ends and uses CPU time all the while.
//
// verdict = "time_limit"
// time_limit_s = 0.5

int main() { for (volatile long i = 0;; i = i + 1); }
