"""Hugging Face Hub: networks to and from its folders and repositories."""

import json
import os
import tempfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self, cast

from sincviz._utils.files import replacing
from sincviz._version import __version__
from sincviz.errors import CheckpointError, MissingDependencyError
from sincviz.weights.model_card import card_text
from sincviz.weights.network_file import CONFIG, WEIGHTS, is_ours, read_network, write_network

if TYPE_CHECKING:
    from huggingface_hub import CommitInfo

    from sincviz.weights.stored_network import StoredNetwork

_CARD = "README.md"


def _huggingface_hub() -> ModuleType:
    try:
        import huggingface_hub
        import huggingface_hub.utils
    except ImportError as error:
        raise MissingDependencyError(
            "`save_pretrained`, `from_pretrained` and `push_to_hub` need huggingface_hub. "
            "Install it: pip install 'sincviz[hub]'"
        ) from error
    return huggingface_hub


def _write_network_files(model: "StoredNetwork", folder: Path) -> None:
    """Write weights and configuration; if either fails, both stay unchanged."""
    config = json.dumps(model.get_config(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / CONFIG) as config_file, replacing(folder / WEIGHTS[0]) as weights_file:
        config_file.write_text(config, encoding="utf-8", newline="\n")
        write_network(model, weights_file)


def _write_model_card(model: "StoredNetwork", path: Path, *, source: str) -> None:
    hub = _huggingface_hub()
    metadata = hub.ModelCardData(library_name="sincviz", tags=["eeg", "bci", "sincnet", "interpretability"])
    card = hub.ModelCard(f"---\n{metadata.to_yaml()}\n---\n\n{card_text(model, source)}")
    with replacing(path) as temporary:
        temporary.write_text(str(card), encoding="utf-8", newline="\n")


def _network_folder(hub: ModuleType, source: str | os.PathLike[str], **download: Any) -> Path:
    folder = Path(source)
    if folder.is_dir():
        return folder
    if folder.exists():
        raise CheckpointError(
            f"{str(folder)!r} is a file. Pass its folder, or use `sincviz.load_checkpoint`."
        )
    if not isinstance(source, str):
        raise CheckpointError(
            f"There is no folder {str(folder)!r}. Pass a folder that `save_pretrained` wrote."
        )
    return _downloaded(hub, source, **download)


def downloaded_network(repo_id: str) -> Path:
    """Download the network of a repository, and return its folder in Hugging Face's cache.

    Raises
    ------
    MissingDependencyError
        If huggingface_hub is not installed.
    CheckpointError
        If there is no such repository, or no network in it.
    """
    return _downloaded(_huggingface_hub(), repo_id, revision=None)


def _downloaded(hub: ModuleType, repo_id: str, **download: Any) -> Path:
    downloads = (_download(hub, repo_id, name, **download) for name in WEIGHTS)
    weights = next((path for path in downloads if path is not None), None)
    if weights is None:
        raise CheckpointError(
            f"The repository {repo_id!r} has no {' and no '.join(WEIGHTS)}. Pass one with the weights of a network, "
            "as written by sincviz's `push_to_hub`."
        )
    if not is_ours(weights):
        _download(hub, repo_id, CONFIG, **download)
    return weights.parent


def _download(
    hub: ModuleType, repo_id: str, name: str, *, revision: str | None, **download: Any
) -> Path | None:
    """Download a file of a repository and return its path; ``None`` if the repository has no such file."""
    # The order matters: the error for a gated repository is also one for a missing repository, that for a missing
    # local entry also one for a missing file.
    verbosity = hub.utils.logging.get_verbosity()
    hub.utils.logging.set_verbosity_error()  # each new try without a connection would be a line
    try:
        path: str = hub.hf_hub_download(
            repo_id, name, revision=revision, library_name="sincviz", library_version=__version__, **download
        )
    except hub.utils.HFValidationError as error:
        raise CheckpointError(
            f"{repo_id!r} is neither an existing folder nor a valid repository id. "
            "Pass a folder that `save_pretrained` wrote, or an id such as 'user/model'."
        ) from error
    except hub.utils.GatedRepoError as error:
        raise CheckpointError(
            f"The repository {repo_id!r} is gated. Ask for access on its page, then log in or pass `token`."
        ) from error
    except hub.utils.RepositoryNotFoundError as error:
        raise CheckpointError(
            f"There is no folder {repo_id!r}, and no repository {repo_id!r} on the Hub that you may read. "
            "Check the name; if the repository is private, log in or pass `token`."
        ) from error
    except hub.utils.RevisionNotFoundError as error:
        raise CheckpointError(
            f"The repository {repo_id!r} has no revision {revision!r}. Pass one of its branches or tags."
        ) from error
    except hub.utils.LocalEntryNotFoundError as error:
        raise CheckpointError(
            f"There is no folder {repo_id!r}, and {name} of the repository {repo_id!r} is neither in the "
            "cache nor could it be downloaded. Check the name and the connection to the Hub."
        ) from error
    except hub.utils.EntryNotFoundError:
        return None
    finally:
        hub.utils.logging.set_verbosity(verbosity)
    return Path(path)


class HubMixin:
    """Mixin to save a network to a folder or the Hugging Face Hub, and to load it from there."""

    def save_pretrained(self, folder: str | os.PathLike[str]) -> None:
        """Save the network to a folder for :meth:`from_pretrained` and the Hugging Face Hub.

        ``model.safetensors`` contains the weights and, in its header, everything that a checkpoint stores
        (configuration, channels, class names, scale, provenance); ``config.json`` the configuration for
        other readers; ``README.md`` a model card, unless there is one already.

        Parameters
        ----------
        folder : path-like
            Destination; created if it does not exist. A network in it is replaced.

        Raises
        ------
        MissingDependencyError
            If huggingface_hub is not installed.
        ValueError
            If the activation or the provenance cannot be stored in strict JSON.
        FileExistsError
            If ``folder`` is a file.

        See Also
        --------
        from_pretrained : Load a saved network.
        """
        _huggingface_hub()
        model, folder = cast("StoredNetwork", self), Path(folder)
        self._save_pretrained(folder)
        if not (folder / _CARD).exists():
            _write_model_card(model, folder / _CARD, source="path/to/this/folder")

    def _save_pretrained(self, save_directory: str | os.PathLike[str]) -> None:
        # Programs that use huggingface_hub's own mixin call this to write weights and configuration without a card.
        _write_network_files(cast("StoredNetwork", self), Path(save_directory))

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | os.PathLike[str],
        *,
        n_outputs: int | None = None,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
    ) -> Self:
        """Load a network from a folder or from the Hugging Face Hub.

        Folders and repositories of braindecode's network of the same name open too, including those that
        braindecode itself cannot load.

        Parameters
        ----------
        pretrained_model_name_or_path : path-like
            A folder that :meth:`save_pretrained` wrote; if there is none of that name, the id of a repository
            such as ``"user/model"``.
        n_outputs : int | None
            Number of classes. If it differs from that of the network, the network gets a new head, whose classes have
            no names; everything else is kept.
        revision : str | None
            Branch, tag or commit of the repository; its main branch by default.
        token : str | bool | None
            Access token of the Hub; ``None`` uses that of your login, ``False`` none.
        cache_dir : path-like | None
            Where downloads are kept; Hugging Face's cache by default.
        force_download : bool
            Download again even if it is in the cache.
        local_files_only : bool
            Use only the cache.

        Returns
        -------
        SincShallowNet
            The network in evaluation mode.

        Raises
        ------
        MissingDependencyError
            If huggingface_hub is not installed.
        CheckpointError
            If there is no such folder or repository, or it has no such network with its configuration.
        ValueError
            If ``n_outputs`` is not positive.

        See Also
        --------
        push_to_hub : Upload a network.
        """
        folder = _network_folder(
            _huggingface_hub(),
            pretrained_model_name_or_path,
            revision=revision,
            token=token,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
        )
        model = read_network(cast("type[StoredNetwork]", cls), folder)
        if n_outputs is not None and n_outputs != model.n_outputs:
            model.reset_head(n_outputs)
        return cast("Self", model)

    def push_to_hub(
        self,
        repo_id: str,
        *,
        commit_message: str = "Upload SincShallowNet",
        private: bool | None = None,
        revision: str | None = None,
        token: str | bool | None = None,
        create_pr: bool = False,
    ) -> "CommitInfo":
        """Upload what :meth:`save_pretrained` writes to a repository of the Hugging Face Hub.

        An existing model card in the repository is kept.

        Parameters
        ----------
        repo_id : str
            The repository, such as ``"user/model"``; created if it does not exist.
        commit_message : str
            Message of the commit.
        private : bool | None
            Whether a new repository is private; ``None`` leaves that to the Hub.
        revision : str | None
            Branch to commit to, which must exist; the main branch by default.
        token : str | bool | None
            Access token of the Hub; ``None`` uses that of your login.
        create_pr : bool
            Open a pull request instead of committing to the branch.

        Returns
        -------
        huggingface_hub.CommitInfo
            The commit; ``commit_url`` is its address, ``pr_url`` that of the pull request.

        Raises
        ------
        MissingDependencyError
            If huggingface_hub is not installed.
        ValueError
            If the id is not valid, or the network cannot be stored in strict JSON.
        huggingface_hub.utils.HfHubHTTPError
            If the Hub rejects the upload, for example without a token with write access.

        See Also
        --------
        from_pretrained : Load a saved network.
        """
        hub, model = _huggingface_hub(), cast("StoredNetwork", self)
        api = hub.HfApi(token=token, library_name="sincviz", library_version=__version__)
        with tempfile.TemporaryDirectory(prefix="sincviz-") as name:
            folder = Path(name)
            # First, so that a network that cannot be written leaves no empty repository behind.
            _write_network_files(model, folder)
            # Older releases send `private=None` to the Hub; left out, it is the default of the release.
            visibility = {} if private is None else {"private": private}
            repo_id = api.create_repo(repo_id, exist_ok=True, **visibility).repo_id
            if not api.file_exists(repo_id, _CARD, revision=revision):
                _write_model_card(model, folder / _CARD, source=repo_id)
            commit: CommitInfo = api.upload_folder(
                repo_id=repo_id,
                folder_path=folder,
                commit_message=commit_message,
                revision=revision,
                create_pr=create_pr,
            )
        return commit
