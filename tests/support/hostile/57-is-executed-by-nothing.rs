// Its binary names an interpreter that does not exist, for which execve fails with ENOENT. That must not look like
// a failure of ours, which would cost no reward.
//
// verdict = "runtime_error"

#![crate_type = "cdylib"]
#[link_section = ".interp"]
#[used]
static INTERPRETER: [u8; 9] = *b"/nowhere\0";
