"""Networks to and from folders and repositories of the Hugging Face Hub."""


class HubMixin:
    """Stand-in."""
