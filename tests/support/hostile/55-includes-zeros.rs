// It includes a file without end.
//
// verdict = "compile_error"

fn main() { println!("{}", include_bytes!("/dev/zero").len()); }
