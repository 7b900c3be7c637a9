// It exports a function `write` of its own, which may take the place of the C library's.
//
// verdict = ["wrong_answer", "tampered", "runtime_error", "compile_error"]
// function = "f"
// tests = [[[3], 7], [[4], 9]]

#[no_mangle]
pub extern "C" fn write(_fd: i32, _data: *const u8, size: usize) -> isize { size as isize }
pub fn f(n: i32) -> i32 { 0 * n }
