"""Prints the OpenAPI document: python -m reference_service.document > contracts/now_playing/openapi.yaml"""

import sys

import yaml

from reference_service.app import create_app
from reference_service.settings import Settings


def document() -> str:
    """Return the OpenAPI document of the service, as YAML."""
    return yaml.safe_dump(create_app(Settings()).openapi(), sort_keys=False, allow_unicode=True, width=110)


if __name__ == "__main__":
    sys.stdout.write(document())
