"""autograder.py: Classroom 50 runs it for each submission, in a job of the
student's own repository, with the student's files as the current folder.

    HERE/kit.tar.gz    the kit without solutions, see ../pack.sh
    HERE/exercise      which exercise it is
    ./result.json      what we say: schema classroom50/result/v1

A status other than 0 says that the grader could not work; a bad submission is
none of its business, that stands in result.json.

Read before: ../../INSTRUCTORS.md.
"""

import os
import pathlib
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
    sys.exit(grade(build_grader()))
