"""Seedwatch: watches the news in every language for what a few seed articles started.

The package holds the work itself; `tasks` puts it on a schedule and a queue. Read
`worker.pipeline` first: it is the only module that knows the order of the steps.
"""

import os

__version__ = "0.1.0"

# numpy reads it when it is loaded, in this process and those that it starts. Its products are small
# and its processes as many as cores: threads of BLAS would only wait for each other, which took as
# much CPU as all the rest (docs/performance.md). An operator's own word counts.
if "OMP_NUM_THREADS" not in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
