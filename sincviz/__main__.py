"""``python -m sincviz`` is ``sincviz``."""

from sincviz.cli.main import main

if __name__ == "__main__":
    main()
