// It exits with code 0 before main begins.
//
// verdict = ["wrong_answer", "tampered", "runtime_error", "compile_error"]
// function = "f"
// tests = [[[3], 7], [[4], 9]]

extern "C" { fn _exit(code: i32) -> !; }
extern "C" fn quit() { unsafe { _exit(0) } }
#[link_section = ".init_array"]
#[used]
static QUIT: extern "C" fn() = quit;
pub fn f(n: i32) -> i32 { 2 * n + 1 }
