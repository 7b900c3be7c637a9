// It touches more and more memory. V8 may give up on its own heap before our limit ends it.
//
// verdict = ["memory_limit", "runtime_error"]

const x = []; for (;;) x.push(Buffer.alloc(1 << 20, 1));
