// Its binary is an archive, which a shell would try to read as a script.
//
// verdict = "runtime_error"

#![crate_type = "rlib"]
