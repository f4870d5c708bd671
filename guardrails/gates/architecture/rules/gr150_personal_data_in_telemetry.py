"""Logs, traces and metrics are read by many, kept for long and copied far: nobody's data belongs there."""

import ast
import re
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import last_name, shown_in
from guardrails.gates.architecture.knowledge.telemetry import SINKS, sink_of
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Call",)
_PERSONAL = re.compile(
    r"(?:(?!is_|has_|no_|use_|needs_|num_|max_|min_|len_)\w+_)?"
    r"(?:e_?mail(?:_address)?|phone(?:_number)?|mobile_number|ssn|social_security_number|password|passwd|passphrase|"
    r"date_of_birth|birth_?date|credit_card(?:_number)?|card_number|iban|passport_number|home_address|"
    r"street_address|first_name|last_name|full_name|access_token|refresh_token|auth_token|id_token|api_key|"
    r"client_secret|secret_key|private_key)\Z",
    re.IGNORECASE,
)
CALLED = SINKS

RULE = Rule(
    id="GR150",
    name="personal-data-in-telemetry",
    gate="architecture",
    summary="A value named like personal data or a secret goes into a log, a span or a metric.",
    why="What is logged leaves the service's own access rules: it is indexed, copied to vendors and kept for months, "
    "and a deletion request does not reach it.",
    remedy="Log an opaque id (`listener_id`, `request_id`) instead, or a keyed hash where events must be joined.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import logging

            log = logging.getLogger(__name__)

            def sign_in(user):
                log.info('signed in %s', user.email)
            """,
        ),
        example(
            """
            import logging

            def sign_in(name, password):
                logging.warning(f'wrong password {password} for {name}')
            """,
        ),
        example(
            """
            from opentelemetry import trace

            def rank(request):
                span = trace.get_current_span()
                span.set_attribute('user', request['email'])
            """,
        ),
        example(
            """
            from loguru import logger

            def call(phone_number):
                logger.error('cannot call {}'.format(str(phone_number)))
            """,
        ),
        example(
            """
            from prometheus_client import Counter

            SIGN_INS = Counter('sign_ins', 'Sign-ins', ['who'])

            def sign_in(email):
                SIGN_INS.labels(who=email).inc()
            """,
        ),
    ),
    good=(
        example(
            """
            import logging

            log = logging.getLogger(__name__)

            def sign_in(user):
                log.info('signed in %s', user.id)
            """,
        ),
        example(
            """
            import hashlib, logging

            def masked(text):
                return hashlib.sha256(text.encode()).hexdigest()

            def sign_in(email, has_password):
                logging.info('signed in %s %s', masked(email), has_password)
            """,
        ),
        example(
            """
            def send(mailer, email):
                mailer.info(email)
                return f'sent to {email}'
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a call that hands a personal value to telemetry."""
    if not isinstance(node, ast.Call):
        return
    sink = sink_of(node, here)
    if not sink:
        return
    for value in (*node.args, *(one.value for one in node.keywords)):
        for one in shown_in(value, here):
            name = last_name(one)
            if _PERSONAL.match(name) and not name.isupper():
                yield here.mark(node, f"{name} goes into a {sink}")
                return
