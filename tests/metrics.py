"""What `/metrics` says, as numbers by name."""

from prometheus_client.parser import text_string_to_metric_families


def read_metrics(text: str) -> dict[str, float]:
    """`{"homeroom_pool_connections{pool=reader,state=idle}": 5.0, …}`; the labels in the order of their names."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {f"{sample.name}{{{labels(sample.labels)}}}": sample.value for sample in samples}


def labels(of_sample: dict[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in sorted(of_sample.items()))
