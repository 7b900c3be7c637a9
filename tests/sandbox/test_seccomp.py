"""The system call allowlist: what it refuses, for real and on every backend, and what four languages still can do."""

from __future__ import annotations

import json

import pytest

from synthetic1.sandbox import Limits, Program, SandboxUnavailable, open_sandbox
from synthetic1.sandbox.seccomp import ALLOWED, bpf, docker_profile

KINDS = {"docker": "sandbox_image", "bubblewrap": "bubblewrap"}
"""Backend → the fixture that has what it needs."""

REFUSED = """
#include <cerrno>
#include <cstdio>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
static char memory[4096];
static void report(const char *name, long result) { printf("%s %d\\n", name, result < 0 ? errno : 0); fflush(stdout); }
#define TRY(name, ...) errno = 0; report(name, syscall(__VA_ARGS__))
int main() {
  TRY("io_uring_setup", SYS_io_uring_setup, 8, memory);
  TRY("ptrace", SYS_ptrace, 0, 0, 0, 0);
  TRY("process_vm_readv", SYS_process_vm_readv, getpid(), memory, 1, memory, 1, 0);
  TRY("bpf", SYS_bpf, 0, memory, 128);
  TRY("userfaultfd", SYS_userfaultfd, 1);
  TRY("perf_event_open", SYS_perf_event_open, memory, 0, -1, -1, 0);
  TRY("keyctl", SYS_keyctl, 0, -3, 0);
  TRY("add_key", SYS_add_key, "user", "a", "b", 1, -3);
  TRY("request_key", SYS_request_key, "user", "a", "b", -3);
  TRY("mount", SYS_mount, "none", "/tmp", "tmpfs", 0, 0);
  TRY("umount2", SYS_umount2, "/tmp", 0);
  TRY("open_tree", SYS_open_tree, -100, "/", 0);
  TRY("chroot", SYS_chroot, "/");
  TRY("unshare", SYS_unshare, CLONE_NEWUSER);
  TRY("setns", SYS_setns, 0, 0);
  TRY("kcmp", SYS_kcmp, getpid(), getpid(), 0, 0, 0);
  TRY("personality", SYS_personality, 0x0040000);
  TRY("clone3", SYS_clone3, memory, 88);
  TRY("io_setup", SYS_io_setup, 1, memory);
  TRY("shmget", SYS_shmget, 0, 4096, 01600);
  TRY("mq_open", SYS_mq_open, "a", 0102, 0600, 0);
  for (int family = 0; family < 48; family++) {
    char name[32];
    snprintf(name, sizeof name, "socket %d", family);
    TRY(name, SYS_socket, family, 1, 0);
  }
  TRY("socket 4294967337", SYS_socket, 4294967337L, 1, 0);  // AF_VSOCK and a bit that the kernel ignores
  errno = 0;
  long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  report("clone in a new user namespace", child);
}
"""
ALLOWED_FAMILIES = {1, 2, 10}

ORDINARY = {
    "python": """
import asyncio, multiprocessing, os, subprocess, tempfile, threading
def square(n): return n * n
async def echo():
    process = await asyncio.create_subprocess_exec("echo", "async", stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode().strip()
if __name__ == "__main__":
    words = []
    thread = threading.Thread(target=lambda: words.append("thread"))
    thread.start(); thread.join()
    words.append(asyncio.run(echo()))
    words.append(subprocess.run(["echo", "sub"], capture_output=True, text=True).stdout.strip())
    child = os.fork()
    if child == 0: os._exit(7)
    words.append(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
    with tempfile.TemporaryFile() as file: file.write(b"file"); file.seek(0); words.append(file.read().decode())
    print(*words)
""",
    "javascript": """
const { Worker } = require('worker_threads'), { execFileSync } = require('child_process'), fs = require('fs');
const worker = new Worker("require('worker_threads').parentPort.postMessage('thread')", { eval: true });
worker.on('message', async (word) => {
  const words = [word];
  await new Promise((done) => setTimeout(done, 1));
  words.push('async', execFileSync('echo', ['sub']).toString().trim(), 7);
  fs.writeFileSync('f', 'file'); words.push(await fs.promises.readFile('f', 'utf8'));
  console.log(words.join(' '));
});
""",
    "rust": """
use std::process::Command;
fn main() {
    let word = std::thread::spawn(|| "thread").join().unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || send.send("async").unwrap());
    let sub = Command::new("echo").arg("sub").output().unwrap().stdout;
    let code = Command::new("sh").args(["-c", "exit 7"]).status().unwrap().code().unwrap();
    std::fs::write("f", "file").unwrap();
    println!("{} {} {} {} {}", word, receive.recv().unwrap(), String::from_utf8(sub).unwrap().trim(), code,
        std::fs::read_to_string("f").unwrap());
}
""",
    "cpp": """
#include <bits/stdc++.h>
#include <sys/wait.h>
#include <unistd.h>
int main() {
  std::string word;
  std::thread thread([&] { word = "thread"; });
  thread.join();
  auto later = std::async(std::launch::async, [] { return std::string("async"); });
  char sub[8] = {};
  FILE *pipe = popen("echo sub", "r");
  if (!fgets(sub, 4, pipe)) return 1;
  pclose(pipe);
  int status, child = fork();
  if (child == 0) _exit(7);
  waitpid(child, &status, 0);
  std::ofstream("f") << "file";
  std::string file;
  std::ifstream("f") >> file;
  std::cout << word << ' ' << later.get() << ' ' << sub << ' ' << WEXITSTATUS(status) << ' ' << file << '\\n';
}
""",
}


@pytest.fixture
async def sandbox(request, tmp_path):
    request.getfixturevalue(KINDS[request.param])
    async with open_sandbox(request.param, slots=1, cache=tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("sandbox", KINDS, indirect=True)
async def test_what_ordinary_programs_do_not_need_is_refused(sandbox):
    (result,) = await sandbox.run(Program("cpp", REFUSED), [""])
    assert result.status == "ok", result
    errors = {
        name: int(code) for name, _, code in (line.rpartition(" ") for line in result.stdout.decode().splitlines())
    }
    assert len(errors) > 60
    for family in ALLOWED_FAMILIES:
        assert errors.pop(f"socket {family}") == 0
    assert [name for name, code in errors.items() if code == 0] == []
    assert errors["clone3"] == 38  # ENOSYS, so that the C library takes clone


@pytest.mark.parametrize("sandbox", KINDS, indirect=True)
@pytest.mark.parametrize("language", ORDINARY)
async def test_threads_processes_and_files_work_in_every_language(sandbox, language):
    (result,) = await sandbox.run(Program(language, ORDINARY[language]), [""], Limits(cpu_s=30), fresh=True)
    assert (result.status, result.stdout) == ("ok", b"thread async sub 7 file\n"), result


def test_nothing_dangerous_is_on_the_list():
    dangerous = (
        "ptrace bpf mount unshare setns clone3 io_uring_setup kexec_load socket clone personality seccomp chroot"
    )
    assert not set(dangerous.split()) & set(ALLOWED)
    assert len(set(ALLOWED)) == len(ALLOWED)


def test_docker_profile_is_json_that_allows_by_name_only():
    profile = json.loads(json.dumps(docker_profile()))
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    plain = [rule for rule in profile["syscalls"] if not rule.get("args") and rule["action"] == "SCMP_ACT_ALLOW"]
    assert [rule["names"] for rule in plain] == [list(ALLOWED)]


def test_filter_is_whole_instructions_and_always_the_same(bubblewrap):
    program = bpf()
    assert len(program) % 8 == 0
    assert 0 < len(program) // 8 < 4096
    assert program == bpf()


def test_without_libseccomp_it_says_how_to_get_it(monkeypatch):
    def missing(*_args, **_kwargs):
        raise OSError("libseccomp.so.2: cannot open shared object file")

    monkeypatch.setattr("ctypes.CDLL", missing)
    with pytest.raises(SandboxUnavailable, match="apt-get install libseccomp2"):
        bpf()
