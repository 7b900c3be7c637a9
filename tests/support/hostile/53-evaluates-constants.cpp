// A constant whose computation never ends: the compiler gives up by itself.
//
// verdict = "compile_error"

constexpr long count() {
    for (long n = 0;; n++) {}
}
constexpr long constant = count();

int main() { return constant; }
