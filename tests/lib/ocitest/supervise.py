# SPDX-License-Identifier: LGPL-2.1-or-later
"""supervise.py SECONDS PROGRAM [ARG...] - run one test program in surroundings of its own.

It gets a private mount namespace, a temporary directory and a name for its cgroups.  When it has ended, or
its time is over, what it left is reported as one more failed test, "leaves nothing behind", and removed.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from ocitest import cgroups, host, leaks, views  # noqa: E402

def state_entries():
    where = leaks.STATE_DIRECTORY
    return {os.path.join(where, name) for name in (os.listdir(where) if os.path.isdir(where) else ())
            if not name.startswith(".")}


def stop(process, seconds):
    print(f"Bail out! no end after {seconds} s", flush=True)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run(seconds, argv):
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        stop(process, seconds)
    return process.returncode


def main():
    seconds, argv = int(sys.argv[1]), sys.argv[2:]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):   # the first also if tests/run is killed
        signal.signal(number, lambda *_: sys.exit(1))
    host.prctl(host.PR_SET_PDEATHSIG, signal.SIGTERM)
    root = os.geteuid() == 0
    os.environ["OCIRT_TEST_TOKEN"] = host.test_token()
    directory = tempfile.mkdtemp(prefix="ocirt-test-")
    os.chmod(directory, 0o755)
    os.environ["TMPDIR"] = tempfile.tempdir = directory
    if root:
        host.private_mounts()
        os.environ["OCIRT_TEST_PRIVATE"] = "1"
        if os.environ.get("OCIRT_TEST_VIEW") == "v2" and not views.is_pure_v2():
            views.replace_cgroup_mounts()
    leaks.adopt_orphans()
    before, states = leaks.Snapshot("host"), state_entries()
    try:
        status = run(seconds, argv)
        left = before.left()
        left += [f"state directory {path}" for path in sorted(state_entries() - states)]
        if left:
            print("not ok - leaves nothing behind")
            for sentence in left:
                print(f"# {sentence}")
    finally:
        before.kill_left()
        if root:
            cgroups.remove()
        shutil.rmtree(directory, ignore_errors=True)
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
