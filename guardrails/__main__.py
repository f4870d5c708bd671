"""Let `python -m guardrails` be the command."""

import sys

from guardrails.cli.main import main

sys.exit(main())
