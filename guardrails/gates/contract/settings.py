"""What policy may say about the contract gate, from `policies/contract.yaml`."""

from guardrails.model.frozen import frozen
from guardrails.model.policy import Service


@frozen
class Settings:
    """How a service's promises are compared and how hard head is tried.

    `document` is the OpenAPI file inside a service's contract folder, `regenerate` the command
    that writes it. At most `max_requests` requests are sent to head for one service, at most
    `requests_per_operation` to one operation, and none after `seconds`; `random_examples` of an
    operation's requests are drawn at random from the run's seed, the rest lies at boundaries.
    With `max_requests` 0 only documents are compared.
    `shown` bounds the witnesses of one finding.
    """

    document: str = "openapi.yaml"
    regenerate: str = ""
    max_requests: int = 2000
    requests_per_operation: int = 400
    random_examples: int = 20
    seconds: float = 30.0
    shown: int = 3


def document_path(service: Service, settings: Settings) -> str:
    """Return where the service's committed document lies, empty without a contract folder."""
    return f"{service.contract}/{settings.document}" if service.contract else ""
