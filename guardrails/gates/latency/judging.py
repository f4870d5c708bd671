"""Judges the CPU time that head spends on base's stored requests by the time that base spends on them."""

from guardrails.analysis.replay.scenarios import scenarios_in
from guardrails.gates.latency import rules
from guardrails.gates.latency.measure import Measurement, measure
from guardrails.gates.latency.settings import Settings
from guardrails.model.evidence import Interval
from guardrails.model.finding import Finding, Location
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.rule import Report, finding_of


def report_on(context: Context) -> Report:
    """Return which services with a contract head slows down."""
    settings = context.policy.settings_for("latency", Settings)
    findings: list[Finding] = []
    facts: list[str] = []
    measured: dict[str, float] = {}
    for service in context.services:
        if not service.contract:
            continue
        folder = f"{service.contract}/{settings.requests}"
        scenarios, _ = scenarios_in(context.base, folder)
        if not scenarios:
            place = Location(folder, symbol=service.name)
            effect = context.effect_of(rules.NO_REQUESTS)
            findings.append(finding_of(rules.NO_REQUESTS, effect, place, f"{folder} holds no stored request"))
            continue
        measurement = measure(context, service, [one.request for one in scenarios], settings)
        findings += _findings(context, service, measurement, settings)
        facts.append(f"{service.name}: CPU time of {measurement.requests} requests a launch compared")
        measured |= _numbers(service, measurement)
    return Report(tuple(findings), facts=tuple(facts), measured=measured)


def _findings(
    context: Context, service: Service, measurement: Measurement, settings: Settings
) -> list[Finding]:
    threshold = 1 + settings.tolerated_growth
    ratio = measurement.ratio
    if ratio.high <= threshold:
        return []
    rule = rules.SLOWER if ratio.low > threshold else rules.UNCLEAR
    message = {
        "GR301": f"{service.name} spends more CPU time per request than policy tolerates",
        "GR302": f"whether {service.name} spends more CPU time per request stayed unclear",
    }[rule.id]
    interval = Interval(
        metric="CPU time per request, head over base",
        unit="ratio",
        estimate=ratio.estimate,
        low=ratio.low,
        high=ratio.high,
        confidence=ratio.confidence,
        samples=ratio.launches,
    )
    place = Location(service.paths[0] if service.paths else "", symbol=service.name)
    return [finding_of(rule, context.effect_of(rule), place, message, evidence=(interval,))]


def _numbers(service: Service, measurement: Measurement) -> dict[str, float]:
    ratio = measurement.ratio
    median = sorted(measurement.base_seconds)[len(measurement.base_seconds) // 2]
    return {
        f"{service.name} ratio": ratio.estimate,
        f"{service.name} ratio low": ratio.low,
        f"{service.name} ratio high": ratio.high,
        f"{service.name} launches": float(ratio.launches),
        f"{service.name} base CPU ms per request": median * 1000,
    }
