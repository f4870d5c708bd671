"""Entry of the keeper: the process that starts one boxed program and answers for its end.

Run as `python -I -S run.py FD`, where FD holds the marshalled Spec. It is kept tiny because
a script, unlike an imported module, is compiled anew at every start.
"""

import sys

sys.path.append(__file__.rsplit("/", 4)[0])

from guardrails.payload.confine.keeper import main

if __name__ == "__main__":
    main(int(sys.argv[1]))
