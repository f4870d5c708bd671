"""What policy may say about the golden gate, from `policies/golden.yaml`."""

from guardrails.model.frozen import frozen


@frozen
class Settings:
    """Where an answer holds its ranking, and how many movements the report shows.

    `items` is a JSON pointer to the list of ranked items, `id_key` and `parts_key` the members
    of an item that hold its id and its score parts. `scenarios` is the folder of scenario files
    inside a service's contract folder, `invariants` the file of its hard constraints there, and
    `facts` the file of independent facts that they judge by.
    """

    items: str = "/items"
    id_key: str = "id"
    parts_key: str = "parts"
    scenarios: str = "golden"
    invariants: str = "invariants.py"
    facts: str = "catalogue.json"
    shown_movements: int = 5
