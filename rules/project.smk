"""Where the workflow lies, and as what it is read: by itself, or by another workflow's `module` statement."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from snakemake.sourcecache import HostingProviderFile

HERE = workflow.modifier
MODULE = HERE.namespace  # name of the module, None by itself
HAS_DEFAULT_TARGET = workflow.default_target is not None  # one of the other workflow's
NEEDED = ["Snakefile", "config", "envs", "rules", "stylesv", "workflow", "workflow_scripts"]


def stop(message):
    """End Snakemake with our one line and exit status 2, without its traceback."""
    print(f"error: {message}", file=sys.stderr, flush=True)
    sys.exit(2)


def checkout(repository, ref):
    """Our files of a commit, beside Snakemake's own below the working directory, which all nodes of a cluster see.

    Snakemake reads rules out of a repository without a checkout, but the programs that they call have to be files.
    """
    git = ["git", "-C", str(repository)]
    commit = subprocess.run(
        [*git, "rev-parse", f"{ref}^{{commit}}"], capture_output=True, text=True, check=True
    ).stdout.strip()
    folder = Path(".snakemake", "stylesv", commit).absolute()
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        begun = tempfile.mkdtemp(dir=folder.parent)
        try:
            archive = subprocess.run([*git, "archive", commit, *NEEDED], capture_output=True, check=True).stdout
            subprocess.run(["tar", "-x", "-C", begun], input=archive, check=True)
            os.chmod(begun, 0o755)  # a folder for temporary files is its maker's alone, and others may share this cache
            os.rename(begun, folder)
        except OSError:  # another process was first
            if not folder.exists():
                raise
        finally:
            shutil.rmtree(begun, ignore_errors=True)  # of what failed, or came second
    return folder


def project():
    """The folder that holds rules/, config/ and the package."""
    rules = workflow.current_basedir
    if isinstance(rules, HostingProviderFile):
        return checkout(rules.hosted_repo.repo_clone, rules.ref)
    if not rules.is_local:
        stop(f"{rules}: is read file by file, but programs are needed, too; clone the repository, or use github(...)")
    return Path(rules.get_path_or_uri(secret_free=True)).parent


PROJECT = project()
