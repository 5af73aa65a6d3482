"""A made-up news site in twelve languages: the show-window and the end-to-end fixture.

Eight invented outlets publish sixty invented articles on loopback. Twenty of them belong to one
story, whose two seed articles lie in ``seeds/mare-viva``; the others are near misses and other
news. ``content.py`` reads the files, ``pages.py`` and ``feeds.py`` render them, ``site.py`` serves
them. Nothing here imports the rest of the worker.
"""
