// Its binary names as its interpreter a script, for which execve fails with EIO. That must not look like a failure
// of ours, which would cost no reward.
//
// verdict = "runtime_error"

#![crate_type = "cdylib"]
#[link_section = ".interp"]
#[used]
static INTERPRETER: [u8; 15] = *b"/usr/bin/egrep\0";
