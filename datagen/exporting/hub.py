"""An export on the Hugging Face hub: the repository made if it is not there, all files in one commit."""

from __future__ import annotations

from pathlib import Path

from synthetic1.jobs.program import ProgramError


def push(folder: Path, name: str, *, private: bool) -> str:
    """Upload a whole export as the dataset ``name`` (``OWNER/NAME``); its address.

    One commit: who reads the dataset sees this export or the one before it, never some of both. Shards and plots of
    the one before it that are not in this one are removed.

    Args:
        private: where the repository is made here; one that is there stays as it is.

    Raises:
        ProgramError: no token, no right to write there, or no network. The export in ``folder`` is whole.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    # Of the hub; of the network, which its HTTP library calls by a class of its own; of a name that is not one.
    failures: tuple[type[BaseException], ...] = (OSError, ValueError, *HfHubHTTPError.__bases__)
    api = HfApi()
    try:
        made = api.create_repo(name, repo_type="dataset", private=private, exist_ok=True)
        api.upload_folder(
            repo_id=made.repo_id,
            repo_type="dataset",
            folder_path=folder,
            commit_message="Export of synthetic1",
            ignore_patterns=[".*", "**/.*"],
            delete_patterns=["train-*", "data/train-*", "plots/*"],
        )
    except failures as error:
        said = " ".join(str(error).split())
        raise ProgramError(
            f"push_to_hub={name}: {said}; the export in {folder} is whole, and overwrite=true tries again"
        ) from error
    return str(made)
