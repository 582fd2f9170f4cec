"""Reports: figures with captions, words made from the numbers, one page, one folder."""
