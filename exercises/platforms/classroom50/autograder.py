"""autograder.py: Classroom 50 runs it for each submission, in a job of the
student's own repository, with the student's files as the current folder.

    HERE/kit.tar.gz    the student's kit, see ../pack.sh
    HERE/exercise      which exercise it is
    ./result.json      what we say: schema classroom50/result/v1

A status other than 0 says that the grader could not work; a bad submission is
none of its business, that stands in result.json.

Read before: README.md.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
SUBMISSION = pathlib.Path.cwd()


def build_grader():
    """Unpacks and builds the kit, unless that is done already."""
    kit = HERE / "kit"
    if not kit.exists():
        with tarfile.open(HERE / "kit.tar.gz") as archive:
            archive.extractall(HERE)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("KIT_BUILD", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    subprocess.run(["make", "-s", "-j2", "grader"], cwd=kit, env=environment, check=True)
    return kit


def allow_namespaces():
    """Lets ordinary users have namespaces, where Ubuntu forbids it and we may
    change that: the machine is thrown away after the job."""
    forbidden = pathlib.Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    if not forbidden.exists() or not shutil.which("sudo"):
        return
    if forbidden.read_text().strip() == "1":
        subprocess.run(
            ["sudo", "-n", "sysctl", "-q", "-w", f"kernel.{forbidden.name}=0"], check=False
        )


def grade(kit):
    """Grades the current folder; returns the grader's status."""
    command = [
        "build/bin/grade", "class", "--one", str(SUBMISSION),
        "--exercise", (HERE / "exercise").read_text().strip(),
        "--format", "classroom50",
        "--to", str(SUBMISSION / "result.json"),
        "--student", os.environ.get("USERNAME") or "student",
    ]
    environment = dict(os.environ, KIT_BUILD="build")
    return subprocess.run(command, cwd=kit, env=environment, check=False).returncode


if __name__ == "__main__":
    allow_namespaces()
    sys.exit(grade(build_grader()))
